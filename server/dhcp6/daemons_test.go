package dhcp6

import (
	"strings"
	"testing"
	"time"

	"firstlight/server/virtualrack/netns/netnstest"
)

const networkdUnit = `[Match]
Name=eth0
[Network]
DHCP=ipv6
LinkLocalAddressing=ipv6
IPv6AcceptRA=no
[DHCPv6]
WithoutRA=solicit
`

// systemd-networkd identifies itself by a DUID that is made of no MAC.
func TestNetworkdGetsAndRenewsAnAddress(t *testing.T) {
	t.Parallel()
	server, client := pair(t, netnstest.Networkd, "ip")
	m := newMemory(lab())
	m.subnets[0].Lease = 8 * time.Second
	s := serveOn(t, server, m)
	p := client.StartNetworkd(networkdUnit)
	address := strings.TrimSuffix(strings.Fields(p.Await("DHCPv6 address 2001:db8:12::"))[3], "/128") // eth0: DHCPv6 address 2001:db8:12::17b/128 (valid …
	// T1 and T2 are a second apart here, and its timers have more slack than that: it
	// asks by Renew or, where T2 is taken first, by Rebind.
	p.Await("State changed: bound -> re")
	p.Await(" -> bound")
	if texts := waitRows(t, m, 1); !strings.HasSuffix(texts[0], " gets "+address) {
		t.Errorf("rows = %q, want that it gets %s", texts, address)
	}
	for r := range s.metrics.dropped {
		if n := s.metrics.dropped[r].Load(); n != 0 {
			t.Errorf("%d packets were dropped as %s", n, names[r])
		}
	}
}
