package dhcp6

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"

	"firstlight/server/lease"
	"firstlight/server/machine"
)

// associate answers every identity association of a message. The first for
// addresses gets the client's one address by find, which also gives what the
// client must not use any more; the others get none.
func (s *Server) associate(q *query, v verdict, kind dhcpv6.MessageType, find func(v verdict, want netip.Addr) (lease.Lease, []netip.Addr, error)) verdict {
	var all []dhcpv6.Option
	refused, full := "", false
	for i, ia := range q.msg.Options.IANA() {
		if i > 0 {
			all = append(all, association(ia, status(iana.StatusNoAddrsAvail, "one address for each interface")))
			continue
		}
		l, gone, err := find(v, wants(ia))
		for rest := v.segment[1:]; errors.Is(err, lease.ErrFull) && len(rest) > 0; rest = rest[1:] {
			if next := s.decide(q, v, rest); q.served(next) {
				v = next
				l, gone, err = find(v, wants(ia))
			}
		}
		if err != nil && !errors.Is(err, lease.ErrFull) && !errors.Is(err, lease.ErrNotYours) {
			v.err = err
			return v.silent(dropStore, "ServerDb did not answer")
		}
		v.lease = l
		if err != nil {
			refused, full = "subnet "+v.subnet.Name+": "+err.Error(), errors.Is(err, lease.ErrFull)
			all = append(all, association(ia, append(withdrawn(gone), status(iana.StatusNoAddrsAvail, err.Error()))...))
			continue
		}
		all = append(all, lent(ia, l.ExpiresAt.Sub(q.at), l.Address, gone))
	}
	all = append(all, s.unserved(q)...)
	if v = s.grant(q, v, kind); refused != "" {
		v.refused, v.full, v.why = true, full, refused
	}
	for _, o := range all {
		v.reply.AddOption(o)
	}
	return v
}

// bind gives the client the address that it wants where it may have it, and else
// one that it may have; the first must then not be used any more.
func (s *Server) bind(ctx context.Context, q *query, v verdict, want netip.Addr) (lease.Lease, []netip.Addr, error) {
	var gone []netip.Addr
	if want.IsValid() {
		if v.subnet.Prefix.Contains(want) {
			l, err := s.cfg.Leases.Bind(ctx, v.subnet, q.lessee(want), q.at)
			if !errors.Is(err, lease.ErrNotYours) {
				return l, nil, err
			}
		}
		gone = append(gone, want)
	}
	l, err := s.cfg.Leases.Offer(v.subnet, q.lessee(netip.Addr{}), q.at)
	if err == nil {
		l, err = s.cfg.Leases.Bind(ctx, v.subnet, q.lessee(l.Address), q.at)
	}
	return l, gone, err
}

// within is an address if it is one of the subnet.
func within(s *machine.Subnet, a netip.Addr) netip.Addr {
	if !s.Prefix.Contains(a) {
		return netip.Addr{}
	}
	return a
}

// lent is an association with its address. The client must never count longer
// than the lease on disk: whole seconds, rounded down. After three quarters of it
// without an answer nothing new begins from the address; T1 and T2 are the parts
// of that which RFC 8415 §21.4 recommends.
func lent(ia *dhcpv6.OptIANA, valid time.Duration, a netip.Addr, gone []netip.Addr) *dhcpv6.OptIANA {
	valid = valid.Truncate(time.Second)
	preferred := (valid * 3 / 4).Truncate(time.Second)
	out := association(ia, withdrawn(gone)...)
	out.T1, out.T2 = (preferred / 2).Truncate(time.Second), (preferred * 4 / 5).Truncate(time.Second)
	out.Options.Add(&dhcpv6.OptIAAddress{IPv6Addr: a.AsSlice(), PreferredLifetime: preferred, ValidLifetime: valid})
	return out
}

// association is an answer about an association of the client.
func association(ia *dhcpv6.OptIANA, what ...dhcpv6.Option) *dhcpv6.OptIANA {
	return &dhcpv6.OptIANA{IaId: ia.IaId, Options: dhcpv6.IdentityOptions{Options: what}}
}

// withdrawn are addresses that the client must not use: their lifetimes are 0
// (RFC 8415 §18.3.4).
func withdrawn(all []netip.Addr) []dhcpv6.Option {
	out := make([]dhcpv6.Option, 0, len(all)+1)
	for _, a := range all {
		out = append(out, &dhcpv6.OptIAAddress{IPv6Addr: a.AsSlice()})
	}
	return out
}

// unserved tells a client that we have neither temporary addresses nor prefixes
// for it.
func (s *Server) unserved(q *query) (all []dhcpv6.Option) {
	for _, ia := range q.msg.Options.IATA() {
		no := dhcpv6.IdentityOptions{Options: dhcpv6.Options{status(iana.StatusNoAddrsAvail, "no temporary addresses")}}
		all = append(all, &dhcpv6.OptIATA{IaId: ia.IaId, Options: no})
	}
	for _, ia := range q.msg.Options.IAPD() {
		no := dhcpv6.PDOptions{Options: dhcpv6.Options{status(iana.StatusNoPrefixAvail, "no prefixes")}}
		all = append(all, &dhcpv6.OptIAPD{IaId: ia.IaId, Options: no})
	}
	return all
}

func status(code iana.StatusCode, text string) dhcpv6.Option {
	return &dhcpv6.OptStatusCode{StatusCode: code, StatusMessage: text}
}
