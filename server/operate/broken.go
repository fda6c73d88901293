package operate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"firstlight/server/auth"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// Broken marks a machine as broken, for one of machine.BrokenReasons. Where a
// job works on it, the job says what becomes of it.
func (d *Desk) Broken(ctx context.Context, who auth.User, ref, reason, note string) error {
	word, err := machine.ParseBrokenReason(reason)
	if err != nil {
		return &Refused{Field: "reason", Value: clip(reason), Why: "is no reason", Remedy: "want one of " + strings.Join(machine.BrokenReasons(), ", ")}
	}
	note, err = noted(note)
	switch {
	case err != nil:
		return err
	case word == machine.ReasonOther && note == "":
		return &Refused{Field: "note", Why: "is empty", Remedy: "say what is broken"}
	}
	m, by, err := d.allowed(who, ref, auth.Handle)
	if err != nil {
		return err
	}
	if word == machine.ReasonDOA {
		if err := d.neverUsed(ctx, m); err != nil {
			return err
		}
	}
	return d.move(ctx, by, m, "broken", func(w *serverdb.Write, m *machine.Machine) (serverdb.Change, error) {
		if m.Status == machine.Expected {
			return serverdb.Change{}, conflict("machine "+m.Name+" is expected and has not shown itself", "power it on so that it registers, or retire it as one that never arrived")
		}
		return serverdb.Change{
			To: machine.Broken, Why: word, Sentence: machine.BrokenSentence(who.Name, word, note),
			Evidence: machine.Evidence{machine.GuardConfirmed: who.Name + " marked it"},
			Apply: func(next *machine.Machine) {
				next.Handling, next.Undo = "", nil
				if does := d.wayBack(m); does != "" {
					next.Undo = m.Undoes("broken", who.Name, "marked it broken", does, d.Now())
				}
			},
		}, idle(w, m)
	})
}

// wayBack is what becomes of a machine that was marked by mistake; "" where no
// legal change leads back.
func (d *Desk) wayBack(m *machine.Machine) string {
	switch {
	case m.Status == machine.InUse:
		return "puts it back in use"
	case m.Status == machine.Repairing:
		return "puts it back into repair"
	case (m.Status == machine.Held || m.Status == machine.Available) && !m.Owned && d.hasReported(m):
		return "has it checked again"
	default:
		return ""
	}
}

