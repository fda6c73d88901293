package dhcp

import (
	"net"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// grant writes an OFFER or an ACK for v.lease, or, without one, the ACK of an
// INFORM, which has no address and no times (RFC 2131 §4.3.5).
func (s *Server) grant(q *query, v verdict, kind dhcpv4.MessageType) verdict {
	r := newReply(q, kind)
	if v.lease.Address.IsValid() {
		r.YourIPAddr = slice(v.lease.Address)
		addTimes(r, v.lease.ExpiresAt.Sub(q.at))
	}
	if kind == dhcpv4.MessageTypeAck && q.kind != dhcpv4.MessageTypeInform {
		r.ClientIPAddr = q.packet.ClientIPAddr // RFC 2131 table 3
	}
	addNetwork(r, q, v)
	v.boots, v.why = s.addBoot(r, q, v)
	s.addOptions(r, q, v)
	v.reply = r
	return v
}

// refuse writes a NAK. Its table in RFC 2131 (3) allows a message, the client
// identifier and what a relay added, and no address.
func (s *Server) refuse(q *query, v verdict, why string) verdict {
	r := newReply(q, dhcpv4.MessageTypeNak)
	r.UpdateOption(dhcpv4.OptMessage(why))
	if q.giaddr.IsValid() {
		// RFC 2131 §4.3.2: the relay must broadcast it, for the client may not
		// have a usable address.
		r.SetBroadcast()
	}
	v.reply, v.why = r, why
	return v
}

// newReply has what every reply has (RFC 2131 table 3), with the client identifier
// (RFC 6842) and option 82 (RFC 3046 §2.2), which the library sends last. The
// library's own constructor asks the kernel for a transaction identifier first,
// only to write the client's over it.
func newReply(q *query, kind dhcpv4.MessageType) *dhcpv4.DHCPv4 {
	p := q.packet
	r := &dhcpv4.DHCPv4{
		OpCode: dhcpv4.OpcodeBootReply, HWType: p.HWType, ClientHWAddr: p.ClientHWAddr, TransactionID: p.TransactionID, Flags: p.Flags,
		ClientIPAddr: net.IPv4zero, YourIPAddr: net.IPv4zero, ServerIPAddr: net.IPv4zero, GatewayIPAddr: p.GatewayIPAddr,
		Options: make(dhcpv4.Options, 16),
	}
	r.UpdateOption(dhcpv4.OptMessageType(kind))
	r.UpdateOption(dhcpv4.OptServerIdentifier(slice(q.self())))
	// A client that named its subnet hears it again (RFC 3011 §2).
	for _, code := range []dhcpv4.OptionCode{dhcpv4.OptionClientIdentifier, dhcpv4.OptionRelayAgentInformation, optionSubnet} {
		if said := p.Options.Get(code); said != nil {
			r.UpdateOption(dhcpv4.OptGeneric(code, said))
		}
	}
	return r
}

// addTimes tells how long the address may be used. The client must never count
// longer than the lease on disk: whole seconds, rounded down. T1 and T2 are the
// defaults of RFC 2131 §4.4.5, said aloud because some clients have others.
func addTimes(r *dhcpv4.DHCPv4, life time.Duration) {
	life = life.Truncate(time.Second)
	r.UpdateOption(dhcpv4.OptIPAddressLeaseTime(life))
	r.UpdateOption(dhcpv4.OptRenewTimeValue(life / 2))
	r.UpdateOption(dhcpv4.OptRebindingTimeValue(life * 7 / 8))
}

func addNetwork(r *dhcpv4.DHCPv4, q *query, v verdict) {
	r.UpdateOption(dhcpv4.OptSubnetMask(net.CIDRMask(v.subnet.Prefix.Bits(), 32)))
	if v.subnet.Gateway.IsValid() {
		r.UpdateOption(dhcpv4.OptRouter(slice(v.subnet.Gateway)))
	}
	servers := []net.IP{slice(q.from.server)}
	if len(v.subnet.DNS) > 0 {
		servers = servers[:0]
		for _, a := range v.subnet.DNS {
			servers = append(servers, slice(a))
		}
	}
	r.UpdateOption(dhcpv4.OptDNS(servers...))
	if v.subnet.Domain != "" {
		r.UpdateOption(dhcpv4.OptDomainName(v.subnet.Domain))
	}
	if m := v.known.Machine; m != nil && m.Hostname != "" {
		r.UpdateOption(dhcpv4.OptHostName(m.Hostname))
	}
	addFQDN(r, q, v)
}

func slice(a netip.Addr) net.IP {
	b := a.As4()
	return b[:]
}
