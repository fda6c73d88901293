package dhcp6

import (
	"context"
	"net/netip"

	"github.com/insomniacslk/dhcp/dhcpv6"

	"firstlight/server/machine"
)

// Regulars tells clients apart before their packets are understood, from memory:
// it is asked for every packet that comes.
type Regulars interface {
	ByMAC(machine.MAC) (*machine.Machine, bool)
}

// queue holds packets for the workers: those of machines of ServerDb apart, which
// go first and which no flood of others can displace.
type queue struct {
	known, unknown chan *datagram
	shed           func()
}

// newQueue makes one with room for depth packets of each kind. shed hears of each
// packet that goes.
func newQueue(depth int, shed func()) *queue {
	return &queue{known: make(chan *datagram, depth), unknown: make(chan *datagram, depth), shed: shed}
}

// push queues a packet. Where there is no room the oldest goes: its client has
// asked again by then, or soon will.
func (q *queue) push(d *datagram, known bool) {
	to := q.unknown
	if known {
		to = q.known
	}
	for {
		select {
		case to <- d:
			return
		default:
		}
		select {
		case <-to:
			q.shed()
		default:
		}
	}
}

// pop waits for the next packet; there is none after the end of ctx.
func (q *queue) pop(ctx context.Context) (*datagram, bool) {
	select {
	case d := <-q.known:
		return d, true
	default:
	}
	select {
	case <-ctx.Done():
		return nil, false
	case d := <-q.known:
		return d, true
	case d := <-q.unknown:
		return d, true
	}
}

// isRegular looks at where a packet comes from without taking it apart: a flood
// must not cost what an answer does. Behind two relays, or with an address that is
// not made of its MAC, a machine counts as a stranger until it is understood.
func (s *Server) isRegular(d *datagram) bool {
	if s.cfg.Regulars == nil {
		return false
	}
	source := d.peer.Addr().WithZone("")
	if len(d.payload) > relayHeader && dhcpv6.MessageType(d.payload[0]) == dhcpv6.MessageTypeRelayForward {
		source = netip.AddrFrom16([16]byte(d.payload[atPeer:relayHeader]))
	}
	mac, ok := eui64(source)
	if !ok {
		return false
	}
	_, known := s.cfg.Regulars.ByMAC(mac)
	return known
}
