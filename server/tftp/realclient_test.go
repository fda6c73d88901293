package tftp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"firstlight/server/machine"
	"firstlight/server/virtualrack/netns/netnstest"
)

// servesOn tells a second run of this test binary to be a server.
const servesOn = "FIRSTLIGHT_TFTP_TEST_ADDRESS"

func TestMain(m *testing.M) {
	if on := os.Getenv(servesOn); on != "" {
		serveForever(netip.MustParseAddrPort(on))
	}
	os.Exit(m.Run())
}

// serveForever prints the journal's rows.
func serveForever(on netip.AddrPort) {
	d := newDiary()
	s := New(Config{
		Addresses: []netip.AddrPort{on}, Routes: loaders(), Journal: d,
		WhoIs: func(netip.Addr) (string, machine.MAC) { return "m1", testMAC },
		Log:   slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err := s.Listen(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	go func() {
		<-s.Ready()
		fmt.Println("ready")
		for range d.news {
			d.mu.Lock()
			fmt.Println("row:", d.rows[0].Text)
			d.rows = d.rows[1:]
			d.mu.Unlock()
		}
	}()
	_ = s.Run(context.Background())
}

// startOn serves on port 69 of the host in a process of its own: the library
// opens a socket per transfer in whatever thread it is, and only a process is
// in one namespace with all its threads.
func startOn(t *testing.T, host *netnstest.Host) *netnstest.Process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := host.Start("env", servesOn+"=10.80.12.1:69", self)
	p.Await("ready")
	return p
}

func TestRealClients(t *testing.T) {
	t.Parallel()
	server, client := netnstest.Pair(t)
	client.Address("eth0", "10.80.12.100/24")
	serving := startOn(t, server)
	for _, tt := range []struct {
		name string
		tool string
		args []string // OUT is where the file goes
		row  string
	}{
		{"curl with blocks that fill a frame", "curl", []string{"-sS", "--tftp-blksize", "1468", "-o", "OUT", "tftp://10.80.12.1/snponly.efi"}, "1468-byte blocks"},
		{"curl with blocks that would not", "curl", []string{"-sS", "--tftp-blksize", "8192", "-o", "OUT", "tftp://10.80.12.1/snponly.efi"}, "1468-byte blocks"},
		{"curl without options", "curl", []string{"-sS", "--tftp-no-options", "-o", "OUT", "tftp://10.80.12.1/snponly.efi"}, "512-byte blocks"},
		{"tftp-hpa", "tftp", []string{"-m", "binary", "10.80.12.1", "-c", "get", "snponly.efi", "OUT"}, "512-byte blocks"},
		{"atftp with windows", "atftp", []string{"--get", "--option", "blksize 1468", "--option", "windowsize 16", "-r", "snponly.efi", "-l", "OUT", "10.80.12.1"}, "1468-byte blocks, windows of 16"},
		{"atftp with small windows", "atftp", []string{"--get", "--option", "windowsize 3", "--option", "timeout 1", "-r", "snponly.efi", "-l", "OUT", "10.80.12.1"}, "512-byte blocks, windows of 3"},
		{"busybox", "busybox", []string{"tftp", "-g", "-b", "1468", "-r", "snponly.efi", "-l", "OUT", "10.80.12.1"}, "1468-byte blocks"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			netnstest.Need(t, tt.tool)
			out := filepath.Join(t.TempDir(), "out")
			said, err := client.Try(tt.tool, replaced(tt.args, out)...)
			if got, _ := os.ReadFile(out); err != nil || !bytes.Equal(got, loader) {
				t.Fatalf("%s got %d bytes, want %d: %v\n%s", tt.tool, len(got), len(loader), err, said)
			}
			if got, want := serving.Await("row:"), "row: TFTP snponly.efi, "+tt.row; got != want {
				t.Errorf("timeline has %q, want %q", got, want)
			}
		})
	}
}

func TestRealClientsAreRefused(t *testing.T) {
	t.Parallel()
	server, client := netnstest.Pair(t, "curl")
	client.Address("eth0", "10.80.12.100/24")
	startOn(t, server)
	upload := filepath.Join(t.TempDir(), "upload")
	if err := os.WriteFile(upload, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		args []string
		want int // exit status of curl: 68 for the error code 1, not found, and 69 for 2, not allowed
	}{
		{"a file that is not there", []string{"tftp://10.80.12.1/nothing"}, 68},
		{"a way out", []string{"--path-as-is", "tftp://10.80.12.1/../etc/passwd"}, 69},
		{"a file of the host", []string{"tftp://10.80.12.1//etc/passwd"}, 68},
		{"writing", []string{"-T", upload, "tftp://10.80.12.1/snponly.efi"}, 69},
	} {
		out, err := client.Try("curl", append([]string{"-sS", "--max-time", "5"}, tt.args...)...)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != tt.want {
			t.Errorf("%s: curl ends with %v, want exit status %d:\n%s", tt.name, err, tt.want, out)
		}
	}
}

func replaced(args []string, out string) (all []string) {
	for _, a := range args {
		all = append(all, strings.ReplaceAll(a, "OUT", out))
	}
	return all
}

func TestListenSaysWhatStandsInTheWay(t *testing.T) {
	host := netnstest.New(t)
	on := func(text string) []netip.AddrPort { return []netip.AddrPort{netip.MustParseAddrPort(text)} }
	busy := func(f func() error) error {
		return host.Do(func() error {
			taken, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 69})
			if err != nil {
				return err
			}
			defer taken.Close()
			return f()
		})
	}
	for _, tt := range []struct {
		name string
		how  func(func() error) error
		on   []netip.AddrPort
		want string
	}{
		{"the port is taken", busy, on("127.0.0.1:69"), "listen for TFTP on 127.0.0.1:69: the port is in use: another TFTP server runs on this host " +
			"(tftpd-hpa, atftpd, dnsmasq, a second firstlight); 'ss -ulpn sport = :69' names it: stop it there: "},
		{"the address is another host's", host.Do, on("192.0.2.1:69"), "listen for TFTP on 192.0.2.1:69: no interface of this host has the address: " +
			"correct the configuration or give it to one: "},
		{"the user may not", host.Powerless, on("127.0.0.1:69"), "listen for TFTP on 127.0.0.1:69: not permitted: ports below 1024 need " +
			"CAP_NET_BIND_SERVICE: start as the packaged systemd unit does, or as root: "},
		{"there is no address", host.Do, nil, "listen for TFTP: no address is configured"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := New(Config{Addresses: tt.on})
			err := tt.how(s.Listen)
			s.close()
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("Listen() = %v, want %q", err, tt.want)
			}
		})
	}
}
