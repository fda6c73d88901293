package serverdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// A database server may go away, and another process may lock a database file.
// Writes fail then, reads go on from memory, and once it is back the writer
// finds out what became of the last one.

// pulse is how often a writer without work looks whether the database is there.
const pulse = 2 * time.Second

// look holds on to the database while there is nothing to write.
func (d *DB) look() {
	err := d.settle()
	if err == nil {
		err = d.store.Hold(context.Background())
	}
	if err == nil && d.Away() != nil { // a file that is locked can still be held
		err = d.store.Update(context.Background(), func(*store.Tx) error { return nil })
	}
	d.heard(err)
}

// heard takes note of how the database answered the writer.
func (d *DB) heard(err error) {
	since, now := d.away.Load(), d.Now()
	switch {
	case errors.Is(err, store.ErrServed):
		select {
		case d.lost <- fmt.Errorf("database %s: %w", d.store, err):
		default: // it is told already
		}
	case errors.Is(err, machine.ErrAway) && since == nil:
		d.away.Store(&now)
		d.Log.Error("the database is away: what is known is still answered, nothing can be changed", "database", d.Place(), "error", err)
	case err == nil && since != nil:
		d.away.Store(nil)
		d.Log.Info("the database is back", "database", d.Place(), "away", now.Sub(*since).Round(time.Second))
	}
}

// Away tells since when the database does not answer; nil while it does.
func (d *DB) Away() *time.Time { return d.away.Load() }

// Lost tells that another appliance serves the database now: nothing can be
// written any more, and what memory says grows old.
func (d *DB) Lost() <-chan error { return d.lost }

// doubt is a commit that the server went away from: its writers were told an
// error, but it may be there.
type doubt struct {
	of      *store.Unsettled
	changes changes
}

// settle brings a commit in doubt to memory if it is there. No other write
// comes before it.
func (d *DB) settle() error {
	if d.doubt.of == nil {
		return nil
	}
	there, err := d.store.Settle(context.Background(), d.doubt.of)
	if err != nil {
		return fmt.Errorf("the last commit is in doubt: %w", err)
	}
	if there {
		d.show(d.doubt.changes)
	}
	d.doubt = doubt{}
	return nil
}

// refuse answers a batch that cannot be begun.
func refuse(batch []*op, err error) {
	for _, o := range batch {
		o.done <- err
	}
}

// away tells whether nothing was written because the server is away.
func away(err error) bool {
	var unsettled *store.Unsettled
	return errors.Is(err, store.ErrAway) && !errors.As(err, &unsettled)
}

// Ping asks the database for a sign of life.
func (d *DB) Ping(ctx context.Context) error { return d.store.Ping(ctx) }

// Place names the database as it may be shown, without a password.
func (d *DB) Place() string { return d.store.String() }

// Found is what a database on a server holds.
type Found = store.Found

// Look tells what a PostgreSQL database holds, and refuses one that Open would
// refuse, without changing anything.
func Look(ctx context.Context, place string) (Found, error) { return store.Look(ctx, place) }

// Name gives a database's place as it may be shown: without a password.
func Name(place string) string { return store.Name(place) }
