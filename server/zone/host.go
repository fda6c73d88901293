package zone

import (
	"cmp"
	"net/netip"
	"slices"

	"firstlight/server/machine"
)

// Named tells whether machines of a status have their names in the DNS: from
// the reservation of the name on, because an install waits until it is visible,
// through every failure after it, because its owner looks for it then; not from
// the release on: whoever still calls the name must not reach a machine that is
// being wiped for somebody else (DNS-10 keeps the name from others meanwhile).
func Named(s machine.Status) bool {
	switch s {
	case machine.Allocated, machine.Installing, machine.Configuring, machine.InUse,
		machine.Broken, machine.Repairing:
		return true
	default:
		return false
	}
}

// Host is the full name that m has in the DNS, without a dot at its end, and
// the address there. It is false for a machine that has none. A name that a
// conflict keeps out of its zone is given all the same: what the DNS answers
// to it is for the one who asks to find out.
func Host(m *machine.Machine, subnets []*machine.Subnet) (name string, addr netip.Addr, ok bool) {
	if m.Hostname == "" || !Named(m.Status) {
		return "", netip.Addr{}, false
	}
	hosts := hostsOf(m, indexSubnets(subnets))
	if len(hosts) == 0 {
		return "", netip.Addr{}, false
	}
	return hosts[0].name[:len(hosts[0].name)-1], hosts[0].addr, true
}

// SameInput tells whether Build makes the same of two records of a machine, so
// that a heartbeat does not rebuild zones.
func SameInput(a, b *machine.Machine) bool {
	return a == b || a.ID == b.ID && a.Name == b.Name && a.Hostname == b.Hostname &&
		a.Status == b.Status && a.Since.Equal(b.Since) && slices.Equal(a.NICs, b.NICs)
}

// SameSubnet tells whether Build makes the same of two subnets.
func SameSubnet(a, b *machine.Subnet) bool {
	return a == b || a.Name == b.Name && a.Prefix == b.Prefix && a.Domain == b.Domain
}

// host is a name and the address that it is to have.
type host struct {
	name string // absolute
	addr netip.Addr
}

// hostsOf lists the names of a machine, that of its boot NIC first. In each
// domain it has at most one address of each family: a second NIC on the same
// wire would make every other connection go astray.
func hostsOf(m *machine.Machine, subnets subnetIndex) []host {
	var hosts []host
	add := func(n machine.NIC) {
		s, ok := subnets.find(n.Address)
		if !ok || s.Domain == "" {
			return
		}
		h := host{m.Hostname + "." + absolute(s.Domain), n.Address}
		if !slices.ContainsFunc(hosts, func(o host) bool {
			return o.name == h.name && o.addr.Is4() == h.addr.Is4()
		}) {
			hosts = append(hosts, h)
		}
	}
	boot := m.BootMAC()
	for _, n := range m.NICs {
		if n.MAC == boot {
			add(n)
		}
	}
	for _, n := range m.NICs {
		if n.MAC != boot {
			add(n)
		}
	}
	return hosts
}

// subnetIndex finds the subnet of an address with one look per prefix length.
type subnetIndex struct {
	bits     []int // that occur, longest first
	byPrefix map[netip.Prefix]*machine.Subnet
}

func indexSubnets(subnets []*machine.Subnet) subnetIndex {
	x := subnetIndex{byPrefix: make(map[netip.Prefix]*machine.Subnet, len(subnets))}
	for _, s := range subnets {
		x.byPrefix[s.Prefix] = s
		if !slices.Contains(x.bits, s.Prefix.Bits()) {
			x.bits = append(x.bits, s.Prefix.Bits())
		}
	}
	slices.SortFunc(x.bits, func(a, b int) int { return cmp.Compare(b, a) })
	return x
}

func (x subnetIndex) find(a netip.Addr) (*machine.Subnet, bool) {
	for _, bits := range x.bits {
		p, err := a.Prefix(bits)
		if err != nil { // the zero address, or more bits than IPv4 has
			continue
		}
		if s, ok := x.byPrefix[p]; ok {
			return s, true
		}
	}
	return nil, false
}
