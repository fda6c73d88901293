package serverdb

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
	"sync"
	"time"

	"firstlight/server/machine"
)

// Clash is an identity that two machines show. It stays until the machine
// shows one that is its own, or was not seen for a day.
type Clash struct {
	Subject  string // a machine's id, or the MAC of one that has no record
	Machine  string // id of one whose mark was shown; empty: of none
	Sentence string // names both
	Other    string // the other machine, by name or marks
	How      string // report, boot or record
	At       time.Time
}

// Ways in which a clash is seen.
const (
	clashReport = "report"
	clashBoot   = "boot"
	clashRecord = "record"
)

// clashKept is how long a clash counts that is not seen again.
const clashKept = 24 * time.Hour

// clashes are those that were seen, in memory; the issues that they lead to
// carry them over a restart.
type clashes struct {
	mu        sync.Mutex
	bySubject map[string]Clash
}

// kindClash is the kind of issue that clashes lead to.
const kindClash machine.IssueKind = "identity-clash"

func (c *clashes) load(open []*machine.Issue, now time.Time) {
	c.bySubject = map[string]Clash{}
	for _, i := range open {
		if how := i.Evidence["seen by"]; i.Kind == kindClash && (how == clashReport || how == clashBoot) {
			c.bySubject[i.Subject] = Clash{i.Subject, i.Machine, i.Sentence, i.Evidence["other"], how, now}
		}
	}
}

func (c *clashes) set(n Clash) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.bySubject) < maxStrangerMACs || c.bySubject[n.Subject].Subject != "" {
		c.bySubject[n.Subject] = n
	}
}

func (c *clashes) clear(subject string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.bySubject, subject)
}

// Clashes gives all that hold, by subject.
func (d *DB) Clashes() []Clash {
	all := d.index.twins()
	c := &d.clashes
	c.mu.Lock()
	defer c.mu.Unlock()
	for subject, n := range c.bySubject {
		if d.Now().Sub(n.At) > clashKept {
			delete(c.bySubject, subject)
			continue
		}
		all = append(all, n)
	}
	slices.SortStableFunc(all, func(a, b Clash) int { return cmp.Compare(a.Subject, b.Subject) })
	return all
}

// clashed keeps that a report could not be given to one record.
func (d *DB) clashed(mac machine.MAC, err *ClashError) {
	n := Clash{
		Subject: mac.String(), How: clashReport, At: d.Now(),
		Sentence: "The machine that boots through " + mac.String() + " is refused: " + err.Sentence + ".",
	}
	var names []string
	for _, m := range err.Between {
		if n.Machine == "" || m.HasMAC(mac) { // serials are copied more often than interfaces
			n.Machine = m.ID
		}
		names = append(names, m.Name)
	}
	n.Other = strings.Join(names, ", ")
	d.clashes.set(n)
}

// booted keeps what a boot request showed of whose it is. One that shows no
// mark but its MAC says nothing.
func (d *DB) booted(m *machine.Machine, serial, uuid, clash string) {
	switch {
	case clash != "":
		d.clashes.set(Clash{
			Subject: m.ID, Machine: m.ID, Sentence: strings.ToUpper(clash[:1]) + clash[1:] + ".",
			Other: strings.Join(markTexts(serial, uuid, machine.MAC{}), ", "), How: clashBoot, At: d.Now(),
		})
	case serial != "" || !machine.PlaceholderUUID(uuid):
		d.clashes.clear(m.ID)
	}
}

// twins are the machines of the fleet that share a mark with another one.
func (x *index) twins() (all []Clash) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for h, entries := range x.shared {
		for e := range entries {
			if e.m.Status == machine.Retired {
				continue
			}
			if n, ok := x.twin(h, e, entries); ok {
				all = append(all, n)
			}
		}
	}
	return all
}

// twin finds who shares a mark with e; the same hash may be of other marks.
func (x *index) twin(h uint64, e *entry, entries map[*entry]bool) (Clash, bool) {
	marks := markTexts(e.m.Serial, e.m.UUID, e.m.BMC.MAC)
	for _, mark := range marks {
		if maphash.String(x.seed, mark) != h {
			continue
		}
		var names []string
		for o := range entries {
			if o != e && o.m.Status != machine.Retired && slices.Contains(markTexts(o.m.Serial, o.m.UUID, o.m.BMC.MAC), mark) {
				names = append(names, o.m.Name)
			}
		}
		if slices.Sort(names); len(names) > 0 {
			other := strings.Join(names, ", ")
			return Clash{e.m.ID, e.m.ID, "Its " + mark + " is also that of " + other + ".", other, clashRecord, time.Time{}}, true
		}
	}
	return Clash{}, false
}