// neverUsed refuses what cannot be dead on arrival.
func (d *Desk) neverUsed(ctx context.Context, m *machine.Machine) error {
	rows, err := d.DB.History(ctx, m.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(rows, func(h machine.History) bool { return h.To == machine.InUse }) {
		return conflict(fmt.Sprintf("machine %s was in use, so that it did not arrive dead", m.Name), "name the part that failed")
	}
	return nil
}

// Repair gives a broken machine into somebody's hands, with what is to become of
// its data. Whoever repairs it does that: nothing here touches a disk.
func (d *Desk) Repair(ctx context.Context, who auth.User, ref, disks, note string) error {
	handling, err := machine.ParseHandling(disks)
	if err != nil {
		return &Refused{Field: "disks", Value: clip(disks), Why: "is no way to handle them", Remedy: "want one of keep, wipe, shred"}
	}
	if note, err = noted(note); err != nil {
		return err
	}
	m, by, err := d.allowed(who, ref, auth.Handle)
	if err != nil {
		return err
	}
	return d.move(ctx, by, m, "repair", func(_ *serverdb.Write, m *machine.Machine) (serverdb.Change, error) {
		sentence := who.Name + " has it repaired, " + handling.Says()
		if note != "" {
			sentence += ": " + note
		}
		return serverdb.Change{
			To: machine.Repairing, Why: m.Reason, Sentence: sentence,
			Evidence: machine.Evidence{machine.GuardConfirmed: who.Name + " asked", machine.GuardHandling: handling.Says()},
			Apply: func(next *machine.Machine) {
				next.Handling = handling
				next.Undo = m.Undoes("repair", who.Name, "gave it into repair", "marks it broken as before", d.Now())
			},
		}, only(m, machine.Broken, "is given into repair")
	})
}

// Repaired ends a repair. What the agent saw before it is forgotten, so that
// nothing is decided on hardware that may have been changed: the next report is
// looked at as that of a new machine.
func (d *Desk) Repaired(ctx context.Context, who auth.User, ref, note string) error {
	note, err := noted(note)
	if err != nil {
		return err
	}
	m, by, err := d.allowed(who, ref, auth.Handle)
	if err != nil {
		return err
	}
	return d.move(ctx, by, m, "repaired", func(w *serverdb.Write, m *machine.Machine) (serverdb.Change, error) {
		if err := cmp.Or(only(m, machine.Repairing, "is repaired"), idle(w, m)); err != nil {
			return serverdb.Change{}, err
		}
		proof, err := tested(m)
		if err != nil {
			return serverdb.Change{}, err
		}
		sentence := "repaired, says " + who.Name + "; it is checked when it reports"
		if note != "" {
			sentence += ": " + note
		}
		return serverdb.Change{
			To: machine.Registered, Why: machine.ReasonRepaired, Sentence: sentence, Evidence: proof,
			Apply: func(next *machine.Machine) { next.ReportedAt, next.Handling, next.Undo = time.Time{}, "", nil },
		}, nil
	})
}

// Return gives a broken machine back to its owner, on whose word it is fine. Only
// one that was in use before it broke has anything to go back to.
func (d *Desk) Return(ctx context.Context, who auth.User, ref, note string) error {
	note, err := noted(note)
	if err != nil {
		return err
	}
	m, by, err := d.allowed(who, ref, auth.Change)
	if err != nil {
		return err
	}
	rows, err := d.DB.History(ctx, m.ID)
	if err != nil {
		return err
	}
	return d.move(ctx, by, m, "return", func(_ *serverdb.Write, m *machine.Machine) (serverdb.Change, error) {
		if err := only(m, machine.Broken, "goes back into use"); err != nil {
			return serverdb.Change{}, err
		}
		if !wasServing(rows) {
			return serverdb.Change{}, conflict("machine "+m.Name+" was not in use before it was broken", "check it again, or have it repaired")
		}
		sentence := "back in use, on the word of " + who.Name
		if note != "" {
			sentence += ": " + note
		}
		return serverdb.Change{
			To: machine.InUse, Why: "returned", Sentence: sentence, Evidence: machine.Evidence{machine.GuardConfirmed: "on the word of " + who.Name},
			Apply: func(next *machine.Machine) { next.Handling, next.Undo = "", nil },
		}, nil
	})
}

// wasServing tells whether the disk of a broken machine is still what it was in
// use: nothing was begun on it since.
func wasServing(rows []machine.History) bool {
	called := false // off: an erase that touched no disk
	for _, h := range slices.Backward(rows) {
		called = h.To == machine.Broken && h.Why == "erase-cancelled" || called && h.To == machine.Recycling
		if called {
			continue
		}
		switch h.To {
		case machine.InUse:
			return true
		case machine.Allocated, machine.Installing, machine.Configuring, machine.Recycling, machine.Retiring:
			return false
		default: // says nothing of its data
		}
	}
	return false
}

// move changes a status because a person asked, with its row in the audit.
func (d *Desk) move(ctx context.Context, by serverdb.Actor, found *machine.Machine, verb string, to func(*serverdb.Write, *machine.Machine) (serverdb.Change, error)) error {
	return explain(d.DB.Do(ctx, func(w *serverdb.Write) error {
		m, err := w.Machine(found.ID)
		if err != nil {
			return err
		}
		c, err := to(w, m)
		if err != nil {
			return err
		}
		c.From, c.Who = m.Status, by.Name
		if err := w.Transition(m, c); err != nil {
			return err
		}
		return w.Audit(by, verb, m.Name, string(m.Status)+brackets(m.Reason), string(c.To)+": "+c.Sentence)
	}))
}

// only refuses what a verb is not for, though the table may have the change of
// status for another one.
func only(m *machine.Machine, from machine.Status, verb string) error {
	if m.Status == from {
		return nil
	}
	return conflict(fmt.Sprintf("machine %s is %s", m.Name, m.Status.Human()), fmt.Sprintf("only a machine that is %s %s", from.Human(), verb))
}

// idle refuses what a job works on.
func idle(w *serverdb.Write, m *machine.Machine) error {
	if j := w.OpenJob(m.ID); j != nil {
		return conflict(fmt.Sprintf("job %s (%s) works on machine %s", j.ID, j.Action, m.Name), "wait for its end or cancel it")
	}
	return nil
}

// noted is what a person wrote beside an act.
func noted(note string) (string, error) {
	note = strings.TrimSpace(note)
	if len(note) > maxNote || strings.ContainsFunc(note, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", &Refused{Field: "note", Value: clip(note), Why: fmt.Sprintf("has %d bytes or more than one line", len(note)), Remedy: fmt.Sprintf("say it in one line of at most %d", maxNote)}
	}
	return note, nil
}
