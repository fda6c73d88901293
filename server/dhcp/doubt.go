package dhcp

import (
	"context"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/journal"
	"firstlight/server/lease"
)

// maxDoubts is how many offers may wait at once for whether somebody answers from
// their address. They hold no worker; what is more goes out unprobed, so that a
// storm waits for nobody.
const maxDoubts = 64

// doubtful tells whether an address is to be probed before it is offered
// (RFC 2131 §4.3.1): always, but for one that the client had last. It may be on
// it still, and beyond a relay, or in a rack of light machines, it would be
// taken for another.
func (s *Server) doubtful(q *query, v verdict) bool {
	if s.doubts == nil || s.cfg.Leases.Careful(q.at) { // then offer probed it already
		return false
	}
	last, ok := s.cfg.Leases.LeaseOf(v.subnet.Name, q.boot.MAC)
	return !ok || last.Address != v.lease.Address
}

// later probes what is to be offered and then answers, beside the workers. It
// tells whether there was room for that.
func (s *Server) later(ctx context.Context, q *query, v verdict) bool {
	select {
	case s.doubts <- struct{}{}:
	default:
		s.metrics.unprobed.Add(1)
		return false
	}
	s.probing.Go(func() {
		defer func() { <-s.doubts }()
		defer s.contain(q.from, q.packet.ToBytes)
		s.complete(q, s.settle(ctx, q, v))
	})
	return true
}

// settle looks for an address from which nobody answers, and makes the offer.
func (s *Server) settle(ctx context.Context, q *query, v verdict) verdict {
	for range probeTries {
		other, taken := s.whoAnswers(ctx, q, v.lease.Address)
		if !taken {
			return s.grant(q, v, dhcpv4.MessageTypeOffer)
		}
		s.metrics.conflicts.Add(1)
		if err := s.cfg.Leases.Quarantine(ctx, v.subnet, v.lease.Address, other, q.at); err != nil {
			v.err = err
			return v.silent(dropStore, "ServerDb did not answer")
		}
		by := "another"
		if !other.IsZero() {
			by = other.String()
		}
		row := s.row(q, v, journal.Avoided, "%s was not offered %s, from which %s answers: kept out for %s", q.who(), v.lease.Address, by, lease.Probation)
		row.Details["other_mac"] = other.String()
		s.cfg.Journal.Note(row)
		if v = s.pick(ctx, q, v); v.drop != reasonDone {
			return v
		}
	}
	return v.silent(dropNoAddress, "subnet "+v.subnet.Name+": "+errAnswered.Error())
}
