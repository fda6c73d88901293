package dhcp

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"

	"firstlight/server/lease"
	"firstlight/server/machine"
	"firstlight/server/virtualrack/netns/netnstest"
)

// serveOn starts a server on a host and stops it with the test.
func serveOn(t *testing.T, host *netnstest.Host, m *memory) *Server {
	t.Helper()
	s := serverOver(t, m, time.Now)
	if err := host.Do(s.Listen); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
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

// waitRows waits until the journal has n rows.
func waitRows(t *testing.T, m *memory, n int) []string {
	t.Helper()
	deadline := time.After(30 * time.Second)
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

func executable(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

const udhcpcScript = `#!/bin/sh
case "$1" in
bound|renew) ip addr replace "$ip/$mask" dev "$interface"; ip route replace default via "$router"
echo "$1 ip=$ip mask=$mask router=$router dns=$dns domain=$domain lease=$lease siaddr=$siaddr boot_file=$boot_file" ;;
deconfig) ip addr flush dev "$interface" ;;
esac
`

// udhcpcOnce lets udhcpc take a lease and end.
func udhcpcOnce(t *testing.T, client *netnstest.Host, args ...string) string {
	t.Helper()
	return client.Run("udhcpc", append([]string{
		"-i", "eth0", "-s", executable(t, udhcpcScript), "-q", "-n", "-f", "-t", "3", "-T", "2",
	}, args...)...)
}

func TestUdhcpcGetsALease(t *testing.T) {
	t.Parallel()
	server, client := netnstest.Pair(t, "udhcpc", "ip")
	m := newMemory(lab())
	serveOn(t, server, m)
	// Without -B it asks for unicast replies, which go in frames to a client
	// that has no address yet.
	out := udhcpcOnce(t, client)
	if !strings.Contains(out, "mask=24 router=10.80.12.254 dns=10.80.12.1 domain=lon6.example lease=3600") {
		t.Errorf("udhcpc said:\n%s", out)
	}
	if texts := waitRows(t, m, 1); !strings.HasPrefix(texts[0], "DISCOVER, OFFER, REQUEST, ACK: DHCP client udhcp 1.") {
		t.Errorf("rows = %q", texts)
	}
}

func TestUdhcpcRenewsAndReleasesWhenItIsTold(t *testing.T) {
	t.Parallel()
	server, client := netnstest.Pair(t, "udhcpc", "ip")
	m := newMemory(lab())
	s := serveOn(t, server, m)
	p := client.Start("udhcpc", "-i", "eth0", "-s", executable(t, udhcpcScript), "-f", "-R")
	bound := p.Await("bound ip=")
	p.Signal(syscall.SIGUSR1) // renew now, by unicast
	if renewed := p.Await("renew ip="); strings.TrimPrefix(renewed, "renew") != strings.TrimPrefix(bound, "bound") {
		t.Errorf("renewed %q, want the same as %q", renewed, bound)
	}
	// More than two where udhcpc did not listen yet and asked once more.
	if got := s.metrics.sent[acked].Load(); got < 2 {
		t.Errorf("ACKs = %d, want 2 or more", got)
	}
	p.Signal(syscall.SIGTERM) // with -R: release, then end
	address := strings.TrimPrefix(strings.Fields(bound)[1], "ip=")
	texts := waitRows(t, m, 2)
	if !strings.HasSuffix(texts[1], " gave "+address+" back") {
		t.Errorf("rows = %q, want %s given back", texts, address)
	}
}

func TestUdhcpcThatClaimsToBeUEFIIsToldItsLoader(t *testing.T) {
	t.Parallel()
	server, client := netnstest.Pair(t, "udhcpc", "ip")
	m := newMemory(lab())
	serveOn(t, server, m)
	out := udhcpcOnce(t, client, "-V", "PXEClient:Arch:00007:UNDI:003016", "-x", "0x5d:0007", "-O", "bootfile")
	if !strings.Contains(out, "siaddr=10.80.12.1 boot_file=snponly.efi") {
		t.Errorf("udhcpc said:\n%s", out)
	}
	if texts := waitRows(t, m, 1); !strings.HasPrefix(texts[0], "DISCOVER, OFFER, REQUEST, ACK: UEFI x64 gets 10.80.12.1") {
		t.Errorf("rows = %q", texts)
	}
}

func TestUdhcpcThatWantsBroadcastsGetsItsReservation(t *testing.T) {
	t.Parallel()
	server, client := netnstest.Pair(t, "udhcpc", "ip")
	m := newMemory(lab())
	m.put("c0mput3", testMAC, machine.InUse, "10.80.12.31")
	serveOn(t, server, m)
	udhcpcOnce(t, client, "-B")
	if got := client.Addresses("eth0"); !slices.Equal(got, []string{"10.80.12.31/24"}) {
		t.Errorf("the client has %q", got)
	}
}

func TestUdhcpcOnAnObservedSubnetHearsNothing(t *testing.T) {
	t.Parallel()
	server, client := netnstest.Pair(t, "udhcpc")
	subnet := lab()
	subnet.Policy = machine.PolicyObserve
	s := serveOn(t, server, newMemory(subnet))
	out, err := client.Try("udhcpc", "-i", "eth0", "-s", "/bin/true", "-q", "-n", "-f", "-t", "2", "-T", "1")
	if err == nil {
		t.Errorf("udhcpc got a lease:\n%s", out)
	}
	if got := s.metrics.dropped[dropPolicy].Load(); got != 2 {
		t.Errorf("dropped by policy = %d, want 2", got)
	}
}

const dhclientScript = `#!/bin/sh
case "$reason" in
BOUND|RENEW|REBIND|REBOOT) ip addr replace "$new_ip_address/$new_subnet_mask" dev "$interface" ;;
EXPIRE|FAIL|RELEASE|STOP) ip addr flush dev "$interface" ;;
esac
`

// dhclientArgs keep dhclient away from the files of this machine.
func dhclientArgs(t *testing.T, dir, script string) []string {
	t.Helper()
	return []string{
		"-4", "-v", "-cf", "/dev/null", "-sf", executable(t, script),
		"-lf", filepath.Join(dir, "leases"), "-pf", filepath.Join(dir, "pid"),
	}
}

func TestDhclientGetsRenewsAndReleasesALease(t *testing.T) {
	t.Parallel()
	server, client := netnstest.Pair(t, "dhclient", "ip")
	subnet := lab()
	subnet.Lease = 6 * time.Second
	m := newMemory(subnet)
	s := serveOn(t, server, m)
	args := dhclientArgs(t, t.TempDir(), dhclientScript)
	p := client.Start("dhclient", append(args, "-d", "eth0")...)
	first := strings.Fields(p.Await("bound to "))[2]
	// T1 is half of six seconds; the renewal goes by unicast.
	if again := strings.Fields(p.Await("bound to "))[2]; again != first {
		t.Errorf("dhclient renewed %s, had %s", again, first)
	}
	out := client.Run("dhclient", append(args, "-r", "eth0")...)
	texts := waitRows(t, m, 2)
	if want := "DHCP client gave " + first + " back"; !slices.Contains(texts, want) {
		t.Errorf("rows = %q, want %q; dhclient said:\n%s", texts, want, out)
	}
	if got := s.metrics.dropped[dropMalformed].Load(); got != 0 {
		t.Errorf("malformed = %d, want 0", got)
	}
}

func TestDhclientThatRestartsAsksForItsAddressAgain(t *testing.T) {
	t.Parallel()
	server, client := netnstest.Pair(t, "dhclient", "ip")
	s := serveOn(t, server, newMemory(lab()))
	args := dhclientArgs(t, t.TempDir(), dhclientScript)
	first := client.Start("dhclient", append(args, "-d", "eth0")...)
	bound := strings.Fields(first.Await("bound to "))[2]
	first.Signal(syscall.SIGKILL)
	// INIT-REBOOT: a REQUEST without a DISCOVER before it.
	again := client.Start("dhclient", append(args, "-d", "eth0")...)
	if got := strings.Fields(again.Await("bound to "))[2]; got != bound {
		t.Errorf("dhclient has %s after its restart, had %s", got, bound)
	}
	if got := s.metrics.received[discover].Load(); got != 1 {
		t.Errorf("DISCOVERs = %d, want 1", got)
	}
}

func TestDhclientThatFindsItsAddressTakenGetsAnother(t *testing.T) {
	t.Parallel()
	server, client := netnstest.Pair(t, "dhclient", "ip")
	m := newMemory(lab())
	serveOn(t, server, m)
	mark := filepath.Join(t.TempDir(), "declined")
	// A script that fails tells dhclient that somebody else has the address.
	script := strings.Replace(dhclientScript, "case", "[ $reason = BOUND ] && [ ! -e "+mark+" ] && { touch "+mark+"; exit 1; }\ncase", 1)
	p := client.Start("dhclient", append(dhclientArgs(t, t.TempDir(), script), "-d", "eth0")...)
	declined := strings.Fields(p.Await("DHCPACK of "))[2]
	if got := strings.Fields(p.Await("bound to "))[2]; got == declined {
		t.Errorf("dhclient was bound to %s, which it had declined", got)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for a, l := range m.leases {
		if a.String() == declined && l.State != lease.Declined {
			t.Errorf("the lease of %s is %s, want declined", a, l.State)
		}
	}
}

// A boot goes through three clients in the same interface: the ROM, iPXE, the
// system. All have to get the same address, and each what it can read.
func TestTheStagesOfABootGetOneAddress(t *testing.T) {
	t.Parallel()
	server, client := netnstest.Pair(t)
	m := newMemory(lab())
	serveOn(t, server, m)
	addresses := map[string]bool{}
	for _, stage := range []struct {
		name string
		opts []opt
		file string
	}{
		{"a UEFI ROM", pxeUEFI, "snponly.efi\x00"},
		{"a BIOS ROM", pxeBIOS, "undionly.kpxe\x00"},
		{"iPXE", ipxe, "http://10.80.12.1/boot/entry.ipxe"},
		{"UEFI HTTP boot", http64, "http://10.80.12.1/boot/snponly.efi"},
		{"a system with an identifier of its own", []opt{option(61, 255, 0, 1, 2, 3, 4)}, ""},
	} {
		ack := fourWay(t, client, stage.opts...)
		addresses[ack.YourIPAddr.String()] = true
		if got := string(ack.Options.Get(dhcpv4.OptionBootfileName)); got != stage.file {
			t.Errorf("%s is told to load %q, want %q", stage.name, got, stage.file)
		}
	}
	if len(addresses) != 1 {
		t.Errorf("the stages got %v, want one address", addresses)
	}
}

// fourWay goes from DISCOVER to ACK with packets of our making.
func fourWay(t *testing.T, client *netnstest.Host, opts ...opt) *dhcpv4.DHCPv4 {
	t.Helper()
	var c *nclient4.Client
	if err := client.Do(func() (err error) { c, err = nclient4.New("eth0"); return err }); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	l, err := c.Request(ctx, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return l.ACK
}
