package dhcp6

import (
	"firstlight/server/boot"
	"firstlight/server/exchange"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

// segment gives the subnets of which the client may have its address, the one that
// the message is about first: that of its reservation, of its lease, or of the
// address that it names.
func (s *Server) segment(q *query, home *machine.Subnet) exchange.Segment {
	all := exchange.SegmentOf(home, s.cfg.Inventory.Subnets())
	if len(all) > 1 {
		all.ToFront(s.about(q, all))
	}
	return all
}

func (s *Server) about(q *query, all exchange.Segment) int {
	known := s.cfg.Inventory.Known(boot.Request{MAC: q.boot.MAC})
	if i := all.Reserved(known.Machine, q.boot.MAC); i >= 0 {
		return i
	}
	for i, n := range all {
		if l, ok := s.cfg.Leases.LeaseOf(n.Name, q.boot.MAC); ok && l.State == lease.Bound && l.Holds(q.at) {
			return i
		}
	}
	for _, ia := range q.msg.Options.IANA() {
		if i := all.Holding(wants(ia)); i >= 0 {
			return i
		}
	}
	return -1
}

// decide asks what the client boots in the first subnet of its segment.
func (s *Server) decide(q *query, v verdict, segment exchange.Segment) verdict {
	v.segment, v.subnet = segment, segment[0]
	q.boot.Subnet = v.subnet.Name
	v.known = s.cfg.Inventory.Known(q.boot)
	v.decision = boot.Decide(q.boot, v.known, q.at)
	return v
}
