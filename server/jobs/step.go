package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// state is what a check finds.
type state int

const (
	pending state = iota // not yet
	done
	skipped // not needed
)

// step is one step of an action. check looks at the world; act, where there
// is one, changes it and is repeated when nothing shows after a while.
type step struct {
	name  string
	limit func(Limits) time.Duration
	check func(context.Context, *run) (state, string, error)
	act   func(context.Context, *run) error
	// finish is written in the transaction that ends the step.
	finish func(context.Context, *run) (func(*serverdb.Write, *machine.Job) error, error)
}

// run is one go at one job.
type run struct {
	*Engine
	job     *machine.Job
	machine *machine.Machine
}

// errFinal ends the job at once: trying again cannot help.
var errFinal = errors.New("final")

// actions are the steps of every action, in their order.
func (e *Engine) actions() map[machine.Action][]step {
	return map[machine.Action][]step{machine.ActionInstall: installSteps}
}

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
		r := &run{e, j, m}
		cur := j.Current()
		if cur == nil {
			return r.end(ctx, machine.JobFinished, "")
		}
		more, err := r.try(ctx, cur)
		if err != nil || !more {
			return err
		}
	}
}

// try gives the current step one go; more tells that the next one may begin.
func (r *run) try(ctx context.Context, cur *machine.Step) (more bool, err error) {
	s, ok := r.step(cur.Name)
	if !ok {
		return false, r.fail(ctx, cur, fmt.Errorf("step %q is not known to this version", cur.Name))
	}
	if cur.Status == machine.StepWaiting {
		if cur, err = r.begin(ctx, s); err != nil {
			return false, err
		}
	}
	st, note, err := s.check(ctx, r)
	switch {
	case errors.Is(err, errFinal):
		return false, r.fail(ctx, cur, err)
	case err == nil && st != pending:
		return true, r.finishStep(ctx, s, st, note)
	case r.Now().After(cur.Deadline):
		return false, r.late(ctx, cur, note, err)
	case s.act != nil && r.mayAct(cur):
		return false, r.actOnce(ctx, s, cur)
	}
	return false, r.tell(ctx, cur, note, err)
}

func (r *run) step(name string) (step, bool) {
	for _, s := range r.actions()[r.job.Action] {
		if s.name == name {
			return s, true
		}
	}
	return step{}, false
}

// begin makes the start of a step durable.
func (r *run) begin(ctx context.Context, s step) (*machine.Step, error) {
	err := r.change(ctx, func(_ *serverdb.Write, j *machine.Job) error {
		j.Status = machine.JobStarted
		c := j.Current()
		c.Status, c.StartedAt, c.Deadline = machine.StepRunning, r.Now(), r.Now().Add(s.limit(r.Limits))
		return nil
	})
	return r.job.Current(), err
}

// mayAct tells whether the act has not been tried yet, or long enough ago.
func (r *run) mayAct(cur *machine.Step) bool {
	return cur.ActedAt.IsZero() || r.Now().Sub(cur.ActedAt) >= r.Limits.Settle
}

// actOnce notes the intent durably, then acts.
func (r *run) actOnce(ctx context.Context, s step, cur *machine.Step) error {
	err := r.change(ctx, func(_ *serverdb.Write, j *machine.Job) error {
		c := j.Current()
		c.ActedAt, c.Attempt = r.Now(), c.Attempt+1
		return nil
	})
	if err != nil {
		return err
	}
	err = s.act(ctx, r)
	if errors.Is(err, errFinal) {
		return r.fail(ctx, cur, err)
	}
	return r.tell(ctx, r.job.Current(), "", err)
}

// tell keeps a step's last error and note when they change.
func (r *run) tell(ctx context.Context, cur *machine.Step, note string, cause error) error {
	text := ""
	if cause != nil {
		text = cause.Error()
	}
	if cur.Error == text && (note == "" || cur.Note == note) {
		return nil
	}
	return r.change(ctx, func(w *serverdb.Write, j *machine.Job) error {
		c := j.Current()
		if text != "" && c.Error != text {
			if err := r.event(w, fmt.Sprintf("%s: %s", c.Name, text)); err != nil {
				return err
			}
		}
		c.Error = text
		if note != "" {
			c.Note = note
		}
		return nil
	})
}

