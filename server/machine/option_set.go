package machine

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
)

// OptionSet is DHCP options for the clients of some subnets, or for the machines
// that a selector picks there.
//
// Of an option that several sets give one client, the value of the nearest set
// counts: that of the higher priority; of equal ones that with a selector; then
// that with subnets; then the first by name.
type OptionSet struct {
	Name     string   `json:"name"`
	Options  []Option `json:"options"`
	Match    string   `json:"match,omitempty"`   // selector of machines; empty: every client
	Subnets  []string `json:"subnets,omitempty"` // names; empty: all
	Priority int      `json:"priority,omitempty"`
	Note     string   `json:"note,omitempty"`
}

// maxPriority bounds the priority of a set, on both sides of 0.
const maxPriority = 1000

// Kind gives the list.
func (*OptionSet) Kind() PlanKind { return KindOption }

// Key gives the name.
func (p *OptionSet) Key() string { return p.Name }

// Refers gives nothing: subnets are no list of the plan.
func (*OptionSet) Refers() []PlanRef { return nil }

// Validate names the first field that is wrong, its value and the remedy.
func (p *OptionSet) Validate() error {
	all := []wanted{
		within("options", len(p.Options), 1, 64), within("subnets", len(p.Subnets), 0, 64),
		within("priority", p.Priority, -maxPriority, maxPriority), text("note", p.Note),
	}
	codes := map[uint8]bool{}
	for _, o := range p.Options {
		code, _, err := o.Encode()
		all = append(all, wanted{err == nil, "options", o, fmt.Sprint(err)}, wanted{!codes[code], "options", o, "the set has this option twice: want each once"})
		codes[code] = true
	}
	for _, s := range p.Subnets {
		all = append(all, name("subnets", s))
	}
	sel, err := ParseSelector(p.Match)
	all = append(all, wanted{err == nil, "match", p.Match, fmt.Sprint(err)})
	if err == nil {
		field := beside(sel.Root())
		all = append(all, wanted{field == "", "match", p.Match, field + " is not looked at for each packet: pick machines by what people set, such as role, pool, type, site or name"})
	}
	return first(p, all...)
}

// beside names a field that is not of a machine's record, which alone is in
// memory for each packet; "": there is none.
func beside(n Node) string {
	switch n := n.(type) {
	case nil:
		return ""
	case And:
		return cmp.Or(beside(n.A), beside(n.B))
	case Or:
		return cmp.Or(beside(n.A), beside(n.B))
	case Not:
		return beside(n.N)
	case Present:
		return n.Field.offRecord()
	case Compare:
		return n.Field.offRecord()
	default:
		return "a word without a field"
	}
}

func (f *Field) offRecord() string {
	if f.Scope == Everywhere && (f.Origin == "" || f.Origin == OfRecord) {
		return ""
	}
	return f.Name
}

// OptionTable is all sets as packets need them: selectors parsed, values encoded,
// the nearest set first. It does not change; nil is the empty one.
type OptionTable struct{ sets []readySet }

type readySet struct {
	name    string
	subnets []string
	every   bool // client, known or not
	match   Selector
	options []ReadyOption
}

// ReadyOption is an option as it stands in a packet, and as people wrote it.
type ReadyOption struct {
	Code  uint8
	Value []byte
	Text  Option
}

// NewOptionTable makes sets ready. What cannot be read, which Validate refuses,
// is left out.
func NewOptionTable(all []*OptionSet) *OptionTable {
	sorted := slices.SortedFunc(slices.Values(all), nearer)
	t := &OptionTable{}
	for _, p := range sorted {
		match, err := ParseSelector(p.Match)
		if err != nil {
			continue
		}
		set := readySet{name: p.Name, subnets: p.Subnets, every: p.Match == "", match: match}
		for _, o := range p.Options {
			if code, value, err := o.Encode(); err == nil {
				set.options = append(set.options, ReadyOption{code, value, o})
			}
		}
		t.sets = append(t.sets, set)
	}
	return t
}

// nearer orders sets as OptionSet says.
func nearer(a, b *OptionSet) int {
	said := func(is bool) int {
		if is {
			return 0
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(b.Priority, a.Priority),
		cmp.Compare(said(a.Match != ""), said(b.Match != "")),
		cmp.Compare(said(len(a.Subnets) > 0), said(len(b.Subnets) > 0)),
		cmp.Compare(a.Name, b.Name),
	)
}

// For gives the options of a client in a subnet, each code once; nil is somebody
// whom nobody knows.
func (t *OptionTable) For(subnet string, m *Machine) iter.Seq[ReadyOption] {
	return func(yield func(ReadyOption) bool) {
		if t == nil {
			return
		}
		var given [4]uint64 // a bit a code
		for _, set := range t.sets {
			if !set.of(subnet, m) {
				continue
			}
			for _, o := range set.options {
				if bit := uint64(1) << (o.Code % 64); given[o.Code/64]&bit == 0 {
					given[o.Code/64] |= bit
					if !yield(o) {
						return
					}
				}
			}
		}
	}
}

// AppliedSet is a set that applies to a client.
type AppliedSet struct {
	Name    string
	Options []AppliedOption
}

// AppliedOption is one of its options. By names the nearer set whose value the
// client gets in its place; empty: it gets this one.
type AppliedOption struct {
	Option
	Code uint8
	By   string
}

// Explain gives the sets that apply to a client in a subnet, the nearest first,
// and of each option whose value counts; nil is somebody whom nobody knows.
func (t *OptionTable) Explain(subnet string, m *Machine) (all []AppliedSet) {
	if t == nil {
		return nil
	}
	given := map[uint8]string{}
	for _, set := range t.sets {
		if !set.of(subnet, m) {
			continue
		}
		a := AppliedSet{Name: set.name}
		for _, o := range set.options {
			by, taken := given[o.Code]
			if !taken {
				given[o.Code] = set.name
			}
			a.Options = append(a.Options, AppliedOption{Option: o.Text, Code: o.Code, By: by})
		}
		all = append(all, a)
	}
	return all
}

func (s *readySet) of(subnet string, m *Machine) bool {
	if len(s.subnets) > 0 && !slices.Contains(s.subnets, subnet) {
		return false
	}
	return s.every || m != nil && s.match.Match(m)
}
