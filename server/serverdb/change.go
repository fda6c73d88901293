package serverdb

import (
	"context"
	"fmt"
	"net/netip"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

// Change asks the state engine for a change of status.
type Change struct {
	Machine  string // id
	From, To machine.Status
	Who      string // person, program, or part of Firstlight
	Why      string // one word or two: the reason
	Sentence string // for people
	Job      string
	Evidence machine.Evidence
	Waived   machine.Evidence // what a person lets pass without; see machine.Check
	// Apply changes the record with the status, in the same transaction.
	Apply func(*machine.Machine)
}

// Transition changes a machine's status, with its history, or says why not:
// a *machine.IllegalError, a *machine.GuardError, a *WaitingError or ErrConflict.
func (d *DB) Transition(ctx context.Context, c Change) error {
	return d.Do(ctx, func(w *Write) error {
		m, err := w.Machine(c.Machine)
		if err != nil {
			return fmt.Errorf("machine %s: %w", c.Machine, err)
		}
		return w.Transition(m, c)
	})
}

// Transition is the state engine: nothing else writes a status.
func (w *Write) Transition(m *machine.Machine, c Change) error {
	if m.Status != c.From {
		return fmt.Errorf("machine %s is %s, not %s: %w", m.Name, m.Status.Human(), c.From.Human(), ErrConflict)
	}
	if err := melted(m, c.To); err != nil {
		return err
	}
	notes, err := machine.Check(m.Name, c.From, c.To, c.Evidence, c.Waived)
	if err != nil {
		return err
	}
	next := m.Clone()
	next.Status, next.Reason, next.Sentence, next.Since = c.To, c.Why, c.Sentence, w.now
	if c.Apply != nil {
		c.Apply(next)
		next.Status = c.To
	}
	free(next)
	unchecked(next, c.From)
	if err := fence(next, c); err != nil {
		return err
	}
	passed, err := w.pass(next, c.From, c.To)
	if err != nil {
		return err
	}
	notes = append(notes, passed...)
	if err := w.leave(m); err != nil {
		return err
	}
	if err := w.put(next); err != nil {
		return err
	}
	return w.remember(next, c, notes)
}

// free takes from a record what machines of its status do not have: one that is
// available is nobody's, and one that is retired leaves its names and addresses
// to others.
func free(m *machine.Machine) {
	switch m.Status {
	case machine.Retired:
		for i := range m.NICs {
			m.NICs[i].Address = netip.Addr{}
		}
	case machine.Available:
	default:
		return
	}
	m.Hostname, m.Role, m.Pool, m.Owner, m.Image = "", "", "", "", ""
}

// unchecked ends what a check asks for with the status, and what it proved once
// somebody has the machine or does something to it.
func unchecked(m *machine.Machine, from machine.Status) {
	if from == machine.Registered && m.Status != machine.Registered {
		m.CheckFor = 0
	}
	switch m.Status {
	case machine.Registered, machine.Held, machine.Available:
	default:
		m.Checked = nil
	}
}

// remember writes the history row and the timeline row of a change.
func (w *Write) remember(m *machine.Machine, c Change, notes []string) error {
	w.db.ids.History++
	err := w.tx.AddHistory(History{
		ID: w.db.ids.History, Machine: m.ID, Name: m.Name, At: w.now, From: c.From, To: c.To,
		Who: c.Who, Why: c.Why, Sentence: c.Sentence, Job: c.Job, Guards: notes,
	})
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s → %s", c.From.Human(), c.To.Human())
	if c.Sentence != "" {
		text += ": " + c.Sentence
	} else if c.Why != "" {
		text += ": " + c.Why
	}
	details := map[string]string{}
	for i, n := range notes {
		details[fmt.Sprintf("guard %d", i+1)] = n
	}
	return w.Event(journal.Event{Machine: m.ID, MAC: m.BootMAC(), Source: journal.Status, Text: text, Who: c.Who, Job: c.Job, Details: details})
}

// Edit changes a record without changing its status. version is what the
// caller read; 0 does not care.
func (d *DB) Edit(ctx context.Context, id string, version int64, who, what string, change func(*machine.Machine) error) error {
	return d.Do(ctx, func(w *Write) error {
		m, err := w.Machine(id)
		if err != nil {
			return fmt.Errorf("machine %s: %w", id, err)
		}
		if version != 0 && m.Version != version {
			return fmt.Errorf("machine %s has version %d, not %d: %w", m.Name, m.Version, version, ErrConflict)
		}
		next := m.Clone()
		if err := change(next); err != nil {
			return err
		}
		next.Status = m.Status
		if err := w.put(next); err != nil {
			return err
		}
		if what == "" {
			return nil
		}
		return w.Event(journal.Event{Machine: id, Source: journal.People, Text: what, Who: who})
	})
}

// Mark changes a record within a write, without its status.
func (w *Write) Mark(m *machine.Machine, change func(*machine.Machine)) error {
	next := m.Clone()
	change(next)
	next.Status = m.Status
	return w.put(next)
}

// replay gives the status that history leads to, and whether each row follows
// from the one before it.
func replay(rows []History) (machine.Status, error) {
	status := machine.Unknown
	for _, h := range rows {
		if h.From != status {
			return status, fmt.Errorf("history row %d goes from %s, but the machine was %s", h.ID, h.From.Human(), status.Human())
		}
		status = h.To
	}
	return status, nil
}

// Replay follows a machine's history and holds its end against the record.
func (d *DB) Replay(ctx context.Context, id string) error {
	m, err := d.index.machine(id)
	if err != nil {
		return err
	}
	rows, err := d.History(ctx, id)
	if err != nil {
		return err
	}
	status, err := replay(rows)
	if err == nil && status != m.Status {
		err = fmt.Errorf("history ends at %s, but machine %s is %s", status.Human(), m.Name, m.Status.Human())
	}
	return err
}
