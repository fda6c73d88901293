package serverdb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"firstlight/server/journal"
	"firstlight/server/lease"
	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// One fsync serves all writes of a batch; a larger one would only make the first
// of them wait longer. One that took no longer than its way to the disk would
// waste that.
const (
	batchSize = 256                  // writes that share one commit
	batchTime = 8 * time.Millisecond // after which the others wait for the next one, or as long as the last one went to the disk
)

// op is one write that waits for its commit.
type op struct {
	ctx  context.Context
	fn   func(*Write) error
	done chan error
	w    *Write
	err  error
}

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

// changes are what a commit brings to memory.
type changes struct {
	machines map[string]*machine.Machine
	jobs     map[string]*machine.Job
	leases   []lease.Lease
	events   []journal.Event
	after    []func()
	// touched are machines beside which something changed.
	touched []string
	// vacated is what is left on disk of machines that change places, until they
	// are put.
	vacated map[string]*machine.Machine
}

func (c *changes) putMachine(m *machine.Machine) {
	if c.machines == nil {
		c.machines = map[string]*machine.Machine{}
	}
	c.machines[m.ID] = m
}

func (c *changes) putJob(j *machine.Job) {
	if c.jobs == nil {
		c.jobs = map[string]*machine.Job{}
	}
	c.jobs[j.ID] = j
}

func (c *changes) add(o changes) {
	if c.machines == nil {
		c.machines, c.jobs = map[string]*machine.Machine{}, map[string]*machine.Job{}
	}
	maps.Copy(c.machines, o.machines)
	maps.Copy(c.jobs, o.jobs)
	c.leases = append(c.leases, o.leases...)
	c.events = append(c.events, o.events...)
	c.after = append(c.after, o.after...)
	c.touched = append(c.touched, o.touched...)
}

// Do runs fn in the next commit and returns once that is on disk. An error of
// fn undoes what fn did and nothing else.
func (d *DB) Do(ctx context.Context, fn func(*Write) error) error {
	o := &op{ctx: ctx, fn: fn, done: make(chan error, 1)}
	if err := d.send(o); err != nil {
		return err
	}
	// Whether a write that was taken will be committed is not known before its
	// commit: the caller must wait for the truth, not for its context.
	return <-o.done
}

func (d *DB) send(o *op) error {
	d.gate.RLock()
	defer d.gate.RUnlock()
	if d.closed {
		return ErrClosed
	}
	select {
	case <-o.ctx.Done():
		return o.ctx.Err()
	case d.ops <- o:
		return nil
	}
}

// write is the one writer.
func (d *DB) write() {
	defer close(d.done)
	idle := time.NewTicker(pulse)
	defer idle.Stop()
	for {
		select {
		case o, ok := <-d.ops:
			if !ok {
				return
			}
			for batch := []*op{o}; len(batch) > 0; {
				batch = d.commit(d.join(batch))
			}
		case <-idle.C:
			d.look()
		}
	}
}

// join adds to a batch what waits already behind it.
func (d *DB) join(batch []*op) []*op {
	for len(batch) < batchSize {
		select {
		case o, ok := <-d.ops:
			if !ok {
				return batch
			}
			batch = append(batch, o)
		default:
			return batch
		}
	}
	return batch
}

// commit runs a batch in one transaction, as many of it as there is time for,
// shows their changes and answers. It gives those that are left.
func (d *DB) commit(batch []*op) (left []*op) {
	if err := d.settle(); err != nil {
		d.heard(err)
		refuse(batch, err)
		return nil
	}
	var all changes
	now, began := d.Now(), time.Now()
	var first, last time.Time // when the writes ran
	err := d.store.Update(context.Background(), func(tx *store.Tx) (err error) {
		if d.ids, err = tx.Counters(); err != nil {
			return err
		}
		before := d.ids
		first = time.Now()
		defer func() { last = time.Now() }()
		for i, o := range batch {
			if i > 0 && time.Since(first) > max(batchTime, d.toDisk) {
				batch, left = batch[:i], batch[i:]
				break
			}
			o.w = &Write{tx: tx, db: d, now: now, batch: &all}
			o.err = o.run()
			if errors.Is(o.err, store.ErrUndone) {
				return o.err // those before it in the batch are gone, too
			}
			if o.err == nil {
				all.add(o.w.own)
			}
			all.add(o.w.met)
		}
		if d.ids == before {
			return nil
		}
		return tx.PutCounters(d.ids)
	})
	d.heard(err)
	if err == nil {
		d.show(all)
		d.toDisk = time.Since(last)
		d.committed(len(batch), time.Since(began))
	}
	if errors.As(err, &d.doubt.of) {
		d.doubt.changes = all
	}
	for _, o := range batch {
		if err != nil && o.err == nil {
			o.err = fmt.Errorf("commit: %w", err)
		}
		o.done <- o.err
	}
	return left
}

func (d *DB) committed(writes int, took time.Duration) {
	if d.Committed != nil {
		d.Committed(writes, took)
	}
}

// run gives one write its own savepoint and contains its panics: one bad
// report must not take the others with it.
func (o *op) run() (err error) {
	if err := o.ctx.Err(); err != nil {
		return err
	}
	ids := o.w.db.ids
	defer func() {
		if err != nil { // its rows are gone: the next ones have no gap before them
			o.w.db.ids = ids
		}
	}()
	return o.w.tx.Try(func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("write: internal error: %v", p)
			}
		}()
		return o.w.on(termsOf(o.ctx), o.fn)
	})
}

// show brings committed changes to memory and to the watchers.
func (d *DB) show(c changes) {
	var signals []journal.Signal
	d.index.apply(c.machines, c.jobs)
	for id := range c.machines {
		signals = append(signals, journal.Signal{Machine: id})
	}
	for _, j := range c.jobs {
		signals = append(signals, journal.Signal{Machine: j.Machine})
	}
	for _, id := range c.touched {
		signals = append(signals, journal.Signal{Machine: id})
	}
	for i := range c.events {
		signals = append(signals, journal.Signal{Event: &c.events[i], Machine: c.events[i].Machine})
	}
	d.book.apply(c.leases)
	for _, f := range c.after {
		f()
	}
	d.hub.Publish(signals...)
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
func (w *Write) Event(e journal.Event) error {
	w.db.ids.Journal++
	e.ID = w.db.ids.Journal
	if e.At.IsZero() {
		e.At = w.now
	}
	if err := w.tx.AddEvent(e); err != nil {
		return err
	}
	w.own.events = append(w.own.events, e)
	return nil
}
