package serverdb

import (
	"fmt"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

// FencedError refuses what would give a machine away whose erase failed.
type FencedError struct {
	Name, Why string
	To        machine.Status
}

func (e *FencedError) Error() string {
	return fmt.Sprintf("machine %s is fenced, because its erase failed, and cannot become %s: %s", e.Name, e.To.Human(), e.Why)
}

// fence is part of every change of status. An erase that does not come to its
// end leaves its machine behind a fence, in the transaction that says so, unless
// it is proven that no disk was touched; and a machine behind one is kept from
// every status in which somebody has it, or it leaves.
func fence(next *machine.Machine, c Change) error {
	_, untouched := c.Evidence[machine.GuardUntouched]
	if c.To == machine.Broken && (c.From == machine.Recycling || c.From == machine.Retiring) && !untouched {
		next.Flags.Fenced, next.Flags.FenceNote = true, c.Sentence
	}
	if !next.Flags.Fenced {
		return nil
	}
	switch c.To {
	case machine.Registered, machine.Held, machine.Recycling, machine.Broken, machine.Repairing:
		return nil
	default:
		return &FencedError{next.Name, next.Flags.FenceNote, c.To}
	}
}

// Unfence takes the fence from a machine, on the word of a person.
func (w *Write) Unfence(m *machine.Machine, by Actor, why string) error {
	note := m.Flags.FenceNote
	if err := w.Mark(m, func(m *machine.Machine) { m.Flags.Fenced, m.Flags.FenceNote = false, "" }); err != nil {
		return err
	}
	if err := w.Event(journal.Event{Machine: m.ID, Source: journal.People, Text: "Took the fence away: " + why, Who: by.Name}); err != nil {
		return err
	}
	return w.Audit(by, "unfence", m.Name, note, why)
}
