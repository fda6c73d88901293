package dhcp6

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/insomniacslk/dhcp/dhcpv6"

	"firstlight/server/machine"
)

// maxRelays is the most relays that a packet may have passed: HOP_COUNT_LIMIT of
// RFC 8415 §7.6.
const maxRelays = 8

// Where a Relay-forward has what (RFC 8415 §9).
const (
	atHops      = 1
	atPeer      = 18
	relayHeader = 34
)

// tooDeep looks at the outermost relay's hop count and at how long the packet
// is, before the library goes down through all of it.
func tooDeep(b []byte) bool {
	return len(b) > relayHeader && dhcpv6.MessageType(b[0]) == dhcpv6.MessageTypeRelayForward && b[atHops] >= maxRelays
}

// unwrap takes the client's message out of what its relays put around it,
// outermost first.
func unwrap(p dhcpv6.DHCPv6) (relays []*dhcpv6.RelayMessage, m *dhcpv6.Message, err error) {
	for {
		switch t := p.(type) {
		case *dhcpv6.Message:
			return relays, t, nil
		case *dhcpv6.RelayMessage:
			switch {
			case t.MessageType != dhcpv6.MessageTypeRelayForward:
				return nil, nil, errors.New("it is a relay's reply")
			case len(relays) >= maxRelays:
				return nil, nil, fmt.Errorf("it passed more than %d relays", maxRelays)
			}
			relays = append(relays, t)
			if p = t.Options.RelayMessage(); p == nil {
				return nil, nil, errors.New("a relay forwards no message")
			}
		default:
			return nil, nil, errors.New("it is no message")
		}
	}
}

// wrap puts around a reply what the relays put around the question: each finds
// its own part, with what it asked to have back (RFC 8415 §19.3).
func (q *query) wrap(reply *dhcpv6.Message) dhcpv6.DHCPv6 {
	var out dhcpv6.DHCPv6 = reply
	for _, in := range slices.Backward(q.relays) {
		r := &dhcpv6.RelayMessage{
			MessageType: dhcpv6.MessageTypeRelayReply, HopCount: in.HopCount, LinkAddr: in.LinkAddr, PeerAddr: in.PeerAddr,
		}
		for _, o := range in.Options.Options {
			if echoed(in, o.Code()) {
				r.AddOption(o)
			}
		}
		r.AddOption(dhcpv6.OptRelayMessage(out))
		out = r
	}
	return out
}

// optionERO is the echo request option, with which a relay says which of its
// options it wants back (RFC 4994).
const optionERO = dhcpv6.OptionCode(43)

// echoed tells what goes back to a relay: its name for the client's interface
// (RFC 8415 §21.18), that it listens on a port of its own (RFC 8357 §5.2), and
// what it asks for (RFC 4994).
func echoed(in *dhcpv6.RelayMessage, code dhcpv6.OptionCode) bool {
	switch code {
	case dhcpv6.OptionInterfaceID, dhcpv6.OptionRelayPort:
		return true
	case dhcpv6.OptionRelayMsg, optionERO:
		return false
	default:
	}
	ero := in.Options.GetOne(optionERO)
	if ero == nil {
		return false
	}
	for b := ero.ToBytes(); len(b) >= 2; b = b[2:] {
		if dhcpv6.OptionCode(uint16(b[0])<<8|uint16(b[1])) == code {
			return true
		}
	}
	return false
}

// optionRemoteID is the Remote-Id of RFC 4649, with the number of its vendor.
const optionRemoteID = dhcpv6.OptionCode(37)

// sighted tells what the relay nearest to the client that names an interface says
// of where the client is. Who writes to us past its relay is not told of.
func (s *Server) sighted(q *query) {
	if q.toUs && len(q.relays) == 0 {
		return
	}
	r := machine.Relayed{MAC: q.boot.MAC, At: q.at}
	if len(q.relays) > 0 {
		r.Relay = q.peer.Addr().WithZone("")
	}
	for _, in := range q.relays { // outermost first
		if a := addrOf(in.LinkAddr); a.IsGlobalUnicast() {
			r.Relay = a
		}
		if id := in.Options.InterfaceID(); id != nil {
			r.Circuit, r.Remote = id, nil
		}
		if id := in.Options.GetOne(optionRemoteID); id != nil {
			r.Remote = id.ToBytes()
		}
	}
	s.cfg.Journal.Relayed(r)
}

// returnTo is where the reply goes: to the relay, on the port that it wrote from
// where it says so (RFC 8357), or to the client at the address that it wrote from.
func (q *query) returnTo() netip.AddrPort {
	switch {
	case len(q.relays) == 0:
		return netip.AddrPortFrom(q.peer.Addr(), clientPort)
	case q.relays[0].Options.RelayPort() != nil && q.peer.Port() != 0:
		return q.peer
	default:
		return netip.AddrPortFrom(q.peer.Addr(), serverPort)
	}
}

// network is an address of the network on which the client is: the link address
// of the relay nearest to it that says one (RFC 8415 §13.1), else ours on the
// interface. A relay that has no address there says none, and its neighbour
// towards us may (RFC 6221).
func (q *query) network() netip.Addr {
	for _, in := range slices.Backward(q.relays) {
		if a := addrOf(in.LinkAddr); a.IsGlobalUnicast() {
			return a
		}
	}
	return q.from.server
}

// addrOf is an address of a packet; the zero Addr stands for :: and none.
func addrOf(ip net.IP) netip.Addr {
	a, ok := netip.AddrFromSlice(ip)
	if !ok || a.IsUnspecified() || a.Is4In6() || !a.Is6() {
		return netip.Addr{}
	}
	return a
}
