package dhcp

import (
	"net/netip"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/frame"
	"firstlight/server/machine"
)

// route is the way of a reply: to an address by UDP, or, with a MAC, in a frame
// to a client that has no address yet and so cannot answer ARP.
type route struct {
	to  netip.AddrPort
	mac machine.MAC // zero: UDP
	// boot: from port 4011, to which the client wrote.
	boot bool
}

// routeOf chooses the way by RFC 2131 §4.1: the relay; the client at its
// address; all; or the client's hardware.
func routeOf(q *query, r *message) route {
	everyone := netip.AddrFrom4([4]byte{255, 255, 255, 255})
	switch {
	case q.port == bootPort:
		return route{to: q.peer, boot: true}
	case q.giaddr.IsValid():
		return route{to: netip.AddrPortFrom(q.giaddr, q.relayPort())}
	case r.kind == dhcpv4.MessageTypeNak:
		return route{to: netip.AddrPortFrom(everyone, clientPort)}
	// In a DISCOVER it should be 0 (RFC 2131 table 5): whoever has the address that
	// it names asked for nothing.
	case q.ciaddr.IsValid() && r.kind != dhcpv4.MessageTypeOffer:
		return route{to: netip.AddrPortFrom(q.ciaddr, clientPort)}
	case q.packet.IsBroadcast(), !r.yours.IsValid():
		return route{to: netip.AddrPortFrom(everyone, clientPort)}
	default:
		return route{to: netip.AddrPortFrom(r.yours, clientPort), mac: q.boot.MAC}
	}
}

// maxReply fits into an Ethernet frame: firmware puts no fragments together.
const maxReply = 1500 - frame.Overhead
