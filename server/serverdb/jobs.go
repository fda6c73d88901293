package serverdb

import (
	"context"
	"fmt"
	"slices"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// CreateJob stores a new job, or answers a *BusyError with the machine's open
// one.
func (d *DB) CreateJob(ctx context.Context, j *machine.Job, prepare func(*Write) error) error {
	return d.Do(ctx, func(w *Write) error { return w.CreateJob(j, prepare) })
}

// CreateJob is DB.CreateJob within a write.
func (w *Write) CreateJob(j *machine.Job, prepare func(*Write) error) error {
	if other := w.OpenJob(j.Machine); other != nil {
		return &BusyError{Job: other}
	}
	if prepare != nil {
		if err := prepare(w); err != nil {
			return err
		}
	}
	if err := w.PutJob(j); err != nil {
		return err
	}
	return w.Event(journal.Event{
		Machine: j.Machine, Source: journal.Job, Job: j.ID, Who: j.User,
		Text: fmt.Sprintf("Job %s queued for %s", j.Action, j.Requester),
	})
}

// ChangeJob changes a job and, in the same transaction, whatever else change
// writes. The job that change gets is a copy of its own.
func (d *DB) ChangeJob(ctx context.Context, id string, change func(*Write, *machine.Job) error) error {
	return d.Do(ctx, func(w *Write) error {
		old, err := w.Job(id)
		if err != nil {
			return fmt.Errorf("job %s: %w", id, err)
		}
		j := old.Clone()
		if err := change(w, j); err != nil {
			return err
		}
		return w.PutJob(j)
	})
}

// Erases gives every job that erased disks of a machine, or tried to, newest
// first, also those of years ago: they hold its certificates.
func (d *DB) Erases(ctx context.Context, machineID string) (all []*machine.Job, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.JobsOf(machineID)
		return err
	})
	return erases(all), err
}

// Erases is DB.Erases as this write sees them, without the jobs that it changes.
func (w *Write) Erases(machineID string) ([]*machine.Job, error) {
	all, err := w.tx.JobsOf(machineID)
	return erases(all), err
}

func erases(all []*machine.Job) []*machine.Job {
	return slices.DeleteFunc(all, func(j *machine.Job) bool { return j.Erase == nil })
}
