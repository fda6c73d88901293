package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"firstlight/server/discovery"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// CheckRequest asks for a check of a machine's hardware.
type CheckRequest struct {
	Machine   *machine.Machine
	For       time.Duration // budget of all tests; 0: what its rule asks, or DefaultCheck
	Tests     []string      // none: all
	Target    string        // the selector as given
	Requester string        // for whom
	User      string        // who called
	By        serverdb.Actor
}

// DefaultCheck is the budget of a check of which nobody said how long it may take.
const DefaultCheck = 10 * time.Minute

// Check makes a job that checks a machine's hardware and writes nothing to it. It
// answers *serverdb.BusyError when the machine has an open job.
func (e *Engine) Check(ctx context.Context, r CheckRequest) (*machine.Job, error) {
	r.For = cmp.Or(r.For, r.Machine.CheckFor, DefaultCheck)
	if r.For < machine.CheckLeast || r.For > machine.CheckMost {
		return nil, refuse("a check of %s: want %s to %s", machine.Span(r.For), machine.Span(machine.CheckLeast), machine.Span(machine.CheckMost))
	}
	tests, err := chosenTests(r.Tests)
	if err != nil {
		return nil, err
	}
	budget := machine.Span(r.For)
	j := &machine.Job{
		ID: uuid.NewString(), Action: machine.ActionCheck, Status: machine.JobQueued, Target: r.Target,
		Params:    map[string]string{"for": budget, "tests": strings.Join(tests, " ")},
		Requester: r.Requester, User: r.User, CreatedAt: e.Now().UTC(), Machine: r.Machine.ID, Attempt: 1,
		Steps: waitingSteps(machine.ActionCheck), Check: &machine.Checkup{Seconds: int(r.For.Seconds()), Tests: tests},
	}
	return j, e.DB.CreateJob(ctx, j, func(w *serverdb.Write) error {
		m, err := w.Machine(j.Machine)
		if err != nil {
			return err
		}
		if err := e.toBeChecked(w, m, j, r); err != nil {
			return err
		}
		by := cmp.Or(r.By, serverdb.Actor{Name: r.User})
		return w.Audit(by, "check", m.Name, string(m.Status), "for "+budget+": "+strings.Join(tests, ", ")+", job "+j.ID)
	})
}

// toBeChecked registers a machine that nobody has, so that it becomes available
// with the verdict and not before. One that is repaired stays in the hands of whoever
// does that.
func (e *Engine) toBeChecked(w *serverdb.Write, m *machine.Machine, j *machine.Job, r CheckRequest) error {
	if err := e.mayBeChecked(m); err != nil {
		return err
	}
	if m.Status != machine.Registered && m.Status != machine.Repairing {
		err := w.Transition(m, serverdb.Change{
			From: m.Status, To: machine.Registered, Who: r.User, Why: "check", Sentence: "its hardware is checked for " + j.Params["for"], Job: j.ID,
			Evidence: machine.Evidence{machine.GuardNoOwner: "never had one, or proven erased since", machine.GuardNoJob: "none but the check"},
			Apply:    func(m *machine.Machine) { m.Undo = nil },
		})
		if err != nil {
			return err
		}
		if m, err = w.Machine(m.ID); err != nil {
			return err
		}
	}
	return w.Mark(m, func(m *machine.Machine) {
		m.Checked = nil
		if m.Status == machine.Registered {
			m.CheckFor = max(m.CheckFor, r.For)
		}
	})
}

// mayBeChecked refuses what somebody uses, or may have data on.
func (e *Engine) mayBeChecked(m *machine.Machine) error {
	switch {
	case m.Flags.Frozen:
		return refuse("machine %s is frozen since an older database was restored: thaw it first", m.Name)
	case m.Flags.Locked:
		return refuse("machine %s is locked: %s", m.Name, m.Flags.LockNote)
	case m.Flags.Fenced:
		return refuse("machine %s is fenced since an erase of it failed: erase it again, or take the fence away", m.Name)
	case m.Status == machine.InUse, m.Status == machine.Allocated, m.Status == machine.Installing, m.Status == machine.Configuring:
		return refuse("machine %s is %s: a machine that somebody has is not checked; release it first", m.Name, m.Status.Human())
	case m.Owned:
		return refuse("machine %s is %s and had an owner, whose disk it boots: erase it first", m.Name, m.Status.Human())
	case m.Flags.NoPowerOff && !e.agents.polling(m.ID, e.Now()):
		return refuse("machine %s must not be powered off, and its agent is not there: boot it into the agent by hand", m.Name)
	}
	switch m.Status {
	case machine.Registered, machine.Held, machine.Available, machine.Broken, machine.Repairing:
		return nil
	default:
		return refuse("machine %s is %s: only one that is registered, held, available, broken or repairing is checked", m.Name, m.Status.Human())
	}
}

// checkUnlessOpen has a machine that is to be checked get on.
func (e *Engine) checkUnlessOpen(ctx context.Context, m *machine.Machine) {
	if _, open := e.DB.OpenJob(m.ID); open || m.Flags.Locked || m.Flags.Frozen {
		return
	}
	if err := e.checkDue(ctx, m); err != nil && ctx.Err() == nil {
		e.Log.ErrorContext(ctx, "check by rule", "machine", m.Name, "error", err)
	}
}

// checkDue starts the check that a registered machine's rule asks for, and lets the
// rules decide once it has one. It looks at the truth rather than at an event, so
// that a crash between the two loses nothing.
func (e *Engine) checkDue(ctx context.Context, m *machine.Machine) error {
	if c := m.Checked; c != nil && (!c.OK || c.Proves(m.CheckFor)) {
		return e.DB.Judge(ctx, m.ID)
	}
	who, err := e.ruleOf(ctx, m)
	if err != nil {
		return err
	}
	_, err = e.Check(ctx, CheckRequest{Machine: m, For: m.CheckFor, Target: "hardwarename=" + m.Name, Requester: who, User: who})
	var busy *serverdb.BusyError
	var refused *RefusedError
	switch {
	case errors.As(err, &busy):
		return nil // a person was faster
	case errors.As(err, &refused):
		return e.DB.Transition(ctx, serverdb.Change{
			Machine: m.ID, From: machine.Registered, To: machine.Held, Who: "jobs", Why: discovery.ReasonUnchecked, Sentence: fmt.Sprintf("its check cannot start: %v", err),
		})
	}
	return err
}

// ruleOf names the rule that takes a machine.
func (e *Engine) ruleOf(ctx context.Context, m *machine.Machine) (string, error) {
	t, err := e.DB.Try(ctx, m.ID)
	if err != nil {
		return "", err
	}
	for _, o := range t.Opinions {
		if o.Decides {
			return "rule " + o.Rule.Name, nil
		}
	}
	return "the rules", nil
}