func (r *run) finishStep(ctx context.Context, s step, st state, note string) error {
	var with func(*serverdb.Write, *machine.Job) error
	if s.finish != nil && st == done {
		var err error
		if with, err = s.finish(ctx, r); err != nil {
			return r.tell(ctx, r.job.Current(), "", err)
		}
	}
	return r.change(ctx, func(w *serverdb.Write, j *machine.Job) error {
		c := j.Current()
		c.Status, c.EndedAt, c.Error = machine.StepDone, r.Now(), ""
		if st == skipped {
			c.Status = machine.StepSkipped
		}
		if note != "" {
			c.Note = note
		}
		if with != nil {
			if err := with(w, j); err != nil {
				return err
			}
		}
		if st == skipped {
			return nil
		}
		return r.event(w, fmt.Sprintf("Step %s done%s", c.Name, colon(c.Note)))
	})
}

func colon(note string) string {
	if note == "" {
		return ""
	}
	return ": " + note
}

// late ends a step whose time is up.
func (r *run) late(ctx context.Context, cur *machine.Step, note string, cause error) error {
	why := fmt.Sprintf("nothing after %s", cur.Deadline.Sub(cur.StartedAt).Round(time.Second))
	if note != "" {
		why += " (" + note + ")"
	}
	if cause != nil {
		why += ": " + cause.Error()
	}
	return r.fail(ctx, cur, errors.New(why))
}

// fail ends the job and says on the machine what became of it.
func (r *run) fail(ctx context.Context, cur *machine.Step, cause error) error {
	sentence := fmt.Sprintf("%s stopped at step %s: %s", r.job.Action, cur.Name, trim(cause))
	return r.change(ctx, func(w *serverdb.Write, j *machine.Job) error {
		if c := j.Current(); c != nil {
			c.Status, c.EndedAt, c.Error = machine.StepFailed, r.Now(), trim(cause)
		}
		return r.close(w, j, machine.JobFailed, sentence)
	})
}

func trim(err error) string {
	var text string
	if u := errors.Unwrap(err); errors.Is(err, errFinal) && u != nil && u.Error() == errFinal.Error() {
		text = err.Error()[:len(err.Error())-len(": "+errFinal.Error())]
	} else {
		text = err.Error()
	}
	return text
}

// end closes a job that has come through.
func (r *run) end(ctx context.Context, s machine.JobStatus, result string) error {
	return r.change(ctx, func(w *serverdb.Write, j *machine.Job) error { return r.close(w, j, s, result) })
}

func (r *run) close(w *serverdb.Write, j *machine.Job, s machine.JobStatus, result string) error {
	j.Status, j.Result, j.EndedAt = s, result, r.Now()
	text := fmt.Sprintf("Job %s %s%s", j.Action, s, colon(result))
	if err := r.event(w, text); err != nil {
		return err
	}
	if s == machine.JobFinished {
		return nil
	}
	return breakMachine(w, j, result)
}

// breakMachine moves a machine whose job ended badly out of its transient
// status.
func breakMachine(w *serverdb.Write, j *machine.Job, sentence string) error {
	m, err := w.Machine(j.Machine)
	if err != nil {
		return err
	}
	if _, transient := m.Status.Transient(); !transient {
		return nil
	}
	return w.Transition(m, serverdb.Change{
		From: m.Status, To: machine.Broken, Who: "job", Why: "install-failed", Sentence: sentence, Job: j.ID,
	})
}

func (r *run) event(w *serverdb.Write, text string) error {
	return w.Event(journal.Event{Machine: r.machine.ID, Source: journal.Job, Text: text, Job: r.job.ID})
}

// change writes the job and shows the result to the run.
func (r *run) change(ctx context.Context, f func(*serverdb.Write, *machine.Job) error) error {
	return r.DB.ChangeJob(ctx, r.job.ID, func(w *serverdb.Write, j *machine.Job) error {
		if !j.Status.Open() {
			return nil // cancelled in between
		}
		err := f(w, j)
		r.job = j
		return err
	})
}
