package serverdb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

// Set changes what people declare of a machine: its place, names, role, pool,
// owner, type, tags, note, parameters and cabling. It keeps status, facts and
// what was observed as they are, holds the result against the plan, and leaves
// a row in the audit with the fields that differ. version is the one that the
// caller read; 0 does not care.
func (d *DB) Set(ctx context.Context, id string, version int64, who Actor, change func(*machine.Machine) error) (got *machine.Machine, err error) {
	err = d.Do(ctx, func(w *Write) error {
		got, err = w.Set(id, version, who, change)
		return err
	})
	return got, err
}

// Set is DB.Set within a write.
func (w *Write) Set(id string, version int64, who Actor, change func(*machine.Machine) error) (*machine.Machine, error) {
	m, err := w.Machine(id)
	if err != nil {
		return nil, fmt.Errorf("machine %s: %w", id, err)
	}
	if version != 0 && m.Version != version {
		return nil, fmt.Errorf("machine %s has version %d, not %d: %w", m.Name, m.Version, version, ErrConflict)
	}
	next := m.Clone()
	if err := change(next); err != nil {
		return nil, err
	}
	next.Status, next.Reason, next.Since, next.Observed, next.Facts = m.Status, m.Reason, m.Since, m.Observed, nil
	if err := w.settle(next); err != nil {
		return nil, err
	}
	changed := machine.Changed(m, next)
	if len(changed) == 0 {
		return m, nil
	}
	next.Undo = m.UndoesMove(next, changed, who.Name, w.now)
	if err := w.put(next); err != nil {
		return nil, err
	}
	if err := w.AuditChange(who, "change machine", m.Name, m.DeclaredFields(), next.DeclaredFields()); err != nil {
		return nil, err
	}
	return next, w.Event(journal.Event{Machine: id, Source: journal.People, Who: who.Name, Text: "Changed " + strings.Join(changed, ", ")})
}

// settle holds a record against the plan, and takes from it what the rack
// decides.
func (w *Write) settle(m *machine.Machine) error {
	have, err := w.plan()
	if err != nil {
		return err
	}
	if rack := planned[*machine.Rack](have, m.Rack); rack != nil {
		m.Site, m.Room = rack.Site, rack.Room
		if top := m.Unit + max(m.Height, 1) - 1; m.Unit < 0 || m.Unit > 0 && top > rack.Units {
			return wrong("machine "+m.Name, "unit", m.Unit, "rack %s has units 1 to %d, and the machine is %d high", rack.Name, rack.Units, max(m.Height, 1))
		}
	} else if m.Rack == "" {
		m.Room, m.Unit, m.Face = "", 0, machine.FullDepth
	}
	slices.Sort(m.Tags)
	m.Tags = slices.Compact(m.Tags)
	if err := m.Validate(); err != nil {
		return &WrongError{err}
	}
	return have.knows("machine "+m.Name, newRefs(w, m))
}

// newRefs are the references that the record did not have before: what was
// there stays, also where the plan never knew it.
func newRefs(w *Write, m *machine.Machine) []machine.PlanRef {
	old, err := w.Machine(m.ID)
	if err != nil {
		return m.Refers()
	}
	had := old.Refers()
	return slices.DeleteFunc(m.Refers(), func(r machine.PlanRef) bool { return slices.Contains(had, r) })
}

// Declare adds a machine of a delivery that nobody has seen yet. Serial and
// name are the same in the end: the name is spelled so that it can be typed.
func (w *Write) Declare(m *machine.Machine, who, why string) (*machine.Machine, error) {
	if machine.PlaceholderSerial(m.Serial) {
		return nil, fmt.Errorf("serial %q: is a placeholder that several machines have; give the real one", m.Serial)
	}
	if err := w.settle(m); err != nil {
		return nil, err
	}
	m.CreatedAt = w.now
	err := w.Transition(m, Change{
		From: machine.Unknown, To: machine.Expected, Who: who, Why: "delivery", Sentence: why,
		Evidence: machine.Evidence{machine.GuardRealSerial: m.Serial},
	})
	if err != nil {
		return nil, err
	}
	return w.Machine(m.ID)
}

// ensure puts items into the plan that something refers to, where they are
// missing.
func (w *Write) ensure(items ...machine.Plan) error {
	have, err := w.plan()
	if err != nil {
		return err
	}
	for _, p := range items {
		if _, ok := have[machine.PlanRef{Kind: p.Kind(), Name: p.Key()}]; ok || strings.TrimSpace(p.Key()) == "" {
			continue
		}
		if err := w.tx.PutPlan(PlanItem{Item: p, Version: 1}); err != nil {
			return err
		}
	}
	return nil
}
