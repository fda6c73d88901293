package jobs

import (
	"context"
	"fmt"
	"slices"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// again spends one attempt: the old token is void, and the way begins anew at
// the boot device. Where the agent is there, none of the steps to it is needed.
func (r *run) again(ctx context.Context, why string) error {
	if r.job.Attempt >= r.Limits.Attempts {
		return fmt.Errorf("%s, after %d attempts: %w", why, r.job.Attempt, errFinal)
	}
	return r.change(ctx, func(w *serverdb.Write, j *machine.Job) error { return nextAttempt(w, j, why) })
}

func nextAttempt(w *serverdb.Write, j *machine.Job, why string) error {
	m, err := w.Machine(j.Machine)
	if err != nil {
		return err
	}
	j.Attempt++
	j.Token = machine.Token{}
	rewind(j, why)
	if actionOf(j.Action).during == machine.Unknown {
		return w.Event(journal.Event{Machine: m.ID, Source: journal.Job, Job: j.ID, Text: fmt.Sprintf("Attempt %d: %s", j.Attempt, why)})
	}
	return w.Transition(m, serverdb.Change{
		From: actionOf(j.Action).during, To: actionOf(j.Action).during, Who: "job", Why: "again", Sentence: why, Job: j.ID,
		Evidence: machine.Evidence{machine.GuardJob: "job " + j.ID, machine.GuardAttempts: fmt.Sprintf("attempt %d", j.Attempt)},
	})
}

// rewind lets the steps from the boot device on wait once more. What was sent
// is counted on, and the reason stays with the step that failed.
func rewind(j *machine.Job, why string) {
	cur := j.Current().Name
	from := slices.IndexFunc(j.Steps, func(s machine.Step) bool { return s.Name == stepBootDevice })
	for i := from; i < len(j.Steps); i++ {
		s := &j.Steps[i]
		note := ""
		if s.Name == cur {
			note = why
		}
		*s = machine.Step{Name: s.Name, Status: machine.StepWaiting, Attempt: s.Attempt, Error: note}
		if s.Name == cur {
			return
		}
	}
}

// attemptBegan is when this attempt went for the boot device: what the machine
// did before tells nothing of it.
func attemptBegan(j *machine.Job) time.Time {
	for _, s := range j.Steps {
		if s.Name == stepBootDevice {
			return s.StartedAt
		}
	}
	return j.CreatedAt
}
