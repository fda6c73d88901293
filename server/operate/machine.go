package operate

import (
	"context"
	"fmt"
	"strings"

	"firstlight/server/auth"
	"firstlight/server/discovery"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// Release gives the disks of a held machine free to be overwritten. typed must
// be the machine's name: the one proof that a person read which machine it is.
func (d *Desk) Release(ctx context.Context, who auth.User, name, typed string) error {
	m, by, err := d.allowed(who, name, auth.Change)
	if err != nil {
		return err
	}
	if err := named(m, typed); err != nil {
		return err
	}
	switch {
	case m.Owned:
		return conflict(fmt.Sprintf("machine %s is %s and its disks may hold its owner's data", m.Name, m.Status.Human()),
			"have them erased: firstlight machine erase "+m.Name)
	case m.Flags.Fenced:
		return conflict(fmt.Sprintf("machine %s is fenced, because its erase failed: %s", m.Name, m.Flags.FenceNote), "have it erased again: firstlight machine erase "+m.Name)
	case m.Status != machine.Held || m.Reason != discovery.ReasonDisks:
		return conflict(fmt.Sprintf("machine %s is %s%s", m.Name, m.Status.Human(), brackets(m.Reason)), "only a machine that is held for its disks is released by name")
	}
	if err := unlocked(m); err != nil {
		return err
	}
	return explain(d.DB.ReleaseDisks(ctx, by, m.ID, typed))
}

func brackets(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// Recheck lets the rules decide again on a held machine, or on a broken one
// that nobody owns.
func (d *Desk) Recheck(ctx context.Context, who auth.User, name string) error {
	m, by, err := d.allowed(who, name, auth.Handle)
	if err != nil {
		return err
	}
	if err := d.reported(m, "power it on, then check again"); err != nil {
		return err
	}
	// History keeps the change and who asked; the audit keeps that it was asked.
	if err := d.DB.RecordAudit(ctx, by, "re-check", m.Name, string(m.Status), ""); err != nil {
		return err
	}
	return explain(d.DB.Recheck(ctx, who.Name, m.ID))
}

// Waive lets a held machine pass a check that failed, with a reason: a hardware
// type that it does not meet, a place that nobody knows, a rule that does not
// take it. Nobody waives what protects data.
func (d *Desk) Waive(ctx context.Context, who auth.User, name, reason string) error {
	reason, err := said("reason", reason, whyWaived)
	if err != nil {
		return err
	}
	m, by, err := d.allowed(who, name, auth.Change)
	if err != nil {
		return err
	}
	if err := unlocked(m); err != nil {
		return err
	}
	if err := d.reported(m, "power it on, then waive what fails"); err != nil {
		return err
	}
	return explain(d.DB.Waive(ctx, by, m.ID, reason))
}

// reported refuses a machine that rules could not judge.
func (d *Desk) reported(m *machine.Machine, remedy string) error {
	if !d.hasReported(m) {
		return conflict("machine "+m.Name+" has not reported from a subnet of ours", remedy)
	}
	return nil
}

func (d *Desk) hasReported(m *machine.Machine) bool {
	_, ok := d.DB.SubnetFor(m.Address())
	return ok && !m.ReportedAt.IsZero()
}

// maxNote bounds what people write beside a lock.
const maxNote = 200

// Lock keeps automation away from a machine. The note says why.
func (d *Desk) Lock(ctx context.Context, who auth.User, name, note string) error {
	note, err := said("note", note, whyLocked)
	if err != nil {
		return err
	}
	return d.flag(ctx, who, name, note, true)
}

// What people are asked to say before some verbs.
const (
	whyLocked   = "why it is locked"
	whyAdopted  = "why the machines are adopted"
	whyWaived   = "why the check may fail"
	whatSeen    = "what you looked at"
	whyUnfenced = "what became of the disk that could not be erased"
)

// said wants a few words in a field: what tells which.
func said(field, text, what string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > maxNote {
		return "", &Refused{Field: field, Value: clip(text), Why: fmt.Sprintf("has %d bytes", len(text)), Remedy: fmt.Sprintf("say in 1 to %d %s", maxNote, what)}
	}
	return text, nil
}

// Unlock lets automation at it again.
func (d *Desk) Unlock(ctx context.Context, who auth.User, name, note string) error {
	return d.flag(ctx, who, name, clip(strings.TrimSpace(note)), false)
}

func clip(s string) string {
	if len(s) > maxNote {
		return strings.ToValidUTF8(s[:maxNote], "")
	}
	return s
}

func (d *Desk) flag(ctx context.Context, who auth.User, name, note string, locked bool) error {
	found, by, err := d.allowed(who, name, auth.Change)
	if err != nil {
		return err
	}
	return d.DB.Do(ctx, func(w *serverdb.Write) error {
		m, err := w.Machine(found.ID)
		if err != nil {
			return err
		}
		return d.lock(w, by, m, note, locked)
	})
}

// lock sets the lock with its audit and its row in the timeline. Asking for what
// holds already changes nothing.
func (d *Desk) lock(w *serverdb.Write, by serverdb.Actor, m *machine.Machine, note string, locked bool) error {
	if m.Flags.Locked == locked && (!locked || m.Flags.LockNote == note) {
		return nil
	}
	verb, before := "unlock", m.Flags.LockNote
	if locked {
		verb = "lock"
	}
	undo := m.Undoes(verb, by.Name, verb+"ed it", lockedBefore(m), d.Now())
	if err := w.Mark(m, func(m *machine.Machine) {
		m.Flags.Locked, m.Flags.LockNote, m.Undo = locked, "", undo
		m.Flags.UntilBoot = false // a person's lock ends by a person
		if locked {
			m.Flags.LockNote = note
		}
	}); err != nil {
		return err
	}
	text := strings.ToUpper(verb[:1]) + verb[1:] + "ed"
	if note != "" {
		text += ": " + note
	}
	if err := w.Event(journal.Event{Machine: m.ID, Source: journal.People, Text: text, Who: by.Name}); err != nil {
		return err
	}
	return w.Audit(by, verb, m.Name, before, note)
}

// lockedBefore is what undoing a lock or its end does.
func lockedBefore(m *machine.Machine) string {
	if m.Flags.Locked {
		return fmt.Sprintf("locks it (%s)", m.Flags.LockNote)
	}
	return "unlocks it"
}
