package zone

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"firstlight/server/machine"
)

// checkMailbox keeps a mailbox that is no name out of every SOA.
func (b *builder) checkMailbox() {
	if b.options.Mailbox == "" {
		return
	}
	name := absolute(b.options.Mailbox)
	err := checkDomain(name[:len(name)-1])
	if err == nil {
		b.options.Mailbox = name
		return
	}
	b.problems = append(b.problems, Problem{
		Kind: BadDomain, Subject: b.options.Mailbox,
		Sentence: fmt.Sprintf("mailbox %q of the zones: %v; want a name such as hostmaster.example.net", b.options.Mailbox, err),
	})
	b.options.Mailbox = ""
}

// layOut opens the zones. A subnet without a domain has none: without names
// there is nothing for its reverse zone to point at.
func (b *builder) layOut(subnets []*machine.Subnet) {
	// Of two subnets that share a reverse zone, the first by prefix names its
	// server, whatever order they come in.
	subnets = slices.SortedFunc(slices.Values(subnets), func(x, y *machine.Subnet) int {
		return cmp.Or(x.Prefix.Addr().Compare(y.Prefix.Addr()), cmp.Compare(x.Prefix.Bits(), y.Prefix.Bits()))
	})
	for _, s := range subnets {
		if s.Domain == "" {
			continue
		}
		name := absolute(s.Domain)
		if err := checkDomain(name[:len(name)-1]); err != nil {
			b.problems = append(b.problems, Problem{
				Kind: BadDomain, Subject: s.Domain,
				Sentence: fmt.Sprintf("subnet %s: domain %q is not served: %v; correct it", s.Name, s.Domain, err),
			})
			continue
		}
		ns := nsLabel + "." + name
		b.open(name, ns, s.Prefix).forward = true
		for _, r := range reverseZones(s.Prefix) {
			b.open(r, ns, s.Prefix)
		}
	}
}

func (b *builder) open(name, ns string, p netip.Prefix) *draft {
	d, ok := b.zones[name]
	if !ok {
		mailbox := "hostmaster." + parent(ns)
		if b.options.Mailbox != "" {
			mailbox = b.options.Mailbox
		}
		d = &draft{ns: ns, zone: Zone{Name: name, SOA: SOA{
			NS: ns, Mailbox: mailbox, TTL: b.options.TTL,
			Refresh: refresh, Retry: retry, Expire: expire, Minimum: minimum,
		}}}
		b.zones[name] = d
	}
	d.subnets = append(d.subnets, p)
	return d
}

// nameServers gives each zone its NS record.
func (b *builder) nameServers() {
	for _, d := range b.zones {
		d.add(d.zone.Name, Nameserver(d.ns))
	}
	if len(b.options.Servers) == 0 && len(b.zones) > 0 {
		b.problems = append(b.problems, Problem{
			Kind: NoNameserver, Subject: nsLabel,
			Sentence: "the zones name a server without an address: give the appliance's own address in the configuration",
		})
	}
}

// serverAddresses are the appliance's addresses inside a zone's own subnets,
// or all of them.
func (b *builder) serverAddresses(d *draft) []netip.Addr {
	var near []netip.Addr
	for _, a := range b.options.Servers {
		if slices.ContainsFunc(d.subnets, func(p netip.Prefix) bool { return p.Contains(a) }) {
			near = append(near, a)
		}
	}
	if len(near) > 0 {
		return near
	}
	return b.options.Servers
}

// delegate tells each zone of the zones cut out of it. We answer for both
// anyway; but the names between the two must exist in the upper one (RFC 8020),
// and a secondary of the upper one must find the lower.
func (b *builder) delegate() {
	for name, d := range b.zones {
		upper, ok := b.above(name)
		if !ok {
			continue
		}
		upper.add(name, Nameserver(d.ns))
		if d.forward { // its server lies below the cut: glue
			for _, a := range b.serverAddresses(d) {
				upper.add(d.ns, Address{a})
			}
		}
	}
}

// above is the zone that a zone is cut out of.
func (b *builder) above(name string) (*draft, bool) {
	name = parent(name)
	if name == "." {
		return nil, false
	}
	return b.zoneOf(name)
}

// zoneOf is the deepest zone that holds a name.
func (b *builder) zoneOf(name string) (*draft, bool) {
	for name = fold(name); name != "."; name = parent(name) {
		if d, ok := b.zones[name]; ok {
			return d, true
		}
	}
	return nil, false
}
