package dhcp6

import (
	"context"
	"net/netip"
	"testing"

	"firstlight/server/machine"
)

// H-07: machines of ServerDb are answered however many strangers ask, at once and
// first; of strangers the newest are kept.
func TestMachinesGoBeforeStrangers(t *testing.T) {
	s, m := labWith(t, func(m *memory) { m.put("c0mput3", testMAC, machine.InUse, "") })
	s.cfg.Regulars = regulars{m}
	stranger := incoming(message(solicit, ia()))
	stranger.peer = netip.MustParseAddrPort("[fe80::5054:ff:fe00:99%br0]:546")
	depth := cap(s.queue.unknown)
	for range depth + 10 {
		s.push(stranger)
	}
	last := *stranger
	s.push(&last)
	direct, relayedOne := incoming(message(solicit, ia())), incoming(relayed(message(solicit, ia()), 0, "2001:db8:12::9", linkLocal.String()))
	relayedOne.peer = netip.MustParseAddrPort("[2001:db8:12::9]:547")
	s.push(direct)
	s.push(relayedOne)
	ctx, cancel := context.WithCancel(t.Context())
	for i, want := range []*datagram{direct, relayedOne} {
		if got, ok := s.queue.pop(ctx); !ok || got != want {
			t.Errorf("packet %d is not the machine's", i)
		}
	}
	var newest *datagram
	for range depth {
		newest, _ = s.queue.pop(ctx)
	}
	if newest != &last || s.metrics.dropped[dropQueueFull].Load() != 11 {
		t.Errorf("dropped %d, the last one is there: %v; want 11 and true", s.metrics.dropped[dropQueueFull].Load(), newest == &last)
	}
	cancel()
	if _, ok := s.queue.pop(ctx); ok {
		t.Error("there is a packet after the end")
	}
}
