package dhcp

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"firstlight/server/machine"
)

// namespaces makes two network namespaces that a veth pair joins: the server's
// with br0 at 10.80.12.1, the client's with eth0. It skips, aloud, where that
// is not possible.
func namespaces(t *testing.T, tools ...string) (server, client string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED: real DHCP clients need root for network namespaces; nothing was tested")
	}
	for _, tool := range append(tools, "ip") {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: %s is not installed; nothing was tested", tool)
		}
	}
	id := fmt.Sprintf("%x", os.Getpid()&0xfffff)
	server, client = "flds"+id, "fldc"+id
	t.Cleanup(func() {
		for _, ns := range []string{server, client} {
			_ = exec.Command("ip", "netns", "del", ns).Run()
		}
	})
	for _, line := range []string{
		"netns add " + server,
		"netns add " + client,
		"-n " + server + " link add br0 address 52:54:00:00:00:01 type veth peer name eth0 address 52:54:00:12:34:56 netns " + client,
		"-n " + server + " addr add 10.80.12.1/24 dev br0",
		"-n " + server + " link set br0 up",
		"-n " + server + " link set lo up",
		"-n " + client + " link set eth0 up",
		"-n " + client + " link set lo up",
	} {
		run(t, "ip", strings.Fields(line)...)
	}
	return server, client
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// inside runs f on a thread that is in a namespace. Sockets keep the namespace
// in which they were made. The thread is not unlocked, so that it ends with its
// goroutine rather than serve another one in the wrong namespace.
func inside(t *testing.T, ns string, f func() error) error {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		fd, err := os.Open(filepath.Join("/run/netns", ns))
		if err == nil {
			defer fd.Close()
			err = unix.Setns(int(fd.Fd()), unix.CLONE_NEWNET)
		}
		if err == nil {
			err = f()
		}
		done <- err
	}()
	return <-done
}

// serveIn starts a server in a namespace and stops it with the test.
func serveIn(t *testing.T, ns string, m *memory) *Server {
	t.Helper()
	s := serverOver(t, m, time.Now)
	if err := inside(t, ns, s.Listen); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- s.Run(ctx) }()
	<-s.Ready()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run() = %v", err)
		}
	})
	return s
}

func addresses(t *testing.T, ns string) string {
	t.Helper()
	return run(t, "ip", "-n", ns, "-4", "-o", "addr", "show", "dev", "eth0")
}

// waitRows waits until the journal has n rows.
func waitRows(t *testing.T, m *memory, n int) []string {
	t.Helper()
	deadline := time.After(10 * time.Second)
	for {
		if texts := m.texts(); len(texts) >= n {
			return texts
		}
		select {
		case <-m.noted:
		case <-deadline:
			t.Fatalf("rows = %q, want %d of them", m.texts(), n)
		}
	}
}

const udhcpcScript = `#!/bin/sh
case "$1" in
bound|renew) ip addr flush dev "$interface"; ip addr add "$ip/$mask" dev "$interface"; ip route replace default via "$router"
echo "LEASE ip=$ip mask=$mask router=$router dns=$dns domain=$domain lease=$lease siaddr=$siaddr boot_file=$boot_file" ;;
deconfig) ip addr flush dev "$interface" ;;
esac
`

func udhcpc(t *testing.T, client string, args ...string) string {
	t.Helper()
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte(udhcpcScript), 0o755); err != nil {
		t.Fatal(err)
	}
	return run(t, "ip", append([]string{
		"netns", "exec", client, "udhcpc", "-i", "eth0", "-s", script, "-q", "-n", "-f", "-t", "3", "-T", "2",
	}, args...)...)
}

func TestUdhcpcGetsALease(t *testing.T) {
	server, client := namespaces(t, "udhcpc")
	m := newMemory(lab())
	serveIn(t, server, m)
	// Without -B it asks for unicast replies, which go in frames to a client
	// that has no address yet.
	out := udhcpc(t, client)
	if !strings.Contains(out, "mask=24 router=10.80.12.254 dns=10.80.12.1 domain=lon6.example lease=3600") {
		t.Errorf("udhcpc said:\n%s", out)
	}
	if texts := waitRows(t, m, 1); !strings.HasPrefix(texts[0], "DISCOVER, OFFER, REQUEST, ACK: DHCP client udhcp 1.") {
		t.Errorf("rows = %q", texts)
	}
}

