package jobs

import (
	"context"
	"time"

	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// resume sets the clocks of the open jobs when the engine starts. A step's
// time runs anew, because the machine could not get anywhere while nobody was
// there to talk to. And times from the future, which a clock leaves behind that
// was set back, become now: what waits for a later time than theirs would wait
// for ever.
func (e *Engine) resume(ctx context.Context) {
	for _, j := range e.DB.Jobs(func(j *machine.Job) bool { return j.Status.Open() }) {
		err := e.DB.ChangeJob(ctx, j.ID, func(_ *serverdb.Write, j *machine.Job) error {
			e.reset(j, e.Now())
			return nil
		})
		if err != nil {
			e.Log.ErrorContext(ctx, "resume job", "job", j.ID, "error", err)
		}
	}
}

func (e *Engine) reset(j *machine.Job, now time.Time) {
	for i := range j.Steps {
		s := &j.Steps[i]
		past(now, &s.StartedAt, &s.EndedAt, &s.ActedAt)
		if known, ok := stepOf(j.Action, s.Name); ok && s.Status == machine.StepRunning {
			s.Deadline = now.Add(e.limit(known, j))
		}
	}
	t := &j.Token
	past(now, &j.CreatedAt, &t.RedeemedAt, &t.WrittenAt, &t.HomeAt)
	if latest := now.Add(tokenLife); t.Expires.After(latest) {
		t.Expires = latest
	}
}

// past brings times that lie ahead back to now.
func past(now time.Time, times ...*time.Time) {
	for _, t := range times {
		if t.After(now) {
			*t = now
		}
	}
}
