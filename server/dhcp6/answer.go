package dhcp6

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"

	"firstlight/server/boot"
	"firstlight/server/exchange"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

// storeTimeout bounds the wait for the disk. A worker that waits longer serves
// nobody: the client has asked again.
const storeTimeout = 4 * time.Second

// verdict is what a packet leads to: a reply, or the reason for none.
type verdict struct {
	reply    *dhcpv6.Message // nil: silence
	drop     reason          // why silent
	why      string          // the same, or why the client was refused, for people
	err      error           // the store's
	refused  bool            // the reply takes an address away, or gives none
	full     bool            // the latter, for no address is left
	subnet   *machine.Subnet
	segment  exchange.Segment // those of which the client may have an address, subnet first
	known    boot.Known
	decision boot.Answer
	lease    lease.Lease // offered, bound, released or declined
	boots    string      // the URL that the reply names
}

func (v verdict) silent(r reason, why string) verdict {
	v.reply, v.drop, v.why = nil, r, why
	return v
}

// answer runs RFC 8415 §18.3 for one packet.
func (s *Server) answer(ctx context.Context, q *query) verdict {
	var v verdict
	subnet, ok := s.cfg.Inventory.SubnetFor(q.network())
	switch {
	case !ok:
		return v.silent(dropNoSubnet, "no subnet of ours has the address "+q.network().String())
	case subnet.Mode == machine.ModeOff:
		v.subnet = subnet
		return v.silent(dropNoSubnet, "subnet "+subnet.Name+" is switched off")
	}
	if q.boot.Stage == boot.StageIPXE && s.cfg.Secure && q.boot.Platform == "efi" && !q.keyed {
		// A ROM or a stock loader that cannot check our certificate is given the
		// loader that can, and never a script over HTTP.
		q.boot.Stage = boot.StageFirmware
	}
	v = s.decide(q, v, s.segment(q, subnet))
	if server := q.msg.Options.ServerID(); server != nil && !server.Equal(s.duid) {
		return v.silent(dropOtherServer, "it is for another server, "+exchange.Printable(server.String()))
	}
	if !q.served(v) {
		return v.silent(dropPolicy, v.decision.Why)
	}
	if q.toUs && len(q.relays) == 0 {
		return s.unicast(q, v)
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return s.dispatch(ctx, q, v)
}

func (s *Server) dispatch(ctx context.Context, q *query, v verdict) verdict {
	switch q.msg.MessageType {
	case dhcpv6.MessageTypeSolicit:
		return s.solicit(ctx, q, v)
	case dhcpv6.MessageTypeRequest:
		return s.bindAll(ctx, q, v)
	case dhcpv6.MessageTypeRenew:
		return s.bindAll(ctx, q, v)
	case dhcpv6.MessageTypeRebind:
		return s.rebind(ctx, q, v)
	case dhcpv6.MessageTypeConfirm:
		return s.confirm(q, v)
	case dhcpv6.MessageTypeRelease:
		return s.end(q, v, func(n *machine.Subnet, c lease.Client) error { return s.cfg.Leases.Release(ctx, n, c, q.at) })
	case dhcpv6.MessageTypeDecline:
		return s.end(q, v, func(n *machine.Subnet, c lease.Client) error { return s.cfg.Leases.Decline(ctx, n, c, q.at) })
	default: // Information-request: classify lets no other pass
		return s.grant(q, v, dhcpv6.MessageTypeReply)
	}
}

// unicast answers what a client sent to our address although nobody told it to
// (RFC 8415 §18.4): relays write what they add into what goes to all servers.
// Messages from relays do come to our address.
func (s *Server) unicast(q *query, v verdict) verdict {
	switch q.msg.MessageType {
	case dhcpv6.MessageTypeRequest, dhcpv6.MessageTypeRenew, dhcpv6.MessageTypeRelease, dhcpv6.MessageTypeDecline:
		v.reply = s.newReply(q, dhcpv6.MessageTypeReply)
		v.reply.AddOption(status(iana.StatusUseMulticast, "send to ff02::1:2"))
		v.refused, v.why = true, "it wrote to our address and not to all servers"
		return v
	default:
		return v.silent(dropMalformed, "a "+q.msg.MessageType.String()+" to one server alone")
	}
}

// solicit advertises an address, or binds it at once where the client wants that
// (RFC 8415 §18.3.1).
func (s *Server) solicit(ctx context.Context, q *query, v verdict) verdict {
	if q.msg.GetOneOption(dhcpv6.OptionRapidCommit) != nil {
		v = s.bindAll(ctx, q, v)
		if v.reply != nil {
			v.reply.AddOption(&dhcpv6.OptionGeneric{OptionCode: dhcpv6.OptionRapidCommit})
		}
		return v
	}
	return s.associate(q, v, dhcpv6.MessageTypeAdvertise, func(v verdict, want netip.Addr) (lease.Lease, []netip.Addr, error) {
		l, err := s.cfg.Leases.Offer(v.subnet, q.lessee(within(v.subnet, want)), q.at)
		return l, nil, err
	})
}

// bindAll answers a Request, a Renew, a Rebind or a rapid Solicit once the lease
// is on disk.
func (s *Server) bindAll(ctx context.Context, q *query, v verdict) verdict {
	return s.associate(q, v, dhcpv6.MessageTypeReply, func(v verdict, want netip.Addr) (lease.Lease, []netip.Addr, error) {
		l, gone, err := s.bind(ctx, q, v, want)
		if err == nil {
			s.holders.took(q, q.msg.Options.IANA()[0])
		}
		return l, gone, err
	})
}

// rebind answers a client whose server is silent. What is not of this network is
// taken away; what may be another server's stays as it is (RFC 8415 §18.3.5).
func (s *Server) rebind(ctx context.Context, q *query, v verdict) verdict {
	for _, ia := range q.msg.Options.IANA() {
		if a := wants(ia); v.segment.Holding(a) >= 0 && !s.remembers(q, v) {
			return v.silent(dropUnknownLease, "it asks all servers for "+a.String()+" again, of which there is no record")
		}
	}
	return s.bindAll(ctx, q, v)
}

// remembers tells whether there is a record of the client: a lease, or the
// machine itself.
func (s *Server) remembers(q *query, v verdict) bool {
	if v.known.Machine != nil {
		return true
	}
	return slices.ContainsFunc(v.segment, func(n *machine.Subnet) bool {
		_, ok := s.cfg.Leases.LeaseOf(n.Name, q.boot.MAC)
		return ok
	})
}

// confirm tells a client that was away whether its addresses are of this network
// still (RFC 8415 §18.3.3). Whether they are its own is for Renew to say.
func (s *Server) confirm(q *query, v verdict) verdict {
	code, say, any := iana.StatusSuccess, "all addresses are of this network", false
	for _, ia := range q.msg.Options.IANA() {
		for _, a := range ia.Options.Addresses() {
			any = true
			if v.segment.Holding(addrOf(a.IPv6Addr)) < 0 {
				code, say = iana.StatusNotOnLink, a.IPv6Addr.String()+" is no address of this network"
			}
		}
	}
	if !any {
		return v.silent(dropMalformed, "a Confirm names no address")
	}
	v = s.grant(q, v, dhcpv6.MessageTypeReply)
	v.reply.AddOption(status(code, say))
	v.refused, v.why = code != iana.StatusSuccess, say
	return v
}

// end takes addresses back, or out of use (RFC 8415 §18.3.7 and §18.3.8). An
// association of which nothing is bound is told so.
func (s *Server) end(q *query, v verdict, do func(*machine.Subnet, lease.Client) error) verdict {
	r := s.newReply(q, dhcpv6.MessageTypeReply)
	for _, ia := range q.msg.Options.IANA() {
		bound := false
		for _, o := range ia.Options.Addresses() {
			a := addrOf(o.IPv6Addr)
			at := v.segment.Holding(a)
			if at < 0 {
				continue
			}
			home := v.segment[at]
			l, ok := s.cfg.Leases.LeaseOf(home.Name, q.boot.MAC)
			if !ok || l.Address != a || l.State != lease.Bound {
				continue
			}
			bound = true
			if q.msg.MessageType == dhcpv6.MessageTypeRelease && s.holders.anothers(q, ia) {
				continue
			}
			v.lease = l
			if err := do(home, q.lessee(a)); err != nil {
				v.err = err
				return v.silent(dropStore, "ServerDb did not answer")
			}
		}
		if !bound {
			r.AddOption(association(ia, status(iana.StatusNoBinding, "it has no such address")))
		}
	}
	r.AddOption(status(iana.StatusSuccess, ""))
	v.reply = r
	return v
}
