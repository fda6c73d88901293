package serverdb

import (
	"context"
	"errors"
	"fmt"

	"firstlight/server/serverdb/store"
)

// A database server may go away. Writes fail then, reads go on from memory, and
// the next write after its return finds out what became of the last one.

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
