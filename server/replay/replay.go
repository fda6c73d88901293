// Package replay holds a change against the boots that there were: what would
// have been answered if it had been made before them.
//
// It is pure: decisions of the journal, records and rules come in as arguments,
// and what answers is boot.Decide and discovery.Try, the code that answers
// machines. It promises that both sides of a comparison rest on the same facts,
// so that they differ by the change alone. It imports the words, boot and
// discovery; the desk imports it.
package replay

import (
	"cmp"
	"slices"
	"time"

	"firstlight/server/boot"
	"firstlight/server/discovery"
	"firstlight/server/machine"
)

// World is the state that answers rest on besides the machine itself.
type World struct {
	Subnets map[string]*machine.Subnet
	Rules   []*machine.Rule
	// Locked says of some machines, by id, whether automation keeps away from
	// them; of the others, what the record of the boot says.
	Locked map[string]bool
	// Options are what DHCP says beside what a boot needs.
	Options *machine.OptionTable
}

// Facts are what a comparison knows of machines.
type Facts struct {
	// Machine gives one by id with its facts; nil: there is none any more.
	Machine func(id string) *machine.Machine
	// ByMAC gives the machine that has an interface now; nil: there is none.
	ByMAC func(machine.MAC) *machine.Machine
	// InUse gives the name of the machine in use whose UUID or serial number a
	// request shows that nobody knows by its interface; "": of none.
	InUse func(boot.Request) string
	// Accepted tells how many machines a rule accepted, besides one.
	Accepted func(rule, besides string) int
	Plan     discovery.Plan
	Images   []*machine.Image
}

// Change is what becomes different for one who boots.
type Change struct {
	MAC     machine.MAC
	Machine string // name; "": nobody knows it
	Subnet  string
	Before  string // what it was answered, in words
	After   string
	Boots   int
	Last    time.Time
	// Destructive tells that an installer would be served now, and was not before.
	Destructive bool
	// InUse is the machine in use that it is; "": it is none.
	InUse string
}

// Diff is what a change does to the boots that there were.
type Diff struct {
	Boots       int // that were looked at
	Decisions   int // of which they are made
	Changed     int // boots that get another answer
	Destructive int // of those
	Changes     []Change
}

// Forbidden are the changes that would serve an installer to a machine in use.
func (d *Diff) Forbidden() (all []Change) {
	for _, c := range d.Changes {
		if c.Destructive && c.InUse != "" {
			all = append(all, c)
		}
	}
	return all
}

// oneBoot is the time within which decisions for a MAC are of one boot:
// firmware, loader and script ask within a minute, behind a slow port in two.
const oneBoot = 2 * time.Minute

// Replayer compares two worlds, one decision after the other.
type Replayer struct {
	facts         Facts
	before, after side
	differ        bool // the rules do
	options       bool // the DHCP options do
	diff          Diff
	boots         map[machine.MAC]*bootSeen
	answered      map[*boot.Record][2]answer // those that no job's time decides
	changes       map[changeKey]*Change
}

type bootSeen struct {
	last    time.Time
	changed bool
	danger  bool
}

type changeKey struct {
	mac           machine.MAC
	before, after string
}

// New makes a Replayer.
func New(before, after World, f Facts) *Replayer {
	return &Replayer{
		facts: f, before: newSide(before), after: newSide(after), differ: !sameRules(before.Rules, after.Rules), options: before.Options != after.Options,
		boots: map[machine.MAC]*bootSeen{}, answered: map[*boot.Record][2]answer{}, changes: map[changeKey]*Change{},
	}
}

func sameRules(a, b []*machine.Rule) bool {
	return slices.EqualFunc(a, b, func(x, y *machine.Rule) bool { return *x == *y })
}

// Add takes a decision of the journal, in the order of time. The record must
// not change any more.
func (p *Replayer) Add(at time.Time, r *boot.Record) {
	p.diff.Decisions++
	b := p.boots[r.Request.MAC]
	if b == nil || at.Sub(b.last) > oneBoot {
		b = &bootSeen{}
		p.boots[r.Request.MAC] = b
		p.diff.Boots++
	}
	b.last = at
	if a := p.both(at, r); a[0] != a[1] {
		p.note(at, r, b, a[0], a[1])
	}
}

// both gives the answers of the two worlds. Machines that boot alike share a
// record.
func (p *Replayer) both(at time.Time, r *boot.Record) [2]answer {
	if known, ok := p.answered[r]; ok {
		return known
	}
	a := [2]answer{p.before.answer(p, at, r), p.after.answer(p, at, r)}
	if p.options {
		was, is := p.optionsOf(r)
		a[0].words, a[1].words = a[0].words+was, a[1].words+is
	}
	if r.Job == nil {
		p.answered[r] = a
	}
	return a
}

func (p *Replayer) note(at time.Time, r *boot.Record, b *bootSeen, before, after answer) {
	key := changeKey{r.Request.MAC, before.words, after.words}
	c := p.changes[key]
	if c == nil {
		c = &Change{
			MAC: key.mac, Subnet: r.Request.Subnet, Before: key.before, After: key.after,
			Destructive: after.installs && !before.installs, InUse: p.inUse(r),
		}
		if m := p.machine(r); m != nil {
			c.Machine = m.Name
		}
		p.changes[key] = c
	}
	if !b.changed {
		b.changed = true
		p.diff.Changed++
		c.Boots++
	}
	if c.Destructive && !b.danger {
		b.danger = true
		p.diff.Destructive++
	}
	c.Last = at
}

// machine is the record of who asked, as it is now; nil: there is none.
func (p *Replayer) machine(r *boot.Record) *machine.Machine {
	if r.Machine == "" {
		return p.facts.ByMAC(r.Request.MAC)
	}
	return p.facts.Machine(r.Machine)
}

// inUse names the machine in use that asked: it was then, or nobody knows the
// interface and it shows the marks of one.
func (p *Replayer) inUse(r *boot.Record) string {
	if r.Machine == "" {
		return p.facts.InUse(r.Request)
	}
	if r.Status != machine.InUse && r.Status != machine.Configuring {
		return ""
	}
	if m := p.facts.Machine(r.Machine); m != nil {
		return m.Name
	}
	return r.Machine
}

// Diff gives what was found, what is forbidden first, then what installs.
func (p *Replayer) Diff() *Diff {
	d := p.diff
	for _, c := range p.changes {
		if c.Boots > 0 || c.Destructive {
			d.Changes = append(d.Changes, *c)
		}
	}
	rank := func(c Change) int {
		switch {
		case c.Destructive && c.InUse != "":
			return 0
		case c.Destructive:
			return 1
		default:
			return 2
		}
	}
	slices.SortFunc(d.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Machine, b.Machine), cmp.Compare(a.MAC.String(), b.MAC.String()), b.Last.Compare(a.Last), cmp.Compare(a.After, b.After))
	})
	return &d
}
