package operate

import (
	"context"
	"fmt"
	"slices"

	"firstlight/server/auth"
	"firstlight/server/discovery"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// Retire takes a machine out of the fleet for good: one that never arrived, or
// one whose disks were read and hold nothing. typed must be its name. Every other
// machine is refused: a disk that leaves the house must be proven empty, so that
// it is erased first.
func (d *Desk) Retire(ctx context.Context, who auth.User, ref, typed, note string) error {
	found, by, err := d.allowed(who, ref, auth.Change)
	if err != nil {
		return err
	}
	if err := named(found, typed); err != nil {
		return err
	}
	if note, err = noted(note); err != nil {
		return err
	}
	sentence := "retired by " + who.Name
	if note != "" {
		sentence += ": " + note
	}
	return explain(d.DB.Do(ctx, func(w *serverdb.Write) error {
		m, err := w.Full(found.ID)
		if err != nil {
			return err
		}
		if err := retire(w, m, who.Name, sentence); err != nil {
			return err
		}
		if err := w.ForgetCredentials(serverdb.CredentialOwners(m)...); err != nil {
			return err
		}
		return w.Audit(by, "retire", m.Name, string(m.Status)+brackets(m.Reason), sentence)
	}))
}

// retire goes the legal way: an expected machine is gone at once, every other
// one by way of retiring, which an empty disk ends in the same breath.
func retire(w *serverdb.Write, m *machine.Machine, who, sentence string) error {
	confirmed := machine.Evidence{machine.GuardConfirmed: who + " typed its name"}
	if m.Status == machine.Expected {
		return w.Transition(m, serverdb.Change{
			From: m.Status, To: machine.Retired, Who: who, Why: "never-arrived", Sentence: sentence, Evidence: confirmed, Apply: (*machine.Machine).Leave,
		})
	}
	if _, legal := machine.Find(m.Status, machine.Retiring); !legal || m.Status == machine.Recycling {
		return conflict((&machine.IllegalError{Name: m.Name, From: m.Status, To: machine.Retiring}).Error(), "")
	}
	empty, err := provenEmpty(m)
	if err != nil {
		return err
	}
	if err := mayRetire(w, m); err != nil {
		return err
	}
	confirmed[machine.GuardNoJob] = "none"
	err = w.Transition(m, serverdb.Change{From: m.Status, To: machine.Retiring, Who: who, Why: "retire", Sentence: sentence, Evidence: confirmed})
	if err != nil {
		return err
	}
	if m, err = w.Machine(m.ID); err != nil {
		return err
	}
	return w.Transition(m, serverdb.Change{
		From: m.Status, To: machine.Retired, Who: who, Why: "retired", Sentence: sentence,
		Evidence: machine.Evidence{machine.GuardEmptyDisks: empty}, Apply: (*machine.Machine).Leave,
	})
}

func mayRetire(w *serverdb.Write, m *machine.Machine) error {
	if err := unlocked(m); err != nil {
		return err
	}
	return idle(w, m)
}

// provenEmpty is the evidence that nothing leaves with a machine's disks. A disk
// that a person gave free to be overwritten was not overwritten by that.
func provenEmpty(m *machine.Machine) (string, error) {
	no := func(why, remedy string) (string, error) {
		return "", conflict(fmt.Sprintf("machine %s cannot be retired: %s", m.Name, why), remedy)
	}
	remedy := "have its disks erased: firstlight machine erase " + m.Name
	switch {
	case m.Flags.Fenced:
		return no("its erase failed and it is fenced: "+m.Flags.FenceNote, remedy+", or take out what cannot be erased and take the fence away: firstlight machine unfence "+m.Name)
	case m.Owned:
		return no("its disks may hold its owner's data", remedy)
	case m.Status == machine.Repairing:
		return no("whoever repairs it may have changed its disks", "end the repair and let it report, which reads them again")
	case m.Facts == nil:
		return no("nobody has read its disks", "let it boot the agent, which does")
	case slices.Contains(m.Facts.Missing, "disks"):
		return no("its disks could not be read", "let it report again")
	}
	for _, disk := range m.Facts.Disks {
		if len(disk.Contents) > 0 {
			return no(discovery.Describe(disk), remedy+", or take the disk out and let it report again")
		}
	}
	return discovery.NeverOwned(m.Facts), nil
}
