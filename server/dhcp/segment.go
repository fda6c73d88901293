package dhcp

import (
	"errors"
	"net/netip"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"firstlight/server/boot"
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
	all := s.together(home)
	if a := addrOf(q.packet.Options.Get(optionSubnet)); a.IsValid() {
		i := holding(all, a)
		if i < 0 {
			return nil, errSelection
		}
		return []*machine.Subnet{all[i]}, nil
	}
	if len(all) > 1 {
		toFront(all, s.about(q, all))
	}
	return all, nil
}

// together are the subnets of a segment from which we give addresses.
func (s *Server) together(home *machine.Subnet) []*machine.Subnet {
	all := []*machine.Subnet{home}
	if home.Network == "" || home.Mode != machine.ModeServer {
		return all
	}
	for _, o := range s.cfg.Inventory.Subnets() {
		if o.Network == home.Network && o.Name != home.Name && o.Mode == machine.ModeServer && !o.Is6() {
			all = append(all, o)
		}
	}
	return all
}

// about finds which subnet a packet is about: the one of the address that it
// names as the client's, of the client's reservation, of its lease, or of its
// wish.
func (s *Server) about(q *query, all []*machine.Subnet) int {
	if q.ciaddr.IsValid() {
		return holding(all, q.ciaddr)
	}
	if q.wants.IsValid() && q.kind != dhcpv4.MessageTypeDiscover {
		return holding(all, q.wants)
	}
	known := s.cfg.Inventory.Known(boot.Request{MAC: q.boot.MAC})
	if i := reserved(all, known.Machine, q.boot.MAC); i >= 0 {
		return i
	}
	if i := s.leased(q, all); i >= 0 {
		return i
	}
	return holding(all, q.wants)
}

// reserved finds the subnet in which ServerDb keeps an address for a client.
func reserved(all []*machine.Subnet, m *machine.Machine, mac machine.MAC) int {
	if m == nil {
		return -1
	}
	for _, n := range m.NICs {
		if n.MAC == mac && n.Address.IsValid() {
			return holding(all, n.Address)
		}
	}
	return -1
}

// leased finds the subnet in which a client has a lease.
func (s *Server) leased(q *query, all []*machine.Subnet) int {
	for i, n := range all {
		if l, ok := s.cfg.Leases.LeaseOf(n.Name, q.boot.MAC); ok && l.State == lease.Bound && l.Holds(q.at) {
			return i
		}
	}
	return -1
}

func holding(all []*machine.Subnet, a netip.Addr) int {
	for i, n := range all {
		if n.Prefix.Contains(a) {
			return i
		}
	}
	return -1
}

func toFront(all []*machine.Subnet, i int) {
	if i > 0 {
		first := all[i]
		copy(all[1:i+1], all[:i])
		all[0] = first
	}
}

// elsewhere tells that a client holds an address in another subnet of its
// segment: one that asks in each could empty all of them. A reservation goes
// before such a lease.
func (s *Server) elsewhere(q *query, v verdict, wants netip.Addr) bool {
	if reserved([]*machine.Subnet{v.subnet}, v.known.Machine, q.boot.MAC) == 0 {
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
