package storm

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"golang.org/x/net/ipv4"

	"firstlight/server/machine"
)

// pace is how often strangers come; more at once would be a burst that no wire
// carries.
const pace = 2 * time.Millisecond

// flood sends DISCOVERs from one relay, each from a hardware address of its own,
// as a starvation attack does, until it is stopped; the result of that is how
// many there were.
func (w *wires) flood(ctx context.Context, perSecond int, relay netip.Addr) (stop func() int) {
	ctx, cancel := context.WithCancel(ctx)
	var sent int
	var flooding sync.WaitGroup
	flooding.Go(func() {
		for began := time.Now(); perSecond > 0; {
			if _, _ = wait[struct{}](ctx, nil, time.Now().Add(pace)); ctx.Err() != nil {
				return
			}
			for due := int(time.Since(began).Seconds() * float64(perSecond)); sent < due && ctx.Err() == nil; sent++ {
				w.stranger(relay)
			}
		}
	})
	return func() int {
		cancel()
		flooding.Wait()
		return sent
	}
}

// stranger is one DISCOVER that nobody follows up. What the socket has no room
// for is lost, as on a wire.
func (w *wires) stranger(relay netip.Addr) {
	mac := machine.MAC{2, 0x46}
	binary.BigEndian.PutUint32(mac[2:], rand.Uint32())
	p, err := dhcpv4.New(dhcpv4.WithHwAddr(mac[:]), dhcpv4.WithMessageType(dhcpv4.MessageTypeDiscover), dhcpv4.WithGatewayIP(relay.AsSlice()))
	if err != nil {
		return
	}
	source := ipv4.ControlMessage{Src: relay.AsSlice()}
	_, _, _ = w.relays.WriteMsgUDPAddrPort(p.ToBytes(), source.Marshal(), netip.AddrPortFrom(w.server, dhcpPort))
}
