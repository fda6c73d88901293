package dhcp6

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"firstlight/server/machine"
	"firstlight/server/virtualrack/netns/netnstest"
)

// pair is a server with br0 at 2001:db8:12::1/64 and a client, MAC
// 52:54:00:12:34:56, that its eth0 joins to it.
func pair(t *testing.T, tools ...string) (server, client *netnstest.Host) {
	t.Helper()
	netnstest.Need(t, tools...)
	server, client = netnstest.New(t), netnstest.New(t)
	server.QuickIPv6()
	client.QuickIPv6()
	server.Cable("br0", client, "eth0", testMAC.String())
	server.Address("br0", "2001:db8:12::1/64")
	server.AwaitLinkLocal("br0")
	client.AwaitLinkLocal("eth0")
	return server, client
}

// serveOn starts a server on a host and stops it with the test.
func serveOn(t *testing.T, host *netnstest.Host, m *memory) *Server {
	t.Helper()
	s := serverOver(m, time.Now)
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
	deadline := time.After(20 * time.Second)
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

const dhclientScript = `#!/bin/sh
case "$reason" in
BOUND6|RENEW6|REBIND6) ip -6 addr replace "$new_ip6_address/128" dev "$interface"
echo "$reason ip=$new_ip6_address dns=$new_dhcp6_name_servers search=$new_dhcp6_domain_search life=$new_max_life preferred=$new_preferred_life" ;;
STOP6|RELEASE6|EXPIRE6) ip -6 addr del "$old_ip6_address/128" dev "$interface" ;;
esac
exit 0
`

// dhclientArgs keep dhclient away from the files of this machine.
func dhclientArgs(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte(dhclientScript), 0o755); err != nil {
		t.Fatal(err)
	}
	return []string{
		"-6", "-v", "-cf", "/dev/null", "-sf", script, "-lf", filepath.Join(dir, "leases"), "-pf", filepath.Join(dir, "pid"),
	}
}

func TestDhclientGetsRenewsAndReleasesAnAddress(t *testing.T) {
	t.Parallel()
	server, client := pair(t, "dhclient", "ip")
	m := newMemory(lab())
	m.subnets[0].Lease = 8 * time.Second
	m.put("c0mput3", testMAC, machine.InUse, "2001:db8:12::31")
	s := serveOn(t, server, m)
	args := dhclientArgs(t)
	p := client.Start("dhclient", append(args, "-d", "eth0")...)
	if got := p.Await("BOUND6 ip="); !strings.Contains(got, "ip=2001:db8:12::31 dns=2001:db8:12::1 search=lon6.example. life=8 preferred=6") {
		t.Errorf("dhclient said %q", got)
	}
	if got := p.Await("RENEW6 ip="); !strings.Contains(got, "ip=2001:db8:12::31 ") {
		t.Errorf("dhclient renewed %q", got)
	}
	out := client.Run("dhclient", append(args, "-r", "eth0")...)
	if texts := waitRows(t, m, 2); !slices.Contains(texts, "DHCPv6 client gave 2001:db8:12::31 back") {
		t.Errorf("rows = %q; dhclient said:\n%s", texts, out)
	}
	if got := s.metrics.dropped[dropMalformed].Load(); got != 0 {
		t.Errorf("malformed = %d, want 0", got)
	}
}

func TestDhclientIsToldOfTheNetworkAlone(t *testing.T) {
	t.Parallel()
	server, client := pair(t, "dhclient", "ip")
	s := serveOn(t, server, newMemory(lab()))
	out := client.Run("dhclient", append(dhclientArgs(t), "-S", "-1", "-d", "eth0")...)
	if s.metrics.sent[kindIndex(reply)].Load() == 0 {
		t.Errorf("no Reply; dhclient said:\n%s", out)
	}
}

// dhcpcdApart runs dhcpcd with files of its own, and below a process with which
// all of its helpers end.
const dhcpcdApart = `mount --make-rprivate / && mount -t proc proc /proc && mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/lib/dhcpcd &&
dhcpcd -f "$0" -B -d -6 --script /bin/true eth0; true`

func TestDhcpcdGetsAnAddress(t *testing.T) {
	t.Parallel()
	server, client := pair(t, "dhcpcd", "ip", "unshare")
	m := newMemory(lab())
	serveOn(t, server, m)
	conf := filepath.Join(t.TempDir(), "dhcpcd.conf")
	// It asks by DHCPv6 once a router says so, or is told to by ia_na.
	if err := os.WriteFile(conf, []byte("duid ll\nslaac hwaddr\nnoipv6rs\nipv6only\ninterface eth0\nia_na 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	client.Start("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", dhcpcdApart, conf)
	texts := waitRows(t, m, 1)
	if l, ok := m.LeaseOf("lab6", testMAC); !ok || !strings.HasSuffix(texts[0], " gets "+l.Address.String()) {
		t.Errorf("rows = %q, want the address of %v", texts, testMAC)
	}
}

// A relay of ISC's stands between two networks.
func TestDhcrelay(t *testing.T) {
	t.Parallel()
	netnstest.Need(t, "dhcrelay", "dhclient", "ip")
	server, relay, client := netnstest.New(t), netnstest.New(t), netnstest.New(t)
	for _, h := range []*netnstest.Host{server, relay, client} {
		h.QuickIPv6()
	}
	server.Cable("br0", relay, "up0", "52:54:00:00:00:01")
	relay.Cable("down0", client, "eth0", testMAC.String())
	server.Address("br0", "2001:db8:12::1/64")
	relay.Address("up0", "2001:db8:12::2/64")
	relay.Address("down0", "2001:db8:44::1/64")
	for h, name := range map[*netnstest.Host]string{server: "br0", client: "eth0"} {
		h.AwaitLinkLocal(name)
	}
	relay.AwaitLinkLocal("up0")
	relay.AwaitLinkLocal("down0")

	far := lab()
	far.Name, far.Prefix = "far", netip.MustParsePrefix("2001:db8:44::/64")
	far.Ranges = []machine.Range{{First: ip("2001:db8:44::100"), Last: ip("2001:db8:44::1ff")}}
	m := newMemory(lab(), far)
	serveOn(t, server, m)
	relay.Start("dhcrelay", "-6", "-d", "-I", "--no-pid", "-l", "down0", "-u", "up0").Await("Sending on")
	p := client.Start("dhclient", append(dhclientArgs(t), "-d", "eth0")...)
	if got := p.Await("BOUND6 ip="); !strings.Contains(got, "ip=2001:db8:44::1") {
		t.Errorf("dhclient said %q", got)
	}
	waitRows(t, m, 1)
	if got := m.rows[0].Details["relay"]; got != "2001:db8:12::2" || m.rows[0].MAC != testMAC {
		t.Errorf("row = %+v, want the relay 2001:db8:12::2 and the client's MAC", m.rows[0])
	}
}
