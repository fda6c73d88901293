package serverdb

import (
	"context"
	"errors"
	"fmt"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

// Await lets a machine wait before the gates of a change of its status, and
// gives those that are closed; none: the change may come.
func (d *DB) Await(ctx context.Context, machineID string, to machine.Status) (closed []*machine.Wait, err error) {
	m, err := d.index.machine(machineID)
	if err != nil {
		return nil, err
	}
	from := m.Status
	gates := d.gates(from, to)
	if len(gates) == 0 {
		return nil, nil
	}
	full, err := d.Full(ctx, m)
	if err != nil {
		return nil, err
	}
	// Whoever waits asks every second: that must write nothing.
	begun := true
	for _, s := range turnstiles(gates, full, from, to, d.WaitsOf(m.ID)) {
		if begun = begun && s.wait != nil; begun && s.closed() {
			closed = append(closed, s.wait)
		}
	}
	if begun {
		return closed, nil
	}
	err = d.Do(ctx, func(w *Write) error {
		m, err := w.Machine(machineID)
		if err != nil {
			return err
		}
		closed, err = w.await(m, from, to)
		return err
	})
	return closed, err
}

// Proceed lets a machine that waited to become available be judged again by its
// last report: the gate is open, what the rules say may be another by now.
func (d *DB) Proceed(ctx context.Context, machineID string) error {
	return d.Do(ctx, func(w *Write) error {
		m, err := w.Machine(machineID)
		if err != nil || m.Status != machine.Registered || m.ReportedAt.IsZero() {
			return err
		}
		subnet, ok := w.db.SubnetFor(m.Address())
		if !ok {
			return fmt.Errorf("machine %s: its address is in no subnet of ours: power-cycle it", m.Name)
		}
		_, err = w.judge(m, subnet)
		return err
	})
}

// NoteWait changes what is known of a request: that it went out, that it was
// taken, or why not. It changes nothing of a wait that is answered or late.
func (d *DB) NoteWait(ctx context.Context, id, text string, change func(*machine.Wait)) error {
	return d.Do(ctx, func(w *Write) error {
		n, err := w.wait(id)
		if err != nil {
			return err
		}
		switch n.State() {
		case machine.WaitAsking, machine.WaitAsked:
		default:
			return nil
		}
		next := *n
		change(&next)
		return w.turnWait(&next, text)
	})
}

func (w *Write) turnWait(n *machine.Wait, text string) error {
	if err := w.putWait(n); err != nil || text == "" {
		return err
	}
	return w.Event(journal.Event{
		Machine: n.Machine, Source: journal.Status, Who: "gate " + n.Gate, Text: text, Details: map[string]string{"gate": n.Gate, "wait": n.ID},
	})
}

// AnswerError refuses an answer to a wait.
type AnswerError struct{ Why, Remedy string }

func (e *AnswerError) Error() string { return e.Why + ": " + e.Remedy }

// Answer takes what the system outside says: refused is its reason, empty when
// it agrees. The same answer again changes nothing; news tells whether this one
// did. One that comes too late, or contradicts the first, is a *AnswerError.
func (d *DB) Answer(ctx context.Context, id, refused string) (news bool, err error) {
	err = d.Do(ctx, func(w *Write) error {
		n, err := w.wait(id)
		if err != nil {
			return err
		}
		if news, err = w.mayAnswer(n, refused); err != nil || !news {
			return err
		}
		next, by := *n, Actor{Name: "gate " + n.Gate}
		text, after := "Opened: "+n.Title, "ok"
		if refused != "" {
			next.Refused, text, after = refused, "Refused: "+n.Title+": "+refused, "refused: "+refused
		} else {
			next.OpenedAt, next.OpenedBy, next.Error = w.now, by.Name, ""
		}
		if err := w.turnWait(&next, text); err != nil {
			return err
		}
		m, err := w.Machine(n.Machine)
		if err != nil {
			return err
		}
		return w.Audit(by, "answer gate", m.Name, "", after)
	})
	return news, err
}

func (w *Write) mayAnswer(n *machine.Wait, refused string) (news bool, err error) {
	first := "ok"
	if n.Refused != "" {
		first = "refused: " + n.Refused
	}
	switch {
	case !n.OpenedAt.IsZero() && refused == "", n.Refused != "" && n.Refused == refused:
		return false, nil
	case !n.OpenedAt.IsZero(), n.Refused != "":
		return false, &AnswerError{"this wait was answered already, with " + first, "the first answer stands; a person can ask again"}
	case !n.EndedAt.IsZero():
		return false, &AnswerError{"the machine does not wait any more since " + spell(n.EndedAt), "nothing is to be done"}
	case !w.now.Before(n.Deadline):
		return false, &AnswerError{"this answer is late, its deadline was " + spell(n.Deadline), "the machine stays where it is; a person can pass the gate or ask again"}
	}
	return true, nil
}

// PassGate lets a machine go on without the answer, because somebody says so.
func (d *DB) PassGate(ctx context.Context, who Actor, id, why string) error {
	return d.person(ctx, who, id, "pass gate", func(w *Write, n *machine.Wait) (text, after string, err error) {
		n.OpenedAt, n.OpenedBy, n.Why = w.now, who.Name, why
		return "Passed without an answer: " + n.Title + ": " + why, "passed: " + why, w.putWait(n)
	})
}

// AskAgain begins a wait anew that was refused, or whose answer is late: with a
// request of its own and a new deadline.
func (d *DB) AskAgain(ctx context.Context, who Actor, id string) error {
	return d.person(ctx, who, id, "ask gate again", func(w *Write, n *machine.Wait) (text, after string, err error) {
		row, err := d.PlanOf(machine.PlanRef{Kind: machine.KindGate, Name: n.Gate})
		if err != nil {
			return "", "", err
		}
		m, err := w.Machine(n.Machine)
		if err != nil {
			return "", "", err
		}
		g, ok := row.Item.(*machine.Gate)
		if !ok {
			return "", "", errors.New("the plan has no gate where one should be")
		}
		_, err = w.begin(m, g)
		return "Asks again for: " + n.Title, "asked again", err
	})
}

// person changes a wait because somebody asks for it.
func (d *DB) person(ctx context.Context, who Actor, id, action string, do func(*Write, *machine.Wait) (text, after string, err error)) error {
	return d.Do(ctx, func(w *Write) error {
		old, err := w.wait(id)
		if err != nil {
			return err
		}
		if s := old.State(); s == machine.WaitOpen || s == machine.WaitOver {
			return fmt.Errorf("the machine does not wait before gate %s any more: %w", old.Gate, ErrConflict)
		}
		n := *old
		text, after, err := do(w, &n)
		if err != nil {
			return err
		}
		m, err := w.Machine(old.Machine)
		if err != nil {
			return err
		}
		if err := w.Event(journal.Event{Machine: m.ID, Source: journal.People, Who: who.Name, Text: text}); err != nil {
			return err
		}
		return w.Audit(who, action, m.Name, "gate "+old.Gate+": "+string(old.State()), after)
	})
}