func TestUdhcpcThatClaimsToBeUEFIIsToldItsLoader(t *testing.T) {
	server, client := namespaces(t, "udhcpc")
	m := newMemory(lab())
	serveIn(t, server, m)
	out := udhcpc(t, client, "-V", "PXEClient:Arch:00007:UNDI:003016", "-x", "0x5d:0007", "-O", "bootfile")
	if !strings.Contains(out, "siaddr=10.80.12.1 boot_file=snponly.efi") {
		t.Errorf("udhcpc said:\n%s", out)
	}
	if texts := waitRows(t, m, 1); !strings.HasPrefix(texts[0], "DISCOVER, OFFER, REQUEST, ACK: UEFI x64 gets 10.80.12.1") {
		t.Errorf("rows = %q", texts)
	}
}

func TestUdhcpcThatWantsBroadcastsGetsItsReservation(t *testing.T) {
	server, client := namespaces(t, "udhcpc")
	m := newMemory(lab())
	mac, _ := machine.ParseMAC("52:54:00:12:34:56")
	m.put("c0mput3", mac, machine.InUse, "10.80.12.31")
	serveIn(t, server, m)
	udhcpc(t, client, "-B")
	if got := addresses(t, client); !strings.Contains(got, "10.80.12.31/24") {
		t.Errorf("the client has %s", got)
	}
}

func TestUdhcpcOnAnObservedSubnetHearsNothing(t *testing.T) {
	server, client := namespaces(t, "udhcpc")
	subnet := lab()
	subnet.Policy = machine.PolicyObserve
	m := newMemory(subnet)
	s := serveIn(t, server, m)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ip", "netns", "exec", client, "udhcpc", "-i", "eth0", "-s", "/bin/true", "-q", "-n", "-f", "-t", "2", "-T", "1").CombinedOutput()
	if err == nil {
		t.Errorf("udhcpc got a lease:\n%s", out)
	}
	if got := s.metrics.dropped[dropPolicy].Load(); got != 2 {
		t.Errorf("dropped by policy = %d, want 2", got)
	}
}

func TestDhclientGetsRenewsAndReleasesALease(t *testing.T) {
	server, client := namespaces(t, "dhclient")
	m := newMemory(lab())
	s := serveIn(t, server, m)
	dir := t.TempDir()
	dhclient := func(args ...string) string {
		return run(t, "ip", append([]string{
			"netns", "exec", client, "dhclient", "-4", "-v", "-cf", "/dev/null", "-sf", "/bin/true",
			"-lf", filepath.Join(dir, "leases"), "-pf", filepath.Join(dir, "pid"),
		}, args...)...)
	}
	out := dhclient("-1", "eth0")
	if !strings.Contains(out, "bound to 10.80.12.1") {
		t.Fatalf("dhclient said:\n%s", out)
	}
	// It stays in the background; -r stops it and releases. The script does
	// nothing, so that it needs an address to send from.
	bound := waitRows(t, m, 1)
	address := bound[0][strings.LastIndex(bound[0], " ")+1:]
	run(t, "ip", "-n", client, "addr", "add", address+"/24", "dev", "eth0")
	out = dhclient("-r", "eth0")
	texts := waitRows(t, m, 2)
	if want := "DHCP client gave " + address + " back"; !slices.Contains(texts, want) {
		t.Errorf("rows = %q, want %q; dhclient said:\n%s", texts, want, out)
	}
	if got := s.metrics.dropped[dropMalformed].Load(); got != 0 {
		t.Errorf("malformed = %d, want 0", got)
	}
}

func TestListenSaysWhatStandsInTheWay(t *testing.T) {
	server, _ := namespaces(t)
	m := newMemory(lab())
	listen := func(ifc Interface) error {
		s := serverOver(t, m, time.Now)
		s.cfg.Interfaces = []Interface{ifc}
		err := inside(t, server, s.Listen)
		s.close()
		return err
	}
	var taken *net.UDPConn
	if err := inside(t, server, func() (err error) {
		taken, err = net.ListenUDP("udp4", &net.UDPAddr{Port: serverPort})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	busy := listen(Interface{Name: "br0"})
	taken.Close()
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"the port is taken", busy, "another DHCP server runs on this host"},
		{"the interface is not there", listen(Interface{Name: "eth9"}), `no interface "eth9" here: configure one of lo, br0`},
		{"the address is another", listen(Interface{Name: "br0", Address: netip.MustParseAddr("10.1.1.1")}), "does not have the address 10.1.1.1, but 10.80.12.1"},
	} {
		if tt.err == nil || !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("%s: Listen() = %v, want %q in it", tt.name, tt.err, tt.want)
		}
	}
	if err := listen(Interface{Name: "br0", Address: ourServer}); err != nil {
		t.Errorf("Listen() = %v on an interface that is free", err)
	}
}
