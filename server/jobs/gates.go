package jobs

import (
	"context"
	"strings"

	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// gates holds a step whose end changes the machine's status until its gates are
// open. What else the change needs is proven before: the system outside is asked
// last.
func (r *run) gates(ctx context.Context, to machine.Status, how string) (state, string, error) {
	closed, err := r.DB.Await(ctx, r.machine.ID, to)
	if err != nil {
		return pending, how, err
	}
	if len(closed) == 0 {
		return done, how, nil
	}
	var titles []string
	for _, w := range closed {
		titles = append(titles, w.Title)
	}
	return gated, "waits for: " + strings.Join(titles, ", "), nil
}

// wait keeps the time of a step from running out while its machine is before a
// gate: a gate that stays closed leaves the machine where it is.
func (r *run) wait(ctx context.Context, s step, note string) error {
	cur, limit := r.job.Current(), r.limit(s, r.job)
	if cur.Note == note && cur.Deadline.Sub(r.Now()) > limit/2 {
		return nil
	}
	return r.change(ctx, func(_ *serverdb.Write, j *machine.Job) error {
		c := j.Current()
		c.Note, c.Deadline = note, r.Now().Add(limit)
		return nil
	})
}
