package operate

import (
	"context"
	"time"

	"firstlight/server/auth"
	"firstlight/server/jobs"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// Check has a machine's hardware checked for a while, 0 for as long as is usual, by
// some tests, none for all. It writes nothing to the machine, and is refused for one
// that somebody has.
func (d *Desk) Check(ctx context.Context, who auth.User, ref string, long time.Duration, tests []string) (*machine.Job, error) {
	m, by, err := d.allowed(who, ref, auth.Handle)
	if err != nil {
		return nil, err
	}
	if j, open := d.DB.OpenJob(m.ID); open {
		return nil, explain(&serverdb.BusyError{Job: j})
	}
	if err := unlocked(m); err != nil {
		return nil, err
	}
	j, err := d.Jobs.Check(ctx, jobs.CheckRequest{
		Machine: m, For: long, Tests: tests, Target: "hardwarename=" + m.Name, Requester: who.Name, User: who.Name, By: by,
	})
	return j, explain(err)
}

// tested is the evidence that a machine in repair may go on. A check that failed
// has to be followed by one that passed; none need be made, for it is checked like a
// new machine as soon as it reports.
func tested(m *machine.Machine) (machine.Evidence, error) {
	switch {
	case m.Checked != nil && m.Checked.OK:
		return machine.Evidence{machine.GuardTests: m.Checked.Evidence()}, nil
	case m.Owned:
		return machine.Evidence{machine.GuardTests: "none: it boots its owner's disk, and is checked once that is erased"}, nil
	case m.Checked != nil:
		return nil, conflict("machine "+m.Name+" failed its check: "+m.Checked.Sentence, "put it right and check it again: firstlight machine check "+m.Name)
	default:
		return machine.Evidence{machine.GuardTests: "none yet: it is checked like a new machine when it reports"}, nil
	}
}
