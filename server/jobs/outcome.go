package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// tell keeps a step's note and last error when they change. An error stays
// until the step is done: what comes after it may be nothing but waiting.
func (r *run) tell(ctx context.Context, note string, cause error) error {
	cur, text := r.job.Current(), ""
	if cause != nil {
		text = clip(cause.Error())
	}
	if (text == "" || cur.Error == text) && (note == "" || cur.Note == note) {
		return nil
	}
	return r.change(ctx, func(w *serverdb.Write, j *machine.Job) error {
		c := j.Current()
		if note != "" {
			c.Note = note
		}
		if text == "" || c.Error == text {
			return nil
		}
		c.Error = text
		return r.event(w, fmt.Sprintf("%s: %s", c.Name, text))
	})
}

func (r *run) finishStep(ctx context.Context, s step, st state, note string) error {
	var with func(*serverdb.Write, *machine.Job) error
	if s.finish != nil && st == done {
		var err error
		if with, err = s.finish(ctx, r); err != nil {
			return r.tell(ctx, "", err)
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

// late deals with a step whose time is up: with a BMC at hand the machine is
// booted once more, while attempts are left.
func (r *run) late(ctx context.Context, s step, note string, cause error) error {
	cur := r.job.Current()
	why := fmt.Sprintf("nothing after %s", cur.Deadline.Sub(cur.StartedAt).Round(time.Second))
	if note != "" {
		why += " (" + note + ")"
	}
	switch {
	case cause != nil:
		why += ": " + cause.Error()
	case cur.Error != "":
		why += ": " + cur.Error
	}
	if s.repeat && byHand(r.job) == "" && r.job.Attempt < r.Limits.Attempts {
		return r.again(ctx, s.name+": "+why)
	}
	return r.fail(ctx, errors.New(why))
}

// fail ends the job and says on the machine what became of it.
func (r *run) fail(ctx context.Context, cause error) error {
	return r.failWith(ctx, cause, func(*serverdb.Write, *machine.Job) error { return nil })
}

// failWith is fail with what else is to be written in its transaction.
func (r *run) failWith(ctx context.Context, cause error, with func(*serverdb.Write, *machine.Job) error) error {
	text := clip(strings.TrimSuffix(cause.Error(), ": "+errFinal.Error()))
	return r.change(ctx, func(w *serverdb.Write, j *machine.Job) error {
		if err := with(w, j); err != nil {
			return err
		}
		c := j.Current()
		c.Status, c.EndedAt, c.Error = machine.StepFailed, r.Now(), text
		return r.close(w, j, machine.JobFailed, fmt.Sprintf("%s stopped at step %s: %s", j.Action, c.Name, text))
	})
}

// end closes a job that has come through.
func (r *run) end(ctx context.Context, s machine.JobStatus, result string) error {
	return r.change(ctx, func(w *serverdb.Write, j *machine.Job) error { return r.close(w, j, s, result) })
}

func (r *run) close(w *serverdb.Write, j *machine.Job, s machine.JobStatus, result string) error {
	j.Status, j.Result, j.EndedAt = s, result, r.Now()
	if err := r.event(w, fmt.Sprintf("Job %s %s%s", j.Action, s, colon(result))); err != nil {
		return err
	}
	if s == machine.JobFinished || actionOf(j.Action).ends == machine.Unknown {
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
		From: m.Status, To: actionOf(j.Action).ends, Who: "job", Why: actionOf(j.Action).failed, Sentence: sentence, Job: j.ID,
	})
}

func (r *run) event(w *serverdb.Write, text string) error {
	return w.Event(journal.Event{Machine: r.machine.ID, Source: journal.Job, Text: text, Job: r.job.ID})
}

// change writes the job, unless it is not where this run saw it, and shows the
// result to the run.
func (r *run) change(ctx context.Context, f func(*serverdb.Write, *machine.Job) error) error {
	var next *machine.Job
	err := r.DB.ChangeJob(ctx, r.job.ID, func(w *serverdb.Write, j *machine.Job) error {
		if moved(r.job, j) {
			return errMoved
		}
		next = j
		return f(w, j)
	})
	if err == nil {
		r.job = next
	}
	return err
}

// moved tells whether a job stands elsewhere than it was seen.
func moved(seen, now *machine.Job) bool {
	a, b := seen.Current(), now.Current()
	switch {
	case !now.Status.Open() || seen.Attempt != now.Attempt || (a == nil) != (b == nil):
		return true
	case a == nil:
		return false
	}
	return a.Name != b.Name || a.Status != b.Status
}

// clip bounds what machines and their BMCs say of themselves, in rows that are
// kept.
func clip(s string) string {
	const most = 600
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, s)
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + " …"
	}
	return s
}
