package serverdb

import (
	"errors"
	"fmt"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// Write is what one write may do. What it puts shows to itself and to the
// writes after it in the batch, and to readers after the commit.
type Write struct {
	tx    *store.Tx
	db    *DB
	now   time.Time
	batch *changes
	own   changes
	// met is what others wrote and this write ran into; it shows even though
	// the write failed.
	met changes
}

// Machine gives a machine as this write sees it.
func (w *Write) Machine(id string) (*machine.Machine, error) {
	for _, c := range []*changes{&w.own, w.batch} {
		if m := c.machines[id]; m != nil {
			return m, nil
		}
	}
	return w.db.index.machine(id)
}

// Full gives a machine with its facts as this write sees them.
func (w *Write) Full(id string) (*machine.Machine, error) {
	m, err := w.Machine(id)
	if err != nil {
		return nil, err
	}
	return w.full(m)
}

// full reads a machine's facts into a copy of it, as this write sees them.
func (w *Write) full(m *machine.Machine) (*machine.Machine, error) {
	full := *m
	if m.ReportedAt.IsZero() {
		return &full, nil
	}
	var err error
	full.Facts, err = w.tx.Facts(m.ID)
	return &full, err
}

// machines gives all of them as this write sees them.
func (w *Write) machines() []*machine.Machine {
	seen := map[string]bool{}
	var all []*machine.Machine
	for _, c := range []*changes{&w.own, w.batch} {
		for id, m := range c.machines {
			if !seen[id] {
				seen[id] = true
				all = append(all, m)
			}
		}
	}
	for _, m := range w.db.index.machines() {
		if !seen[m.ID] {
			all = append(all, m)
		}
	}
	return all
}

// OpenJob gives a machine's open job as this write sees it, nil when none.
func (w *Write) OpenJob(machineID string) *machine.Job {
	found := w.db.index.openJob(machineID)
	for _, c := range []*changes{w.batch, &w.own} {
		for _, j := range c.jobs {
			if j.Machine != machineID {
				continue
			}
			if j.Status.Open() {
				found = j
			} else if found != nil && found.ID == j.ID {
				found = nil
			}
		}
	}
	return found
}

// Job gives a job as this write sees it.
func (w *Write) Job(id string) (*machine.Job, error) {
	for _, c := range []*changes{&w.own, w.batch} {
		if j := c.jobs[id]; j != nil {
			return j, nil
		}
	}
	if j := w.db.index.job(id); j != nil {
		return j, nil
	}
	return w.tx.Job(id)
}

// put stores a changed machine. Its facts have a writer of their own.
func (w *Write) put(m *machine.Machine) error {
	read := m.Version
	m.Version++
	m.UpdatedAt = w.now
	was, err := w.over(m.ID, read)
	if err == nil {
		err = w.quarantine(m, was)
	}
	if err != nil {
		return w.meet(err, func() error { return w.meetMachine(m.ID) })
	}
	if left := w.own.vacated[m.ID]; left != nil {
		was = left
	}
	if err := w.tx.PutMachine(m, was); err != nil {
		return w.taken(m, w.meet(err, func() error { return w.meetMachine(m.ID) }))
	}
	delete(w.own.vacated, m.ID)
	m.Facts = nil
	w.own.putMachine(m)
	return nil
}

// over gives what a machine that was read is written over, nil for a new one.
func (w *Write) over(id string, read int64) (*machine.Machine, error) {
	was, err := w.Machine(id)
	switch {
	case errors.Is(err, machine.ErrNotFound) && read == 0:
		return nil, nil //nolint:nilnil // as it says
	case err != nil && !errors.Is(err, machine.ErrNotFound):
		return nil, err
	case err != nil || was.Version != read:
		return nil, fmt.Errorf("write machine %s: %w", id, ErrConflict)
	}
	return was, nil
}

// PutJob stores a changed job.
func (w *Write) PutJob(j *machine.Job) error {
	read := j.Version
	j.Version++
	if err := w.tx.PutJob(j, read); err != nil {
		if errors.Is(err, store.ErrTaken) {
			if other := w.OpenJob(j.Machine); other != nil {
				return &BusyError{Job: other}
			}
		}
		return w.meet(err, func() error { return w.meetJob(j.ID) })
	}
	w.own.putJob(j)
	return nil
}

// Event appends to the journal.
func (w *Write) Event(e journal.Event) error { return w.Events([]journal.Event{e}) }

// Events appends to the journal, in this order.
func (w *Write) Events(all []journal.Event) error {
	own := len(w.own.events)
	for _, e := range all {
		w.db.ids.Journal++
		e.ID = w.db.ids.Journal
		if e.At.IsZero() {
			e.At = w.now
		}
		w.own.events = append(w.own.events, e)
	}
	return w.tx.AddEvents(w.own.events[own:]...)
}

// After runs f once the write is on disk and shows. It must not wait.
func (w *Write) After(f func()) { w.own.after = append(w.own.after, f) }
