package jobs

import (
	"context"
	"fmt"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// Cancel ends a job whose machine's disk is untouched. A machine that waited
// for its install to start is available again; one that was on its way into
// the agent, or into an erase, ends broken, without a fence. From the moment
// that the agent holds the plan, the disk may be half written: then the job
// runs to its end.
func (e *Engine) Cancel(ctx context.Context, id string, by serverdb.Actor) error {
	return e.DB.ChangeJob(ctx, id, func(w *serverdb.Write, j *machine.Job) error {
		m, err := w.Machine(j.Machine)
		if err != nil {
			return err
		}
		if err := mayCancel(m, j); err != nil {
			return err
		}
		result := "cancelled by " + by.Name
		if actionOf(j.Action).during != machine.Unknown {
			result += ", before the disk was touched"
		}
		if c := j.Current(); c != nil {
			c.Status, c.EndedAt, c.Note = machine.StepSkipped, e.Now(), "cancelled"
		}
		j.Status, j.Result, j.EndedAt, j.Token = machine.JobCancelled, result, e.Now(), machine.Token{}
		if err := w.Event(journal.Event{Machine: m.ID, Source: journal.Job, Text: "Job " + string(j.Action) + " " + result, Who: by.Name, Job: j.ID}); err != nil {
			return err
		}
		if err := w.Audit(by, "cancel "+string(j.Action), m.Name, "job "+j.ID, result); err != nil {
			return err
		}
		return leave(w, m, j, by.Name)
	})
}

// RefusedError says, for whoever asked, why a job cannot be made or cancelled.
type RefusedError struct{ cause error }

func (e *RefusedError) Error() string { return e.cause.Error() }

// Unwrap gives what was found.
func (e *RefusedError) Unwrap() error { return e.cause }

func refuse(format string, args ...any) error { return &RefusedError{fmt.Errorf(format, args...)} }

func mayCancel(m *machine.Machine, j *machine.Job) error {
	switch {
	case !j.Status.Open():
		return refuse("job %s is %s: it cannot be cancelled any more", j.ID, j.Status)
	case actionOf(j.Action).touched(m, j):
		return refuse("the agent of machine %s has begun to write its disk: %s cannot be left behind; let job %s come to its end", m.Name, actionOf(j.Action).rest, j.ID)
	}
	return nil
}

// leave brings the machine out of the job's hands.
func leave(w *serverdb.Write, m *machine.Machine, j *machine.Job, who string) error {
	if actionOf(j.Action).ends == machine.Unknown {
		return nil
	}
	change := serverdb.Change{
		From: m.Status, Who: who, Why: actionOf(j.Action).cancelled, Job: j.ID,
	}
	switch m.Status {
	case machine.Allocated:
		change.To = machine.Available
		change.Evidence = machine.Evidence{machine.GuardUntouched: "the token of job " + j.ID + " was never redeemed"}
	case machine.Installing:
		change.To = machine.Broken
		change.Sentence = "its install was cancelled before the disk was touched; check it again to make it available"
	case machine.Registered:
		change.To = machine.Held
		change.Sentence = "its check was cancelled; check it again"
	case machine.Recycling:
		change.To = machine.Broken
		change.Evidence = machine.Evidence{machine.GuardUntouched: "no agent was given the plan of job " + j.ID}
		change.Sentence = "its erase was cancelled before a disk was touched; check it again, erase it, or give it back to its owner"
	default:
		return nil
	}
	return w.Transition(m, change)
}
