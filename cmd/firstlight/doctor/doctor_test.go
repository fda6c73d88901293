package doctor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/sys/unix"

	"firstlight/server/config"
	"firstlight/server/dhcp"
	"firstlight/server/machine"
)

var eth1 = config.Device{Name: "eth1", Up: true, Addresses: []netip.Prefix{netip.MustParsePrefix("10.80.12.1/24")}}

func TestInterfaces(t *testing.T) {
	down, bare := eth1, eth1
	down.Up, bare.Addresses = false, nil
	six := eth1
	six.Addresses = []netip.Prefix{netip.MustParsePrefix("2001:db8:12::1/64")}
	for _, tt := range []struct {
		name  string
		named config.Interface
		have  config.Device
		want  Finding
	}{
		{"one that there is not is told with those that there are", config.Interface{Name: "eth7"}, eth1, Finding{
			Fail, "interface eth7", "this host has no such interface; it has eth1", "correct interfaces in the configuration, or create eth7",
		}},
		{"one that is down is told how to bring up", config.Interface{Name: "eth1"}, down, Finding{
			Fail, "interface eth1", "is down", "ip link set eth1 up",
		}},
		{"one without address is told to get one", config.Interface{Name: "eth1"}, bare, Finding{
			Fail, "interface eth1", "has no address", "ip address add 10.80.12.1/24 dev eth1",
		}},
		{"one with another address is told what it has", config.Interface{Name: "eth1", Address: netip.MustParseAddr("10.80.12.2")}, eth1, Finding{
			Fail, "interface eth1", "does not have the address 10.80.12.2; it has 10.80.12.1/24", "correct the address in the configuration, or give it to eth1",
		}},
		{"one with IPv6 alone is fine", config.Interface{Name: "eth1"}, six, ok("interface eth1", "2001:db8:12::1")},
		{"one with its address is fine", config.Interface{Name: "eth1"}, eth1, ok("interface eth1", "10.80.12.1")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := oneInterface(tt.named, []config.Device{tt.have}); got != tt.want {
				t.Errorf("oneInterface() = %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestSubnets(t *testing.T) {
	lab := machine.Subnet{Name: "lab", Prefix: netip.MustParsePrefix("10.80.12.0/24"), Mode: "server", Policy: machine.PolicyObserve}
	far, off, greedy := lab, lab, lab
	far.Prefix = netip.MustParsePrefix("10.80.13.0/24")
	off.Mode = "off"
	greedy.Ranges = []machine.Range{{First: netip.MustParseAddr("10.80.12.1"), Last: netip.MustParseAddr("10.80.12.9")}}
	own := map[string]netip.Addr{"eth1": netip.MustParseAddr("10.80.12.1")}
	for _, tt := range []struct {
		name   string
		subnet machine.Subnet
		want   Finding
	}{
		{"one on our wire is fine", lab, ok("subnet lab", "10.80.12.0/24, unknown machines: observe, on eth1")},
		{"one behind a relay is a warning", far, Finding{
			Warn, "subnet lab", "10.80.13.0/24, unknown machines: observe, on none of our interfaces",
			"let a DHCP relay send its requests here, or correct the prefix",
		}},
		{"one that is off is a warning", off, Finding{
			Warn, "subnet lab", "10.80.12.0/24, unknown machines: observe, DHCP is off", "set mode: server where this appliance is to answer DHCP",
		}},
		{"one that hands out our own address fails", greedy, Finding{
			Fail, "subnet lab", "its range 10.80.12.1-10.80.12.9 hands out the appliance's own address 10.80.12.1", "take the address out of the range",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := oneSubnet(&tt.subnet, own); got != tt.want {
				t.Errorf("oneSubnet() = %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestASmallReceiveBufferIsAWarning(t *testing.T) {
	if wantedBuffer != dhcp.ReceiveBuffer {
		t.Errorf("doctor wants %d, DHCP asks for %d", wantedBuffer, dhcp.ReceiveBuffer)
	}
	for limit, want := range map[int]State{212992: Warn, 4194303: Warn, 4194304: OK, 1 << 30: OK} {
		if got := buffer(limit); got.State != want || (got.Remedy == "") != (want == OK) || !strings.Contains(got.Detail, "net.core.rmem_max") {
			t.Errorf("buffer(%d) = %+v, want %s", limit, got, want)
		}
	}
}

func TestAPortThatSomebodyHoldsNamesTheHolder(t *testing.T) {
	for _, network := range []string{"tcp4", "udp4"} {
		t.Run(network, func(t *testing.T) {
			d := door{what: "HTTP boot", network: network, address: hold(t, network)}
			me := holder{os.Getpid(), command(t)}
			want := Finding{
				Fail, fmt.Sprintf("HTTP boot, %s port %s", map[string]string{"tcp4": "TCP", "udp4": "UDP"}[network], d.address),
				"is held by " + me.String(), "stop it, such as: systemctl disable --now " + me.name,
			}
			if got := try(context.Background(), d); got != want {
				t.Errorf("try() = %+v, want %+v", got, want)
			}
		})
	}
}

// hold opens a port until the test ends.
func hold(t *testing.T, network string) (address string) {
	t.Helper()
	if network == "udp4" {
		c, err := net.ListenPacket(network, "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c.LocalAddr().String()
	}
	l, err := net.Listen(network, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func command(t *testing.T) string {
	t.Helper()
	h, found := processOf("/proc/" + fmt.Sprint(os.Getpid()) + "/fd/0")
	if !found {
		t.Fatal("this process has no name")
	}
	return h.name
}

func TestFileSystems(t *testing.T) {
	for _, tt := range []struct {
		name string
		kind int64
		free uint64
		want State
	}{
		{"a local disk with room is fine", unix.EXT4_SUPER_MAGIC, 100e9, OK},
		{"a full one is a warning", unix.EXT4_SUPER_MAGIC, 1e9, Warn},
		{"NFS has no locks to rely on", unix.NFS_SUPER_MAGIC, 100e9, Fail},
		{"9P neither", unix.V9FS_MAGIC, 100e9, Fail},
		{"FUSE neither", unix.FUSE_SUPER_MAGIC, 100e9, Fail},
		{"memory forgets", unix.TMPFS_MAGIC, 100e9, Warn},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := fileSystem("state", tt.kind, tt.free); got.State != tt.want || (got.Remedy == "") != (tt.want == OK) {
				t.Errorf("fileSystem() = %+v, want %s", got, tt.want)
			}
		})
	}
}

func TestImages(t *testing.T) {
	manifest := `{"name": "debian-12", "file": "debian-12.raw.zst", "compressed": 4}`
	rule := &machine.Rule{Name: "web", Image: "debian-12"}
	for _, tt := range []struct {
		name, manifest, file string
		rules                []*machine.Rule
		want                 []State
	}{
		{"none at all is a warning", "", "", nil, []State{Warn}},
		{"one that is whole is fine", manifest, "disk", []*machine.Rule{rule}, []State{OK}},
		{"one that a rule needs and nobody has fails", "", "", []*machine.Rule{rule}, []State{Fail}},
		{"one of another size fails", manifest, "half a disk", nil, []State{Fail}},
		{"one without its file fails", manifest, "", nil, []State{Fail}},
		{"a manifest that is none fails, and so does its rule", "{", "", []*machine.Rule{rule}, []State{Fail, Fail}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "images", "debian-12.json"), tt.manifest)
			write(t, filepath.Join(dir, "images", "debian-12.raw.zst"), tt.file)
			got := images(context.Background(), Patient{Config: &config.Config{State: dir, Rules: tt.rules}})
			if fmt.Sprint(states(got)) != fmt.Sprint(tt.want) {
				t.Errorf("images() = %+v, want %v", got, tt.want)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if text == "" {
		return
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func states(all []Finding) (got []State) {
	for _, f := range all {
		got = append(got, f.State)
	}
	return got
}

func TestABinaryWithoutBootFilesSaysSo(t *testing.T) {
	got := bootFiles(context.Background(), Patient{BootImages: fstest.MapFS{}, Loaders: fstest.MapFS{}})
	if fmt.Sprint(states(got)) != fmt.Sprint([]State{Fail, Fail}) {
		t.Errorf("bootFiles() = %+v, want two failures", got)
	}
}

func TestLocalAddresses(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"IPv4", "0100007F:1F90", "127.0.0.1:8080"},
		{"all of IPv4", "00000000:0043", "0.0.0.0:67"},
		{"all of IPv6", "00000000000000000000000000000000:0035", "[::]:53"},
		{"IPv4 in IPv6", "0000000000000000FFFF00000100007F:0050", "127.0.0.1:80"},
		{"nonsense", "xyz", "invalid AddrPort"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, _ := localAddress(tt.text); got.String() != tt.want {
				t.Errorf("localAddress(%s) = %s, want %s", tt.text, got, tt.want)
			}
		})
	}
}
