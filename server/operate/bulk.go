package operate

import (
	"context"

	"firstlight/server/auth"
	"firstlight/server/declare"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// Bulk asks for one change of all machines that a selector picks. One of Set,
// Lock and Unlock says which.
type Bulk struct {
	Selector string
	Expected int // how many it picks, counted by whoever asks
	Dry      bool
	Set      map[string]string // by the names of package declare
	Lock     *string           // note
	Unlock   *string           // note
}

// Verdict is what became, or would become, of one machine.
type Verdict struct {
	Machine *machine.Machine // as it was
	Changed []string         // fields; none: it was so already
	Err     error            // why it was refused
}

// Bulk changes all machines of a selector, or none where one of them is refused,
// in one transaction. Whose each of them is decides for each.
func (d *Desk) Bulk(ctx context.Context, who auth.User, b Bulk) (all []Verdict, written bool, err error) {
	if !b.Dry && b.Set == nil { // what people declare of a machine decides no boot
		if err := d.harmless(ctx, who, Proposal{Bulk: &b}); err != nil {
			return nil, false, err
		}
	}
	return d.bulk(ctx, who, b)
}

func (d *Desk) bulk(ctx context.Context, who auth.User, b Bulk) (all []Verdict, written bool, err error) {
	change, err := d.changeOf(who, b)
	if err != nil {
		return nil, false, err
	}
	picked, err := d.pick(ctx, picking{"selector", b.Selector, "expected", b.Expected})
	if err != nil {
		return nil, false, err
	}
	all = make([]Verdict, 0, len(picked))
	mode := serverdb.AllOrNothing
	if b.Dry {
		mode = serverdb.Dry
	}
	refused, written, err := d.DB.Each(ctx, picked, mode, func(w *serverdb.Write, m *machine.Machine) error {
		all = append(all, Verdict{Machine: m})
		err := change(w, m)
		if now, lost := w.Machine(m.ID); lost == nil && err == nil {
			all[len(all)-1].Changed = differs(m, now)
		}
		return err
	})
	if err != nil {
		return nil, false, explain(err)
	}
	return judged(picked, all, refused), written, nil
}

// judged gives each machine its verdict, also those that changed before theirs
// was reached.
func judged(picked []*machine.Machine, seen []Verdict, refused []error) []Verdict {
	all := make([]Verdict, len(picked))
	for i, m := range picked {
		all[i] = Verdict{Machine: m, Err: explainPlan(explain(refusedField(refused[i])), declare.Machine())}
		if len(seen) > 0 && seen[0].Machine.ID == m.ID {
			all[i].Changed, seen = seen[0].Changed, seen[1:]
		}
	}
	return all
}

// differs names the fields that a change set.
func differs(before, after *machine.Machine) []string {
	changed := machine.Changed(before, after)
	if before.Flags.Locked != after.Flags.Locked || before.Flags.LockNote != after.Flags.LockNote {
		changed = append(changed, "lock")
	}
	return changed
}

// changeOf is what a request does to one machine.
func (d *Desk) changeOf(who auth.User, b Bulk) (func(*serverdb.Write, *machine.Machine) error, error) {
	asked := 0
	for _, is := range []bool{len(b.Set) > 0, b.Lock != nil, b.Unlock != nil} {
		if is {
			asked++
		}
	}
	switch {
	case asked != 1:
		return nil, &Refused{Why: "set, lock and unlock: want one of them, with something in it", Remedy: "send one request for each"}
	case b.Lock != nil:
		note, err := said("note", *b.Lock, whyLocked)
		return d.locking(who, note, true), err
	case b.Unlock != nil:
		return d.locking(who, clip(*b.Unlock), false), nil
	}
	fields, hands, err := declared(b.Set)
	return d.setting(who, fields, hands, b.Set), err
}

func (d *Desk) locking(who auth.User, note string, locked bool) func(*serverdb.Write, *machine.Machine) error {
	return func(w *serverdb.Write, m *machine.Machine) error {
		by, err := may(who, m, auth.Change)
		if err != nil {
			return err
		}
		return d.lock(w, by, m, note, locked)
	}
}

func (d *Desk) setting(who auth.User, fields []declare.Field[*machine.Machine], hands bool, changes map[string]string) func(*serverdb.Write, *machine.Machine) error {
	return func(w *serverdb.Write, m *machine.Machine) error {
		by, err := d.maySet(who, m, hands, changes)
		if err != nil {
			return err
		}
		_, err = w.Set(m.ID, m.Version, by, func(m *machine.Machine) error { return setFields(m, fields, changes) })
		return err
	}
}
