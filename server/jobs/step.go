package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// state is what a check finds.
type state int

const (
	pending state = iota // not yet
	waiting              // not yet, and nothing is to be done about it now
	done
	skipped // not needed
	gated   // a system outside is waited for, which has a deadline of its own
)

// step is one step of an action. check looks at the world; act, where there
// is one, changes it and is repeated when nothing shows after a while.
type step struct {
	name  string
	limit func(Limits) time.Duration
	lasts func(*machine.Job) time.Duration // beside the limit, as the job asks
	check func(context.Context, *run) (state, string, error)
	act   func(context.Context, *run) error
	// finish is written in the transaction that ends the step.
	finish func(context.Context, *run) (func(*serverdb.Write, *machine.Job) error, error)
	// bmc tells that check asks a BMC, which must not be asked all the time.
	bmc bool
	// repeat tells that a step that is late may be tried again from the boot
	// device on.
	repeat bool
}

func stepOf(a machine.Action, name string) (step, bool) {
	for _, s := range actionOf(a).steps {
		if s.name == name {
			return s, true
		}
	}
	return step{}, false
}

// run is one go at one job.
type run struct {
	*Engine
	job     *machine.Job
	machine *machine.Machine
}

// errFinal ends the job at once: trying again cannot help.
var errFinal = errors.New("final")

// errMoved says that the job is not where this run saw it: it was cancelled,
// or begins anew.
var errMoved = errors.New("the job moved on in between")

// advance moves a job as far as it goes now.
func (e *Engine) advance(ctx context.Context, id string) error {
	for {
		j, err := e.DB.Job(id)
		if err != nil || !j.Status.Open() {
			return err
		}
		m, err := e.DB.Machine(j.Machine)
		if err != nil {
			return err
		}
		more, err := (&run{e, j, m}).next(ctx)
		if err != nil && !errors.Is(err, errMoved) {
			return err
		}
		if err == nil && !more {
			return nil
		}
	}
}

// next gives the job one go; more tells that the next step may begin.
func (r *run) next(ctx context.Context) (more bool, err error) {
	cur := r.job.Current()
	if cur == nil {
		return false, r.end(ctx, machine.JobFinished, "")
	}
	s, ok := stepOf(r.job.Action, cur.Name)
	if !ok {
		return false, r.fail(ctx, fmt.Errorf("step %q is not known to this version", cur.Name))
	}
	if cur.Status == machine.StepWaiting {
		if err := r.begin(ctx, s); err != nil {
			return false, err
		}
	}
	if s.bmc && !r.agentIsThere() && !r.looks.due(r.machine.ID, r.job.ID+" "+s.name, r.Now(), r.Limits.Look) {
		return false, nil
	}
	return r.try(ctx, s)
}

func (r *run) try(ctx context.Context, s step) (more bool, err error) {
	cur, attempt := r.job.Current(), r.job.Attempt
	st, note, err := s.check(ctx, r)
	switch {
	case r.job.Attempt != attempt:
		return true, nil
	case errors.Is(err, errFinal):
		return false, r.fail(ctx, err)
	case errors.Is(err, errMoved):
		return false, err
	case err == nil && (st == done || st == skipped):
		return true, r.finishStep(ctx, s, st, note)
	case st == gated && err == nil:
		return false, r.wait(ctx, s, note)
	case r.Now().After(cur.Deadline):
		return false, r.late(ctx, s, note, err)
	case s.act != nil && st == pending && r.mayAct(cur):
		return false, r.actOnce(ctx, s)
	}
	return false, r.tell(ctx, note, err)
}

// begin makes the start of a step durable.
func (r *run) begin(ctx context.Context, s step) error {
	return r.change(ctx, func(_ *serverdb.Write, j *machine.Job) error {
		j.Status = machine.JobStarted
		c := j.Current()
		c.Status, c.StartedAt, c.Deadline = machine.StepRunning, r.Now(), r.Now().Add(r.limit(s, j))
		return nil
	})
}

// limit is how long a step of a job may take.
func (e *Engine) limit(s step, j *machine.Job) time.Duration {
	if s.name == stepBootRequest && byHand(j) != "" {
		return e.Limits.Hand
	}
	if s.lasts != nil {
		return s.limit(e.Limits) + s.lasts(j)
	}
	return s.limit(e.Limits)
}

// mayAct tells whether the act has not been tried yet, or long enough ago.
func (r *run) mayAct(cur *machine.Step) bool {
	return cur.ActedAt.IsZero() || r.Now().Sub(cur.ActedAt) >= r.Limits.Settle
}

// actOnce notes the intent durably, then acts.
func (r *run) actOnce(ctx context.Context, s step) error {
	err := r.change(ctx, func(_ *serverdb.Write, j *machine.Job) error {
		c := j.Current()
		c.ActedAt, c.Attempt = r.Now(), c.Attempt+1
		return nil
	})
	if err != nil {
		return err
	}
	err = s.act(ctx, r)
	switch st, note, _ := asked(err); {
	case errors.Is(err, errFinal):
		return r.fail(ctx, err)
	case st == skipped:
		return r.finishStep(ctx, s, st, note)
	}
	return r.tell(ctx, "", err)
}
