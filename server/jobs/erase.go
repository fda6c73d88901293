package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// EraseRequest asks for an erase of all disks of a machine.
type EraseRequest struct {
	Machine   *machine.Machine
	Target    string // the selector as given
	Requester string // for whom
	User      string // who called
	By        serverdb.Actor
	Confirmed string // how it was proven that a person wants it
	Note      string
}

// Erase makes an erase job and takes the machine from whoever has it, in one
// transaction. It answers *serverdb.BusyError when the machine has an open job,
// and says what is wrong with the request otherwise.
func (e *Engine) Erase(ctx context.Context, r EraseRequest) (*machine.Job, error) {
	full, err := e.DB.Full(ctx, r.Machine)
	if err != nil {
		return nil, err
	}
	disks, err := eraseDisks(full)
	if err != nil {
		return nil, refuse("machine %s: %w", r.Machine.Name, err)
	}
	j := &machine.Job{
		ID: uuid.NewString(), Action: machine.ActionErase, Status: machine.JobQueued, Target: r.Target,
		Params:    map[string]string{"disks": strings.Join(serials(disks), " ")},
		Requester: r.Requester, User: r.User, CreatedAt: e.Now().UTC(), Machine: r.Machine.ID, Attempt: 1,
		Steps: waitingSteps(machine.ActionErase), Erase: &machine.Erase{Disks: disks},
	}
	return j, e.DB.CreateJob(ctx, j, func(w *serverdb.Write) error { return e.recycle(w, j, r) })
}

// eraseDisks lists what is to be erased: every disk, by what is written on it.
// One that cannot be told from another cannot be erased by name.
func eraseDisks(m *machine.Machine) (all []machine.EraseDisk, err error) {
	switch {
	case m.Facts == nil:
		return nil, errors.New("its disks are not known: let it boot the agent first")
	case slices.Contains(m.Facts.Missing, "disks"):
		return nil, errors.New("its disks could not be read: let it report again")
	case len(m.Facts.Disks) == 0:
		return nil, errors.New("it shows no disk: there is nothing to erase")
	}
	for _, d := range m.Facts.Disks {
		if d.Serial == "" {
			return nil, fmt.Errorf("disk %s has no serial number to name it by: take it out, then let it report again", d.Name)
		}
		if slices.Contains(serials(all), d.Serial) {
			return nil, fmt.Errorf("two of its disks show the serial number %s: take one out, then let it report again", d.Serial)
		}
		all = append(all, machine.EraseDisk{
			Serial: d.Serial, Bytes: d.Bytes, Name: d.Name, Model: d.Model, WWN: d.WWN, Transport: d.Transport, Rotational: d.Rotational,
		})
	}
	return all, nil
}

func serials(disks []machine.EraseDisk) (all []string) {
	for _, d := range disks {
		all = append(all, d.Serial)
	}
	return all
}

// recycle takes a machine out of every other use, in the job's own transaction.
func (e *Engine) recycle(w *serverdb.Write, j *machine.Job, r EraseRequest) error {
	m, err := w.Machine(j.Machine)
	if err != nil {
		return err
	}
	switch {
	case m.Flags.Frozen:
		return refuse("machine %s is frozen since an older database was restored: thaw it first", m.Name)
	case m.Flags.Locked:
		return refuse("machine %s is locked: %s", m.Name, m.Flags.LockNote)
	case m.Flags.NoPowerOff && !e.agents.polling(m.ID, e.Now()):
		return refuse("machine %s must not be powered off, and its agent is not there: boot it into the agent by hand", m.Name)
	case m.Status == machine.Recycling:
		return &machine.IllegalError{Name: m.Name, From: m.Status, To: machine.Recycling}
	}
	sentence := fmt.Sprintf("%s has its disks erased: %s", r.User, strings.Join(serials(j.Erase.Disks), ", "))
	if r.Note != "" {
		sentence += ": " + r.Note
	}
	err = w.Transition(m, serverdb.Change{
		From: m.Status, To: machine.Recycling, Who: r.User, Why: "erase", Sentence: sentence, Job: j.ID,
		Evidence: machine.Evidence{
			machine.GuardIdentity: "serial " + m.Serial, machine.GuardConfirmed: r.Confirmed, machine.GuardUnlocked: "not locked", machine.GuardJob: "job " + j.ID,
		},
		Apply: func(m *machine.Machine) { m.Undo = nil },
	})
	if err != nil {
		return err
	}
	return w.Audit(cmp.Or(r.By, serverdb.Actor{Name: r.User}), "erase", m.Name, string(m.Status), "disks "+strings.Join(serials(j.Erase.Disks), ", ")+", job "+j.ID)
}
