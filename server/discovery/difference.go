package discovery

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"firstlight/server/machine"
)

// Difference is a field in which what was found is not what people said.
type Difference struct {
	Field      string
	Declared   string
	Discovered string
	By         string // who declared it: "hardware type high-io", "its record"
}

// Sentence says it for people.
func (d Difference) Sentence() string {
	return fmt.Sprintf("%s: %s; %s says %s.", strings.ToUpper(d.Field[:1])+d.Field[1:], d.Discovered, d.By, d.Declared)
}

// Differences holds the facts of a machine against what is declared of it: by
// itself, its interfaces, and its hardware type (nil: none). What was not said
// cannot differ, nor what the agent could not read.
func Differences(m *machine.Machine, t *machine.HardwareType) []Difference {
	if m.Facts == nil {
		return nil
	}
	c := comparison{facts: m.Facts, boot: m.BootMAC()}
	c.declared(m.Declared)
	if t != nil {
		c.specified(t)
	}
	for _, n := range m.NICs {
		if plan, seen, differs := Miscabled(n); differs {
			c.all = append(c.all, Difference{"switch port of " + NICName(n), plan, seen, ByPlan})
		}
	}
	return c.all
}

// Misfits are the differences from the specification of a hardware type alone:
// what keeps a machine from becoming available. What its own record says was
// copied from lists, where vendors are spelt in many ways; that it differs is an
// issue, and holds nothing up.
func Misfits(m *machine.Machine, t *machine.HardwareType) []Difference {
	if m.Facts == nil || t == nil {
		return nil
	}
	c := comparison{facts: m.Facts, boot: m.BootMAC()}
	c.specified(t)
	return c.all
}

// ByPlan is who says where a cable goes; what differs there is a kind of issue
// of its own.
const ByPlan = "the plan"

type comparison struct {
	facts *machine.Facts
	boot  machine.MAC // of the interface that it boots through
	by    string
	all   []Difference
}

func (c *comparison) declared(d machine.Declared) {
	c.by = "its record"
	c.pattern("vendor", d.Vendor, c.facts.Vendor)
	c.pattern("product", d.Product, c.facts.Product)
	c.processors(0, d.Cores)
	c.memory(d.Memory)
	if c.read("disks") {
		c.number("disks", d.Disks, len(c.facts.Disks))
	}
}

func (c *comparison) specified(t *machine.HardwareType) {
	c.by = "hardware type " + t.Name
	c.pattern("vendor", t.Vendor, c.facts.Vendor)
	c.pattern("product", t.Product, c.facts.Product)
	c.processors(t.Sockets, t.Cores)
	c.memory(t.Memory)
	if c.read("smbios") {
		c.modules(t.DIMMs)
	}
	if c.read("disks") {
		c.disks(t.Disks)
	}
	if n := len(c.facts.NICs); t.NICs > n && c.read("nics") {
		c.add("interfaces", fmt.Sprintf("at least %d", t.NICs), strconv.Itoa(n))
	}
	for _, n := range c.facts.NICs {
		if n.MAC == c.boot && 0 < n.Mbps && n.Mbps < t.Mbps { // 0: it does not say
			c.add("link speed", fmt.Sprintf("at least %d Mb/s", t.Mbps), fmt.Sprintf("%d Mb/s", n.Mbps))
		}
	}
}

// read tells whether the agent could read a part.
func (c *comparison) read(part string) bool { return !slices.Contains(c.facts.Missing, part) }

func (c *comparison) add(field, declared, discovered string) {
	c.all = append(c.all, Difference{field, declared, discovered, c.by})
}

// pattern compares with * and ? as wild cards.
func (c *comparison) pattern(field, declared, discovered string) {
	if declared != "" && !machine.Wild(strings.ToLower(discovered), strings.ToLower(declared)) {
		c.add(field, declared, discovered)
	}
}

func (c *comparison) number(field string, declared, discovered int) {
	if declared != 0 && declared != discovered {
		c.add(field, strconv.Itoa(declared), strconv.Itoa(discovered))
	}
}

func (c *comparison) processors(sockets, cores int) {
	if c.read("cpus") {
		c.number("sockets", sockets, c.facts.Sockets)
		c.number("cores", cores, c.facts.Cores)
	}
}

// memory allows for what firmware, kernel and graphics keep for themselves:
// modules are sold in powers of two, so that a missing one is a larger part.
func (c *comparison) memory(declared uint64) {
	seen := c.facts.Memory
	if declared == 0 || !c.read("memory") {
		return
	}
	if slack := declared / 16; seen+slack < declared || seen > declared+slack {
		c.add("memory", Bytes(declared), Bytes(seen))
	}
}

// disks lets the largest disks that are asked for choose first, each the
// smallest that will do, so that what they leave is as much as can be.
func (c *comparison) disks(specs []machine.DiskSpec) {
	have := slices.SortedFunc(slices.Values(c.facts.Disks), func(a, b machine.Disk) int { return cmp.Compare(a.Bytes, b.Bytes) })
	for _, want := range slices.SortedStableFunc(slices.Values(specs), func(a, b machine.DiskSpec) int { return cmp.Compare(b.Bytes, a.Bytes) }) {
		n := 0
		have = slices.DeleteFunc(have, func(d machine.Disk) bool {
			took := n < want.Count && d.Bytes >= want.Bytes && (want.Transport == "" || strings.EqualFold(want.Transport, d.Transport))
			if took {
				n++
			}
			return took
		})
		if n < want.Count {
			c.add(strings.TrimSpace(want.Transport+" disks")+" of at least "+Bytes(want.Bytes), strconv.Itoa(want.Count), strconv.Itoa(n))
		}
	}
}
