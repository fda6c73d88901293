package zone

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"firstlight/server/machine"
)

// owner is who has a name or an address: a machine, or the appliance (nil).
type owner struct{ *machine.Machine }

func (o owner) name() string {
	if o.Machine == nil {
		return ""
	}
	return o.Name
}

func (o owner) String() string {
	if o.Machine == nil {
		return "the appliance"
	}
	return fmt.Sprintf("machine %s (%s, %s)", o.Name, o.Hostname, o.Status.Human())
}

// claims is who has which name and address. Both are granted together or not
// at all, so that forward and reverse never disagree.
type claims struct {
	builder   *builder
	names     map[string]owner
	addresses map[netip.Addr]owner
	granted   []host
}

// claim deals names and addresses out: to the appliance, then to the machines,
// those first that others rely on already.
func claim(b *builder, subnets []*machine.Subnet, machines []*machine.Machine) *claims {
	c := &claims{
		builder: b, granted: make([]host, 0, len(machines)),
		names:     make(map[string]owner, len(machines)),
		addresses: make(map[netip.Addr]owner, len(machines)),
	}
	for _, d := range b.inOrder() {
		if d.forward {
			c.ofAppliance(d)
		}
	}
	index := indexSubnets(subnets)
	for _, m := range byReliance(machines) {
		c.ofMachine(m, hostsOf(m, index))
	}
	return c
}

// ofAppliance grants ns.<zone>. One address may be the server of many zones;
// it has its PTR from the first alone.
func (c *claims) ofAppliance(d *draft) {
	for _, a := range c.builder.serverAddresses(d) {
		if _, ok := c.addresses[a]; ok {
			c.builder.add(d.ns, Address{a})
			continue
		}
		c.grant(owner{}, host{d.ns, a})
	}
	c.names[d.zone.Name] = owner{} // the apex, should a host of the zone above be called so
}

func (c *claims) ofMachine(m *machine.Machine, hosts []host) {
	me := owner{m}
	if err := checkHostname(m.Hostname); err != nil {
		c.problem(Problem{
			Kind: BadHostname, Subject: m.Hostname, Machine: m.Name,
			Sentence: fmt.Sprintf("%s has no name in the DNS: %s; give it another host name", me, err),
		})
		return
	}
	if len(hosts) == 0 {
		c.problem(Problem{
			Kind: NoAddress, Subject: m.Hostname, Machine: m.Name,
			Sentence: fmt.Sprintf("%s has no name in the DNS: no NIC has an address in a subnet with a domain; reserve one", me),
		})
		return
	}
	for _, h := range hosts {
		if len(h.name)-1 > maxName {
			c.problem(Problem{
				Kind: BadHostname, Subject: h.name, Machine: m.Name,
				Sentence: fmt.Sprintf("%s has no name in the DNS: %s has more than %d characters", me, h.name, maxName),
			})
			continue
		}
		c.want(me, h)
	}
}

// want grants h, unless its name or its address is another's.
func (c *claims) want(me owner, h host) {
	name := fold(h.name)
	if _, ok := c.builder.zones[parent(name)]; !ok {
		return // the subnet's domain cannot be a zone: that is a Problem already
	}
	if has, ok := c.names[name]; ok && has != me {
		c.problem(taken(NameTaken, h.name, has, me))
		return
	}
	if has, ok := c.addresses[h.addr]; ok && has != me {
		c.problem(taken(AddressTaken, h.addr.String(), has, me))
		return
	}
	c.grant(me, h)
}

func (c *claims) grant(o owner, h host) {
	c.names[fold(h.name)] = o
	c.addresses[h.addr] = o
	c.granted = append(c.granted, h)
}

func (c *claims) problem(p Problem) { c.builder.problems = append(c.builder.problems, p) }

// byReliance gives the machines that have a name, the one to keep it in a
// conflict first: who serves, before who is about to; then who got there first.
func byReliance(machines []*machine.Machine) []*machine.Machine {
	named := make([]*machine.Machine, 0, len(machines))
	for _, m := range machines {
		if m.Hostname != "" && Named(m.Status) {
			named = append(named, m)
		}
	}
	slices.SortFunc(named, func(a, b *machine.Machine) int {
		return cmp.Or(cmp.Compare(reliance(a.Status), reliance(b.Status)),
			a.Since.Compare(b.Since), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return named
}

func reliance(s machine.Status) int {
	switch s {
	case machine.InUse:
		return 0
	case machine.Broken, machine.Repairing: // was in use, most likely
		return 1
	case machine.Configuring:
		return 2
	case machine.Installing:
		return 3
	default:
		return 4
	}
}
