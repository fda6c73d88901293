package operate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"firstlight/server/auth"
	"firstlight/server/gate"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// NewGateSecret gives a gate a new secret, with which it and its system sign,
// and shows it this once. What was signed with the old one is refused from then
// on.
func (d *Desk) NewGateSecret(ctx context.Context, who auth.User, name string) (string, error) {
	if _, err := d.DB.PlanOf(machine.PlanRef{Kind: machine.KindGate, Name: name}); err != nil {
		return "", err
	}
	if err := d.DB.RecordAudit(ctx, serverdb.ActorOf(who), "new gate secret", name, "", "not shown"); err != nil {
		return "", err
	}
	return d.Gates.Keys.Make(ctx, name)
}

// AnswerGate takes what a system outside answers to a wait. Its signature, not
// a role, says that it may.
func (d *Desk) AnswerGate(ctx context.Context, id string, s gate.Signed) (*machine.Wait, error) {
	w, err := d.Gates.Take(ctx, id, s)
	var forged *gate.ForgedError
	var wrong *gate.WrongError
	var late *serverdb.AnswerError
	switch {
	case errors.As(err, &forged):
		return nil, &Refused{Why: forged.Why, Forbidden: true}
	case errors.As(err, &wrong):
		return nil, &Refused{Field: wrong.Field, Value: wrong.Value, Why: wrong.Why}
	case errors.As(err, &late):
		return nil, conflict(late.Why, late.Remedy)
	case errors.Is(err, machine.ErrNotFound):
		return nil, fmt.Errorf("wait %.64q: nobody waits for this answer: it was asked again, or ended more than a day ago: %w", id, machine.ErrNotFound)
	}
	return w, err
}

// PassGate lets a machine go on without the answer of a system outside, on the
// word of whoever asks. The gate may be left out where there is one only.
func (d *Desk) PassGate(ctx context.Context, who auth.User, name, at, why string) error {
	why, err := said("why", why, whatSeen)
	if err != nil {
		return err
	}
	m, by, err := d.allowed(who, name, auth.Change)
	if err != nil {
		return err
	}
	w, err := d.before(m, at, func(machine.WaitState) bool { return true })
	if err != nil {
		return err
	}
	return explain(d.Gates.Pass(ctx, by, w, why))
}

// AskGate asks a system outside again that refused, or did not answer in time.
func (d *Desk) AskGate(ctx context.Context, who auth.User, name, at string) error {
	m, by, err := d.allowed(who, name, auth.Handle)
	if err != nil {
		return err
	}
	w, err := d.before(m, at, func(s machine.WaitState) bool { return s == machine.WaitRefused || s == machine.WaitLate })
	if err != nil {
		return err
	}
	return explain(d.DB.AskAgain(ctx, by, w.ID))
}

// before finds the wait of a machine that somebody means.
func (d *Desk) before(m *machine.Machine, at string, fits func(machine.WaitState) bool) (*machine.Wait, error) {
	var names []string
	var found []*machine.Wait
	for _, w := range d.DB.WaitsOf(m.ID) {
		if w.State() == machine.WaitOpen {
			continue
		}
		names = append(names, w.Gate)
		if (at == "" || w.Gate == at) && fits(w.State()) {
			found = append(found, w)
		}
	}
	switch {
	case len(names) == 0:
		return nil, conflict("machine "+m.Name+" waits before no gate", "look at it")
	case len(found) > 1:
		return nil, &Refused{Field: "gate", Why: "machine " + m.Name + " waits before several", Remedy: "name one of " + strings.Join(names, ", ")}
	case len(found) == 1:
		return found[0], nil
	case at == "":
		return nil, conflict("the gates of machine "+m.Name+" have time left to answer", "wait for "+strings.Join(names, ", "))
	}
	return nil, conflict(fmt.Sprintf("machine %s does not wait so before gate %.64q", m.Name, at), "it waits before "+strings.Join(names, ", "))
}
