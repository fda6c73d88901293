package operate

import (
	"context"
	"fmt"

	"firstlight/server/auth"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// Undo takes back the last act of a person on a machine, if it was just now and
// nothing happened to the machine since. It goes through the state engine like
// any other act: a machine that was held is checked again, which decides anew.
func (d *Desk) Undo(ctx context.Context, who auth.User, ref string) error {
	found, by, err := d.allowed(who, ref, auth.Handle)
	if err != nil {
		return err
	}
	return explain(d.DB.Do(ctx, func(w *serverdb.Write) error {
		m, err := w.Machine(found.ID)
		if err != nil {
			return err
		}
		if err := d.mayUndo(who, m); err != nil {
			return err
		}
		u := m.Undo
		if err := d.takeBack(w, m, u, by); err != nil {
			return err
		}
		before, after := string(m.Status)+brackets(m.Reason), string(u.Status)+brackets(u.Reason)
		switch u.Act {
		case "lock", "unlock":
			before, after = lockText(m.Flags), lockText(u.Flags)
		case "place":
			before, after = m.Standing().String(), u.Where.String()
		}
		return w.Audit(by, "undo "+u.Act, m.Name, before, after)
	}))
}

func lockText(f machine.Flags) string {
	if !f.Locked {
		return "not locked"
	}
	return "locked" + brackets(f.LockNote)
}

// mayUndo lets people take back what they did themselves; an engineer may do so
// for others, as may everybody in a role above.
func (d *Desk) mayUndo(who auth.User, m *machine.Machine) error {
	u := m.Undo
	nothing := "there is nothing to undo on machine " + m.Name
	switch {
	case u == nil:
		return conflict(nothing, "")
	case u.Version != m.Version:
		return conflict(nothing+": something happened to it after "+u.By+" "+u.Did, "look again")
	case m.Undoable(d.Now()) == nil:
		return conflict(fmt.Sprintf("%s: %s %s more than %s ago", nothing, u.By, u.Did, machine.UndoWithin), "use the verb that leads back")
	case u.By != who.Name && !who.Role.Allows(auth.Engineer):
		return conflict(fmt.Sprintf("%s %s on machine %s", u.By, u.Did, m.Name), "ask "+u.By+" or an engineer to undo it")
	}
	return nil
}

// takeBack restores what was. A change of status goes back the way that the
// table of transitions has.
func (d *Desk) takeBack(w *serverdb.Write, m *machine.Machine, u *machine.Undo, by serverdb.Actor) error {
	says := fmt.Sprintf("undone: %s %s", u.By, u.Did)
	switch {
	case u.Act == "place":
		moved, err := w.Set(m.ID, m.Version, by, func(m *machine.Machine) error {
			m.Stand(u.Where)
			return nil
		})
		if err != nil {
			return err
		}
		return w.Mark(moved, func(m *machine.Machine) { m.Undo = nil })
	case u.Status == m.Status:
		if err := w.Mark(m, func(m *machine.Machine) { m.Flags, m.Undo = u.Flags, nil }); err != nil {
			return err
		}
		return w.Event(journal.Event{Machine: m.ID, Source: journal.People, Text: "Undone: " + u.By + " " + u.Did, Who: by.Name})
	case u.Status == machine.Held, u.Status == machine.Available:
		return w.Recheck(m, by.Name, says)
	}
	return w.Transition(m, serverdb.Change{
		From: m.Status, To: u.Status, Who: by.Name, Why: "undone", Sentence: says,
		Evidence: machine.Evidence{machine.GuardConfirmed: by.Name + " took it back", machine.GuardHandling: u.Handling.Says()},
		Apply: func(m *machine.Machine) {
			m.Reason, m.Sentence, m.Handling, m.Undo = u.Reason, u.Sentence, u.Handling, nil
		},
	})
}
