package serverdb

import (
	"context"
	"fmt"

	"firstlight/server/machine"
)

// expiries say what becomes of a machine that stays too long in a transient
// status. Recycling and retiring end as broken: their disks are not proven
// clean.
var expiries = map[machine.Status]struct {
	to     machine.Status
	reason string
}{
	machine.Registered:  {machine.Held, "stuck"},
	machine.Allocated:   {machine.Broken, "install-not-started"},
	machine.Installing:  {machine.Broken, "install-failed"},
	machine.Configuring: {machine.Broken, "install-failed"},
	machine.Recycling:   {machine.Broken, "erase-failed"},
	machine.Retiring:    {machine.Broken, "erase-failed"},
}

// Expire ends transient statuses whose time is up. A machine with an open job
// is left to the job, which has deadlines of its own.
func (d *DB) Expire(ctx context.Context) error {
	for _, m := range d.index.machines() {
		limit, transient := m.Status.Transient()
		if !transient || d.Now().Sub(m.Since) < limit || d.index.openJob(m.ID) != nil {
			continue
		}
		e := expiries[m.Status]
		err := d.Transition(ctx, Change{
			Machine: m.ID, From: m.Status, To: e.to, Who: "deadline", Why: e.reason,
			Sentence: fmt.Sprintf("it was %s for more than %s and nothing moved it on", m.Status.Human(), limit),
		})
		if err != nil {
			return err
		}
	}
	return nil
}
