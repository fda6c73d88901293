package delivery

import (
	"fmt"
	"strings"

	"firstlight/server/machine"
)

// claim is something that only one machine can have.
type claim struct{ field, value string }

// claimsOf are those of a record.
func claimsOf(m *machine.Machine) (all []claim) {
	add := func(field, value string) {
		if value != "" {
			all = append(all, claim{field, value})
		}
	}
	add("name", strings.ToLower(m.Name))
	if m.Status == machine.Retired {
		return all // it leaves all else to others
	}
	add("hostname", m.Hostname)
	add("bmc_mac", m.BMC.MAC.String())
	if !machine.PlaceholderSerial(m.Serial) {
		add("serial", m.Serial)
	}
	for _, n := range m.NICs {
		add("mac", n.MAC.String())
		if n.Switch != "" && n.Port != "" {
			add("port", n.Switch+" "+n.Port)
		}
	}
	for _, p := range m.Places() {
		add("unit", p.String())
	}
	return all
}

// claims tells who has what, once all lines that were not refused are written.
type claims struct {
	verdicts []Verdict
	line     map[claim]int              // index of a verdict
	fleet    map[claim]*machine.Machine // that no line changes
}

// settleClaims refuses lines that want what another line or machine has. What
// a line gives up is free for the others, so that machines may change places
// within one list; where such a line is refused, its machine keeps what it has.
func settleClaims(fleet []*machine.Machine, verdicts []Verdict) {
	c := claims{verdicts: verdicts, line: map[claim]int{}, fleet: map[claim]*machine.Machine{}}
	moves := map[string]bool{}
	for i := range verdicts {
		if v := &verdicts[i]; v.Result == Update {
			moves[v.Before.ID] = true
		}
	}
	for _, m := range fleet {
		if !moves[m.ID] {
			c.keep(m)
		}
	}
	for i := range verdicts {
		if r := verdicts[i].Result; r == New || r == Update {
			c.take(i)
		}
	}
}

func (c *claims) keep(m *machine.Machine) {
	for _, k := range claimsOf(m) {
		c.fleet[k] = m
	}
}

// take gives a line what it wants, or refuses it.
func (c *claims) take(i int) {
	v := &c.verdicts[i]
	if v.Result == Refused {
		return
	}
	for _, k := range claimsOf(v.After) {
		if m := c.fleet[k]; m != nil && (v.Before == nil || m.ID != v.Before.ID) {
			c.refuse(i, k.fault(v.After, "belongs to machine "+m.Name+": change that one first, or give another", m))
			return
		}
		if other, ok := c.line[k]; ok && other != i {
			c.refuse(i, k.fault(v.After, fmt.Sprintf("line %d gives it, too: correct one", c.verdicts[other].Line), nil))
			return
		}
	}
	for _, k := range claimsOf(v.After) {
		c.line[k] = i
	}
}

// refuse takes back what a line was given. What its machine has stays its own,
// and refuses the lines that counted on it.
func (c *claims) refuse(i int, f Fault) {
	type todo struct {
		line  int
		fault Fault
	}
	for queue := []todo{{i, f}}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		v := &c.verdicts[at.line]
		if v.Result == Refused {
			continue
		}
		v.refuse(at.fault)
		for _, k := range claimsOf(v.After) {
			if c.line[k] == at.line {
				delete(c.line, k)
			}
		}
		if v.Before == nil {
			continue
		}
		c.keep(v.Before)
		for _, k := range claimsOf(v.Before) {
			if other, ok := c.line[k]; ok {
				why := fmt.Sprintf("belongs to machine %s, which stays as it is because line %d is refused", v.Before.Name, v.Line)
				queue = append(queue, todo{other, k.fault(c.verdicts[other].After, why, v.Before)})
			}
		}
	}
}

// fault says in a line's own columns what cannot be had, and for a unit who
// fills it.
func (k claim) fault(m *machine.Machine, why string, by *machine.Machine) Fault {
	f := Fault{k.field, k.value, why}
	switch k.field {
	case "unit":
		if by != nil {
			f.Why = fmt.Sprintf("is filled by machine %s: move that one first, or give another unit", by.Name)
			if strings.HasPrefix(why, "belongs") && strings.Contains(why, "refused") {
				f.Why = strings.Replace(why, "belongs to", "is filled by", 1)
			}
		}
	case "mac":
		for i, n := range m.NICs {
			if n.MAC.String() == k.value {
				f.Field = fmt.Sprintf("nic%d_mac", i+1)
			}
		}
	case "port":
		for i, n := range m.NICs {
			if n.Switch+" "+n.Port == k.value {
				f.Field = fmt.Sprintf("nic%d_port", i+1)
			}
		}
	}
	return f
}
