package serverdb

import (
	"context"
	"errors"
	"fmt"

	"firstlight/server/machine"
)

// Mode says what becomes of a write to many machines.
type Mode int

// Modes.
const (
	AllOrNothing Mode = iota // one that is refused keeps the others as they were
	Partial                  // those that are not refused are written
	Dry                      // nothing is written
)

// errKeptNothing takes a write back that only had to say what it would do.
var errKeptNothing = errors.New("nothing was to be kept")

// Each runs fn for each of some machines, as they were read, in one transaction,
// and answers for each why it was refused. written tells whether anything was
// kept: a crash leaves all of it or none. A machine that changed since it was
// read is refused with ErrConflict.
func (d *DB) Each(ctx context.Context, all []*machine.Machine, mode Mode, fn func(*Write, *machine.Machine) error) (refused []error, written bool, err error) {
	err = d.Do(ctx, func(w *Write) error {
		refused = w.each(all, fn)
		n := 0
		for _, err := range refused {
			if err != nil {
				n++
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if mode == Dry || n == len(all) || n > 0 && mode == AllOrNothing {
			return errKeptNothing
		}
		written = true
		return nil
	})
	if errors.Is(err, errKeptNothing) {
		err = nil
	}
	return refused, written && err == nil, err
}

// each takes back what it did for a machine where fn fails; the others see what
// went well before them.
func (w *Write) each(all []*machine.Machine, fn func(*Write, *machine.Machine) error) []error {
	refused := make([]error, len(all))
	outer, kept, seen := w.batch, w.own, changes{}
	seen.add(*outer)
	seen.add(kept)
	w.batch = &seen
	for i, read := range all {
		w.own = changes{}
		ids := w.db.ids
		if refused[i] = w.tx.Try(func() error { return w.asRead(read, fn) }); refused[i] != nil {
			w.db.ids = ids
			continue
		}
		kept.add(w.own)
		seen.add(w.own)
	}
	w.batch, w.own = outer, kept
	return refused
}

func (w *Write) asRead(read *machine.Machine, fn func(*Write, *machine.Machine) error) error {
	m, err := w.Machine(read.ID)
	if err != nil {
		return err
	}
	if m.Version != read.Version {
		return fmt.Errorf("machine %s has version %d, not %d: %w", m.Name, m.Version, read.Version, ErrConflict)
	}
	return fn(w, m)
}
