package serverdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"firstlight/server/discovery"
	"firstlight/server/machine"
)

// Waive makes a held machine available though a check failed: what is waived,
// and why, stands in its history by name. It lasts until its hardware changes or
// it is registered again. What protects data or identity is never waived.
func (d *DB) Waive(ctx context.Context, who Actor, id, why string) error {
	var closed error
	err := d.Do(ctx, func(w *Write) error {
		m, err := w.Full(id)
		if err != nil {
			return err
		}
		if m.Status != machine.Held {
			return &machine.IllegalError{Name: m.Name, From: m.Status, To: machine.Available}
		}
		if m.Flags.Frozen && !fresh(m) {
			return &FrozenError{m.Name, machine.Available}
		}
		v, err := w.waivable(m)
		if err != nil {
			return err
		}
		what := signed(v.Waived, who.Name+": "+why)
		sentence := fmt.Sprintf("%s waived %s: %s", who.Name, strings.Join(what, " and "), why)
		v.Evidence[machine.GuardConfirmed] = who.Name + " waived what failed"
		if err := w.Audit(who, "waive", m.Name, string(m.Status)+": "+m.Reason, strings.Join(what, " ")+": "+why); err != nil {
			return err
		}
		now, err := w.accept(m, v, Change{Who: who.Name, Why: "waived", Sentence: sentence})
		if err == nil && now.Status == machine.Held {
			closed = w.waitsFor(now)
		}
		return err
	})
	return errors.Join(err, closed)
}

// waivable holds a machine against everything by its last report.
func (w *Write) waivable(m *machine.Machine) (v discovery.Verdict, err error) {
	subnet, err := w.db.reportedFrom(m)
	if err != nil {
		return v, err
	}
	v = discovery.Waive(m, w.known(m, subnet))
	switch {
	case !v.Accept:
		return v, &WaiverError{m.Name, v.Sentence, "nobody can waive that"}
	case len(v.Waived) == 0:
		return v, &WaiverError{m.Name, "nothing fails any more", "check it again: firstlight machine recheck " + m.Name}
	}
	return v, nil
}

// WaiverError tells why nothing can be waived on a machine.
type WaiverError struct{ Name, Why, Remedy string }

func (e *WaiverError) Error() string {
	return fmt.Sprintf("machine %s: %s: %s", e.Name, e.Why, e.Remedy)
}

// signed puts who waives, and why, before what is wrong, and names the guards.
func signed(waived machine.Evidence, by string) (guards []string) {
	for g, wrong := range waived {
		waived[g] = by + "; " + wrong
		guards = append(guards, string(g))
	}
	slices.Sort(guards)
	return guards
}

// waitsFor is the gate that a machine waits before, which has been asked now.
func (w *Write) waitsFor(m *machine.Machine) error {
	all, err := w.turnstiles(m, m.Status, machine.Available)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.closed() {
			return &WaitingError{m.Name, machine.Available, s.gate.Name}
		}
	}
	return nil
}
