// Package serverdb is ServerDb: the one door through which anything changes.
//
// Every write is validated, stored and journaled in one transaction by one
// writer that commits many writes at once; only then does it show in memory,
// reach the watchers and return. Reads come from memory and never fail, so
// that known machines keep booting, renewing and resolving when the disk does
// not answer. Only Transition and Report (the state engine) write a status,
// each with its history row.
//
// It imports the words, the decisions and its own store. Adapters do not
// import it: each declares the few methods it needs, and package server hands
// the DB in.
package serverdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"firstlight/server/boot"
	"firstlight/server/journal"
	"firstlight/server/serverdb/store"
)

// ErrClosed answers writes after Close.
var ErrClosed = errors.New("serverdb is closed")

// ErrConflict means that somebody changed the row in between: read again.
var ErrConflict = store.ErrConflict

// ErrServed means that another appliance serves the database.
var ErrServed = store.ErrServed

// Options are what a DB needs beside its file.
type Options struct {
	Log *slog.Logger
	Now func() time.Time
	// Retention is how long the journal is kept; history is kept for ever.
	Retention time.Duration
	// AuditRetention is how long the audit is kept; 0 is for ever.
	AuditRetention time.Duration
	// Patterns make host names, by site; see DefaultPattern.
	Patterns map[string]string
	// Committed, where it is set, hears how many writes a commit was of, and how
	// long it took from the first of them until all were on disk. It must not wait.
	Committed func(writes int, took time.Duration)
	// BootImages are the overlays of the boot images, by the architectures for which
	// there is one, in Debian's names; nil: nobody looked.
	BootImages map[string][]boot.Overlay
	// Serve keeps other appliances from the database until Close: memory does not
	// follow what another process writes. It refuses one that is served already
	// with ErrServed.
	Serve bool
}

// DB is an open ServerDb.
type DB struct {
	Options
	store     *store.Store
	hub       journal.Hub
	tail      tail
	index     index
	book      book
	hearsay   heard
	seen      sightings
	unclaimed unclaimed
	notes     notes
	settings  current
	issues    issues
	waits     waits
	clashes   clashes
	enrolled  enrolled
	restored  atomic.Pointer[Restored]

	// The writer's own.
	doubt     doubt
	away      atomic.Pointer[time.Time] // since when
	lost      chan error
	ids       store.Counters  // the last ones given in this batch
	elsewhere map[string]bool // host names that other processes gave
	toDisk    time.Duration   // how long the last commit went, after its writes
	hurry     time.Duration   // batchTime; tests have time

	ops  chan *op
	done chan struct{}
	stop chan struct{}
	once sync.Once
	// gate keeps ops open while somebody sends on it.
	gate   sync.RWMutex
	closed bool
}

// Open opens ServerDb at a place, a postgres:// URL or the path of a SQLite
// file, and loads it into memory.
func Open(ctx context.Context, place string, o Options) (*DB, error) {
	open := store.Open
	if o.Serve {
		open = store.Serve
	}
	s, err := open(ctx, place)
	if err != nil {
		return nil, err
	}
	return over(ctx, s, o)
}

// over loads what a store holds.
func over(ctx context.Context, s *store.Store, o Options) (*DB, error) {
	d := &DB{Options: o, store: s, elsewhere: map[string]bool{}, ops: make(chan *op, 1024), hurry: batchTime, lost: make(chan error, 1), done: make(chan struct{}), stop: make(chan struct{})}
	d.book.init()
	d.notes.init()
	if err := s.Update(ctx, chainOld); err != nil {
		return nil, errors.Join(fmt.Errorf("chain the audit of database %s: %w", s, err), s.Close())
	}
	if err := s.View(ctx, d.load); err != nil {
		return nil, errors.Join(fmt.Errorf("load database %s: %w", s, err), s.Close())
	}
	go d.write()
	go d.flushNotes()
	return d, nil
}

// load reads everything that is answered from memory.
func (d *DB) load(tx *store.Tx) error {
	machines, err := tx.Machines()
	if err != nil {
		return err
	}
	jobs, err := tx.Jobs(keptJobs)
	if err != nil {
		return err
	}
	leases, err := tx.Leases()
	if err != nil {
		return err
	}
	decisions, err := tx.Decisions()
	if err != nil {
		return err
	}
	open, err := tx.Issues()
	if err != nil {
		return err
	}
	waiting, err := tx.Waits()
	if err != nil {
		return err
	}
	d.waits.load(waiting)
	d.issues.load(open)
	d.clashes.load(open, d.Now())
	if err := d.loadRestored(tx); err != nil {
		return err
	}
	kept, err := tx.MetaLike(metaEnrolment)
	if err != nil {
		return err
	}
	d.index.load(machines, jobs)
	if err := d.loadEnrolments(kept); err != nil {
		return err
	}
	d.book.load(leases)
	d.notes.load(decisions)
	return d.loadSettings(tx)
}

// Close writes what is still to be written and closes the file. A second
// Close answers ErrClosed.
func (d *DB) Close() error {
	err := ErrClosed
	d.once.Do(func() {
		close(d.stop)
		<-d.notes.flushed
		d.gate.Lock()
		d.closed = true
		close(d.ops)
		d.gate.Unlock()
		<-d.done
		err = d.store.Close()
	})
	return err
}

// Watch begins to watch what happens, with room for some signals that wait.
func (d *DB) Watch(room int) *journal.Watcher { return d.hub.Watch(room) }
