package exchange

import (
	"net/netip"

	"firstlight/server/machine"
)

// Segment are the subnets of one version of IP that lie on one segment, since
// they have the same network in ServerDb: a client there may have an address of
// any of them.
type Segment []*machine.Subnet

// SegmentOf is a subnet with those of all on its segment from which we give
// addresses, the subnet first.
func SegmentOf(home *machine.Subnet, all []*machine.Subnet) Segment {
	g := Segment{home}
	if home.Network == "" || home.Mode != machine.ModeServer {
		return g
	}
	for _, o := range all {
		if o.Network == home.Network && o.Name != home.Name && o.Mode == machine.ModeServer && o.Is6() == home.Is6() {
			g = append(g, o)
		}
	}
	return g
}

// Holding is which subnet an address is of; -1: none.
func (g Segment) Holding(a netip.Addr) int {
	for i, n := range g {
		if n.Prefix.Contains(a) {
			return i
		}
	}
	return -1
}

// Reserved is the subnet in which ServerDb keeps an address for an interface of a
// machine; -1: none.
func (g Segment) Reserved(m *machine.Machine, mac machine.MAC) int {
	if m == nil {
		return -1
	}
	for _, n := range m.NICs {
		if n.MAC == mac && n.Address.IsValid() {
			return g.Holding(n.Address)
		}
	}
	return -1
}

// ToFront moves a subnet to the front; -1 leaves all as they are.
func (g Segment) ToFront(i int) {
	if i > 0 {
		first := g[i]
		copy(g[1:i+1], g[:i])
		g[0] = first
	}
}
