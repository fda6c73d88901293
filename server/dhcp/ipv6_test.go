package dhcp

import (
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/exchange"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// On a network that is served by IPv6 alone, the row of who asks in vain names the
// subnet that serves it.
func TestWhoAsksByIPv4InANetworkOfIPv6(t *testing.T) {
	six := &machine.Subnet{Name: "boot6", Prefix: netip.MustParsePrefix("2001:db8:12::/64"), Mode: machine.ModeServer}
	for address, want := range map[string]string{"2001:db8:12::1": "boot6", "2001:db8:99::1": "", "": ""} {
		now := epoch
		m := newMemory(six)
		s := serverOver(t, m, func() time.Time { return now })
		s.cfg.Interfaces = []Interface{{Name: here.name, Address: here.server}}
		if address != "" {
			s.cfg.Interfaces[0].Address6 = netip.MustParseAddr(address)
		}
		ask(t, s, incoming(packetOf(dhcpv4.MessageTypeDiscover, pxeUEFI...)))
		rows := s.exchanges.Sweep(now.Add(exchange.Quiet))
		if len(rows) != 1 || rows[0].Outcome() != journal.Unanswered || rows[0].Details[journal.DetailSix] != want {
			t.Errorf("beside %q: rows = %+v, want one that names %q", address, rows, want)
		}
	}
}
