package dhcp

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"firstlight/server/virtualrack/netns/netnstest"
)

// dhcpcd reads the configuration that Debian ships: rapid commit is asked for
// and the client identifier is a DUID.
func TestDhcpcdGetsAndRenewsALease(t *testing.T) {
	t.Parallel()
	server, client := netnstest.Pair(t, "dhcpcd", "ip")
	m := newMemory(lab())
	m.subnets[0].Lease = 10 * time.Second
	s := serveOn(t, server, m)
	p := client.StartApart("mount -t tmpfs tmpfs /var/lib/dhcpcd", "dhcpcd", "-4", "-B", "-d", "-A", "-c", "/bin/true", "eth0")
	address := strings.Fields(p.Await("leased 10.80.12."))[2] // eth0: leased 10.80.12.100 for 10 seconds
	p.Await("renewing lease of " + address)
	p.Await("acknowledged " + address + " from 10.80.12.1")
	undropped(t, s)
	if texts := waitRows(t, m, 1); !strings.HasPrefix(texts[0], "DISCOVER, OFFER, REQUEST, ACK: DHCP client") || !strings.HasSuffix(texts[0], " gets "+address) {
		t.Errorf("rows = %q, want that it gets %s", texts, address)
	}
}

// undropped holds that every packet of the client was taken.
func undropped(t *testing.T, s *Server) {
	t.Helper()
	for r := range s.metrics.dropped {
		if n := s.metrics.dropped[r].Load(); n != 0 {
			t.Errorf("%d packets were dropped as %s", n, names[r])
		}
	}
}

// givenBack waits for the row of a RELEASE.
func givenBack(t *testing.T, s *Server, m *memory, address string) {
	t.Helper()
	texts := waitRows(t, m, 2)
	if !strings.HasPrefix(texts[0], "DISCOVER, OFFER, REQUEST, ACK: DHCP client") || !strings.HasSuffix(texts[1], " gave "+address+" back") {
		t.Errorf("rows = %q, want %s given back", texts, address)
	}
	undropped(t, s)
}

const networkdUnit = `[Match]
Name=eth0
[Network]
DHCP=ipv4
LinkLocalAddressing=no
IPv6AcceptRA=no
`

// systemd-networkd, told to end, gives its lease back without a word of the server
// that it writes to (QUIRKS: release-without-server).
func TestNetworkdGetsRenewsAndReleasesALease(t *testing.T) {
	t.Parallel()
	server, client := netnstest.Pair(t, netnstest.Networkd, "ip")
	m := newMemory(lab())
	m.subnets[0].Lease = 6 * time.Second
	s := serveOn(t, server, m)
	p := client.StartNetworkd(networkdUnit)
	acquired := p.Await("DHCPv4 address 10.80.12.") // eth0: DHCPv4 address 10.80.12.100/24, gateway …
	address := strings.TrimSuffix(strings.Fields(acquired)[3], "/24,")
	p.Await("REQUEST (renewing)")
	p.Await("DHCPv4 client: ACK")
	p.Signal(syscall.SIGTERM)
	p.Await("DHCPv4 client: RELEASE")
	givenBack(t, s, m, address)
}
