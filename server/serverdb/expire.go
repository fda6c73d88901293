package serverdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"firstlight/server/machine"
)

// expiries say what becomes of a machine that stays too long in a transient
// status. Installing and configuring may have left half an image, recycling and
// retiring disks that are not proven clean: they end as broken. What was only
// reserved is free again.
var expiries = map[machine.Status]struct {
	to       machine.Status
	reason   string
	evidence machine.Evidence
}{
	machine.Registered:  {to: machine.Held, reason: "stuck"},
	machine.Allocated:   {to: machine.Available, reason: "too-late", evidence: untouched},
	machine.Installing:  {to: machine.Broken, reason: "install-failed"},
	machine.Configuring: {to: machine.Broken, reason: "install-failed"},
	machine.Recycling:   {to: machine.Broken, reason: "erase-failed"},
	machine.Retiring:    {to: machine.Broken, reason: "erase-failed"},
}

// untouched holds for every machine that is allocated: a disk is written by a
// machine that is installing alone, and none comes back from there.
var untouched = machine.Evidence{machine.GuardUntouched: "it was never installing since it was allocated"}

// Expire ends transient statuses whose time is up. A machine with an open job
// is left to the job, which has deadlines of its own, and one before a gate to
// whoever opens it. One that cannot be ended does not keep the others.
func (d *DB) Expire(ctx context.Context) error {
	var errs []error
	for _, m := range d.index.machines() {
		if _, over := expired(m, d.Now()); over && d.index.openJob(m.ID) == nil && len(d.WaitsOf(m.ID)) == 0 {
			errs = append(errs, d.Do(ctx, func(w *Write) error { return w.expire(m.ID) }))
		}
	}
	return errors.Join(errs...)
}

// expired counts from the status on, or from the end of a check that it stayed for.
func expired(m *machine.Machine, now time.Time) (limit time.Duration, over bool) {
	limit, transient := m.Status.Transient()
	from := m.Since
	if c := m.Checked; c != nil && c.At.After(from) {
		from = c.At
	}
	return limit, transient && !m.Flags.Frozen && now.Sub(from) >= limit
}

// expire looks again, now that nobody else writes.
func (w *Write) expire(id string) error {
	m, err := w.Machine(id)
	if err != nil {
		return err
	}
	limit, over := expired(m, w.now)
	if !over || w.OpenJob(id) != nil || len(w.db.WaitsOf(id)) > 0 {
		return nil
	}
	e := expiries[m.Status]
	return w.Transition(m, Change{
		From: m.Status, To: e.to, Who: "deadline", Why: e.reason, Evidence: e.evidence,
		Sentence: fmt.Sprintf("it was %s for more than %s, and %s did not move it on", m.Status.Human(), limit, m.Status.Owner()),
	})
}
