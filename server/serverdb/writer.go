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
	batchTime = 6 * time.Millisecond // after which the others wait for the next one, or as long as the last one went to the disk
)

// op is one write that waits for its commit.
type op struct {
	ctx  context.Context
	fn   func(*Write) error
	one  bool // it writes by one statement, which does all or nothing
	done chan error
	w    *Write
	err  error
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
	// Whether a write that was taken will be committed is not known before its
	// commit: the caller must wait for the truth, not for its context.
	return <-d.begin(ctx, fn)
}

// begin is Do for a caller who waits in his own way.
func (d *DB) begin(ctx context.Context, fn func(*Write) error) <-chan error {
	return d.enter(&op{ctx: ctx, fn: fn})
}

// enter has a write wait for its commit.
func (d *DB) enter(o *op) <-chan error {
	o.done = make(chan error, 1)
	if err := d.send(o); err != nil {
		o.done <- err
	}
	return o.done
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

// round is one commit: the writes that share it, and what came of them.
type round struct {
	ops, left   []*op
	all         changes
	now, began  time.Time
	first, last time.Time // when the writes ran
}

// commit runs a batch in one transaction, as many of it as there is time for,
// shows their changes and answers. It gives those that are left.
func (d *DB) commit(batch []*op) (left []*op) {
	if err := d.settle(); err != nil {
		d.heard(err)
		refuse(batch, err)
		return nil
	}
	r := &round{ops: batch, now: d.Now(), began: time.Now()}
	err := d.store.Update(context.Background(), func(tx *store.Tx) error { return d.writeAll(tx, r) })
	d.heard(err)
	if err == nil {
		d.show(r.all)
		d.toDisk = time.Since(r.last)
		d.committed(len(r.ops), time.Since(r.began))
	}
	if errors.As(err, &d.doubt.of) {
		d.doubt.changes = r.all
	}
	reply(r.ops, err)
	return r.left
}

// writeAll runs the writes of a round, until its time is over.
func (d *DB) writeAll(tx *store.Tx, r *round) (err error) {
	if d.ids, err = tx.Counters(); err != nil {
		return err
	}
	before := d.ids
	r.first = time.Now()
	defer func() { r.last = time.Now() }()
	for i, o := range r.ops {
		if i > 0 && time.Since(r.first) > max(d.hurry, d.toDisk) {
			r.ops, r.left = r.ops[:i], r.ops[i:]
			break
		}
		o.w = &Write{tx: tx, db: d, now: r.now, batch: &r.all}
		o.err = o.run()
		if errors.Is(o.err, store.ErrUndone) {
			return o.err // those before it in the batch are gone, too
		}
		if o.err == nil {
			r.all.add(o.w.own)
		}
		r.all.add(o.w.met)
	}
	if d.ids == before {
		return nil
	}
	return tx.PutCounters(d.ids)
}

// reply tells each write what became of it; err is the commit's.
func reply(ops []*op, err error) {
	for _, o := range ops {
		if err != nil && o.err == nil {
			o.err = fmt.Errorf("commit: %w", err)
		}
		o.done <- o.err
	}
}

func (d *DB) committed(writes int, took time.Duration) {
	if d.Committed != nil {
		d.Committed(writes, took)
	}
}

// run gives one write its own savepoint and contains its panics: one bad
// report must not take the others with it. Leases, of which a storm brings most,
// do without: to save and release is half of what such a write costs.
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
	terms := termsOf(o.ctx)
	if o.one && len(terms) == 0 {
		return o.bare()
	}
	return o.w.tx.Try(func() error { return o.try(terms) })
}

// bare runs a write of one statement. Where that failed for another reason than
// that the row has changed, nothing says what is left of the transaction.
func (o *op) bare() error {
	err := o.try(nil)
	if err != nil && !errors.Is(err, ErrConflict) {
		return fmt.Errorf("%w: %w", store.ErrUndone, err)
	}
	return err
}

func (o *op) try(terms []term) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("write: internal error: %v", p)
		}
	}()
	return o.w.on(terms, o.fn)
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
	d.tail.add(c.events)
	d.book.apply(c.leases)
	for _, f := range c.after {
		f()
	}
	d.hub.Publish(signals...)
}
