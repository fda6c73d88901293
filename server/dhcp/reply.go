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
		r.yours = v.lease.Address
		addTimes(r, v.lease.ExpiresAt.Sub(q.at))
	}
	if kind == dhcpv4.MessageTypeAck && q.kind != dhcpv4.MessageTypeInform {
		r.has = q.ciaddr // RFC 2131 table 3
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
	r.setText(dhcpv4.OptionMessage, why)
	if q.giaddr.IsValid() {
		// RFC 2131 §4.3.2: the relay must broadcast it, for the client may not
		// have a usable address.
		r.broadcast = true
	}
	v.reply, v.why = r, why
	return v
}

// newReply has what every reply has (RFC 2131 table 3), with the client identifier
// (RFC 6842) and option 82 (RFC 3046 §2.2).
func newReply(q *query, kind dhcpv4.MessageType) *message {
	r := newMessage(q.packet, kind)
	r.setAddresses(dhcpv4.OptionServerIdentifier, q.self())
	// A client that named its subnet hears it again (RFC 3011 §2).
	for _, code := range []dhcpv4.OptionCode{dhcpv4.OptionClientIdentifier, dhcpv4.OptionRelayAgentInformation, optionSubnet} {
		if said := q.packet.Options.Get(code); said != nil {
			r.set(code, said)
		}
	}
	return r
}

// addTimes tells how long the address may be used. The client must never count
// longer than the lease on disk: whole seconds, rounded down. T1 and T2 are the
// defaults of RFC 2131 §4.4.5, said aloud because some clients have others.
func addTimes(r *message, life time.Duration) {
	seconds := func(d time.Duration) uint32 { return uint32(d / time.Second) }
	life = life.Truncate(time.Second)
	r.setNumber(dhcpv4.OptionIPAddressLeaseTime, seconds(life))
	r.setNumber(dhcpv4.OptionRenewTimeValue, seconds(life/2))
	r.setNumber(dhcpv4.OptionRebindingTimeValue, seconds(life*7/8))
}

func addNetwork(r *message, q *query, v verdict) {
	r.set(dhcpv4.OptionSubnetMask, net.CIDRMask(v.subnet.Prefix.Bits(), 32))
	if v.subnet.Gateway.IsValid() {
		r.setAddresses(dhcpv4.OptionRouter, v.subnet.Gateway)
	}
	if len(v.subnet.DNS) > 0 {
		r.setAddresses(dhcpv4.OptionDomainNameServer, v.subnet.DNS...)
	} else {
		r.setAddresses(dhcpv4.OptionDomainNameServer, q.from.server)
	}
	if v.subnet.Domain != "" {
		r.setText(dhcpv4.OptionDomainName, v.subnet.Domain)
	}
	if m := v.known.Machine; m != nil && m.Hostname != "" {
		r.setText(dhcpv4.OptionHostName, m.Hostname)
	}
	addFQDN(r, q, v)
}

func slice(a netip.Addr) net.IP {
	b := a.As4()
	return b[:]
}
