package dhcp

import (
	"errors"
	"net/netip"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/boot"
	"firstlight/server/exchange"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

// A segment carries one subnet, or those that have the same network in ServerDb:
// a client on it may have an address of any of them.

var errSelection = errors.New("option 118 names a subnet that is not on its segment")

// subnetOf finds the subnet that the client's segment is known by, if we serve
// it. Without one there is silence, never a NAK: the network is somebody else's.
func (s *Server) subnetOf(q *query) (*machine.Subnet, bool) {
	subnet, ok := s.cfg.Inventory.SubnetFor(q.network())
	return subnet, ok && subnet.Mode != machine.ModeOff
}

// segment gives the subnets that the client may have an address of, the one that
// the packet is about first. A client that names one of another segment is
// refused: it may not reach its gateway, and could empty its ranges.
func (s *Server) segment(q *query, home *machine.Subnet) ([]*machine.Subnet, error) {
	all := exchange.SegmentOf(home, s.cfg.Inventory.Subnets())
	if a := addrOf(q.packet.Options.Get(optionSubnet)); a.IsValid() {
		i := all.Holding(a)
		if i < 0 {
			return nil, errSelection
		}
		return []*machine.Subnet{all[i]}, nil
	}
	if len(all) > 1 {
		all.ToFront(s.about(q, all))
	}
	return all, nil
}

// about finds which subnet a packet is about: the one of the address that it
// names as the client's, of the client's reservation, of its lease, or of its
// wish.
func (s *Server) about(q *query, all exchange.Segment) int {
	if q.ciaddr.IsValid() {
		return all.Holding(q.ciaddr)
	}
	if q.wants.IsValid() && q.kind != dhcpv4.MessageTypeDiscover {
		return all.Holding(q.wants)
	}
	known := s.cfg.Inventory.Known(boot.Request{MAC: q.boot.MAC})
	if i := all.Reserved(known.Machine, q.boot.MAC); i >= 0 {
		return i
	}
	if i := s.leased(q, all); i >= 0 {
		return i
	}
	return all.Holding(q.wants)
}

// leased finds the subnet in which a client has a lease.
func (s *Server) leased(q *query, all exchange.Segment) int {
	for i, n := range all {
		if l, ok := s.cfg.Leases.LeaseOf(n.Name, q.boot.MAC); ok && l.State == lease.Bound && l.Holds(q.at) {
			return i
		}
	}
	return -1
}

// elsewhere tells that a client holds an address in another subnet of its
// segment: one that asks in each could empty all of them. A reservation goes
// before such a lease.
func (s *Server) elsewhere(q *query, v verdict, wants netip.Addr) bool {
	if (exchange.Segment{v.subnet}).Reserved(v.known.Machine, q.boot.MAC) == 0 {
		return false
	}
	for _, n := range v.segment {
		if n.Name == v.subnet.Name {
			continue
		}
		if l, ok := s.cfg.Leases.LeaseOf(n.Name, q.boot.MAC); ok && l.State == lease.Bound && l.Holds(q.at) && l.Address != wants {
			return true
		}
	}
	return false
}
