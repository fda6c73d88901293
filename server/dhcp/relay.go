package dhcp

import (
	"net/netip"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/machine"
)

// Sub-options of option 82, with which a relay says more than its address.
const (
	subLink     = 5  // RFC 3527: the network that the client is on
	subOverride = 11 // RFC 5107: whom the client shall take for its server
	subPort     = 19 // RFC 8357: the relay does not listen on port 67
)

// optionSubnet is option 118, with which a client names the subnet that it wants
// an address of (RFC 3011).
const optionSubnet = dhcpv4.GenericOptionCode(118)

// relay is what a relay says of a client's network and of itself, and of the port
// that the client is in. Whatever else stands in option 82 goes back unread. The flags of RFC 5010 are among that:
// they tell RENEWING from REBINDING, which get the same answer here.
type relay struct {
	link     netip.Addr
	override netip.Addr
	port     bool
	circuit  []byte // RFC 3046 §3.1
	remote   []byte // RFC 3046 §3.2
}

// readRelay reads option 82 of a packet that came through a relay; what a client
// itself put there counts for nothing.
func readRelay(p *dhcpv4.DHCPv4, giaddr netip.Addr) (r relay) {
	info := p.RelayAgentInfo()
	if !giaddr.IsValid() || info == nil {
		return r
	}
	r.link = addrOf(info.Get(dhcpv4.GenericOptionCode(subLink)))
	if a := addrOf(info.Get(dhcpv4.GenericOptionCode(subOverride))); isHost(a) {
		r.override = a
	}
	r.port = info.Has(dhcpv4.GenericOptionCode(subPort))
	r.circuit, r.remote = info.Get(dhcpv4.AgentCircuitIDSubOption), info.Get(dhcpv4.AgentRemoteIDSubOption)
	return r
}

// self is the address by which the client knows us as its server: ours, or its
// relay's where the relay wants all packets to go through it.
func (q *query) self() netip.Addr {
	if q.relay.override.IsValid() {
		return q.relay.override
	}
	return q.from.server
}

// means tells whether a server identifier is ours.
func (q *query) means(server netip.Addr) bool { return server == q.from.server || server == q.self() }

// sighted tells what the relay says of where the client is. Who renews writes to
// us past its relay, which says nothing; who is heard without one is behind none.
func (s *Server) sighted(q *query) {
	if q.unicast && !q.giaddr.IsValid() {
		return
	}
	s.cfg.Journal.Relayed(machine.Relayed{MAC: q.boot.MAC, Relay: q.giaddr, Circuit: q.relay.circuit, Remote: q.relay.remote, At: q.at})
}

// relayPort is where a relay takes replies.
func (q *query) relayPort() uint16 {
	if q.relay.port && q.peer.Port() != 0 {
		return q.peer.Port()
	}
	return serverPort
}

// isOwn tells whether an address is one of ours, on whichever network.
func (s *Server) isOwn(a netip.Addr) bool {
	for _, o := range s.homes {
		if o.server == a {
			return true
		}
	}
	return false
}
