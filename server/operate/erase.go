package operate

import (
	"context"
	"fmt"

	"firstlight/server/auth"
	"firstlight/server/jobs"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// Erase has all disks of one machine erased, whatever is on them, and takes it
// from whoever has it. typed must be its name: the one proof that a person read
// which machine it is. There is no erase of many at once.
func (d *Desk) Erase(ctx context.Context, who auth.User, ref, typed, note string) (*machine.Job, error) {
	m, _, err := d.allowed(who, ref, auth.Change)
	if err != nil {
		return nil, err
	}
	if err := named(m, typed); err != nil {
		return nil, err
	}
	if note, err = noted(note); err != nil {
		return nil, err
	}
	if err := unlocked(m); err != nil {
		return nil, err
	}
	// Before the look at its disks: who else has it is the better answer.
	if j, open := d.DB.OpenJob(m.ID); open {
		return nil, explain(&serverdb.BusyError{Job: j})
	}
	if _, legal := machine.Find(m.Status, machine.Recycling); !legal || m.Status == machine.Recycling {
		return nil, explain(&machine.IllegalError{Name: m.Name, From: m.Status, To: machine.Recycling})
	}
	j, err := d.Jobs.Erase(ctx, jobs.EraseRequest{
		Machine: m, Target: "hardwarename=" + m.Name, Requester: who.Name, User: who.Name, By: serverdb.ActorOf(who),
		Confirmed: who.Name + " typed its name", Note: note,
	})
	return j, explain(err)
}

// Unfence takes the fence from a machine whose erase failed, on the word of a
// person who typed its name and says why: the disk was shredded, or is nobody's.
func (d *Desk) Unfence(ctx context.Context, who auth.User, ref, typed, why string) error {
	m, by, err := d.allowed(who, ref, auth.Change)
	if err != nil {
		return err
	}
	if err := named(m, typed); err != nil {
		return err
	}
	if why, err = said("why", why, whyUnfenced); err != nil {
		return err
	}
	return explain(d.DB.Do(ctx, func(w *serverdb.Write) error {
		m, err := w.Machine(m.ID)
		if err != nil {
			return err
		}
		if !m.Flags.Fenced {
			return conflict(fmt.Sprintf("machine %s is not fenced", m.Name), "look at it again")
		}
		if err := idle(w, m); err != nil {
			return err
		}
		return w.Unfence(m, by, why)
	}))
}
