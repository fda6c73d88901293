package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Found is what a database on a server holds.
type Found struct {
	Schema int64  // of ours; 0 where there is none yet
	Newest int64  // schema, of this Firstlight
	Others int    // tables of something else
	Served string // says by whom, where an appliance serves it
}

// Look tells what a PostgreSQL database holds, and refuses one that Open would
// refuse, without changing anything.
func Look(ctx context.Context, place string) (Found, error) {
	d, err := newPostgres(place)
	if err != nil {
		return Found{}, fmt.Errorf("database %s: %w", Name(place), err)
	}
	f, err := d.look(ctx)
	if err != nil {
		return f, fmt.Errorf("database %s: %w", d, d.explain(err))
	}
	return f, nil
}

func (d postgres) look(ctx context.Context) (f Found, err error) {
	err = d.on(func(db *sql.DB) error {
		if err := d.assert(ctx, &Store{write: db, read: db}); err != nil {
			return err
		}
		return f.read(ctx, db)
	})
	if err != nil {
		return f, err
	}
	if f.Newest, err = newest(); err == nil && f.Schema > f.Newest {
		err = newer(f.Schema, f.Newest)
	}
	return f, err
}

func (f *Found) read(ctx context.Context, db *sql.DB) error {
	var ours bool
	var tables int
	err := db.QueryRowContext(ctx, `SELECT to_regclass('goose_db_version') IS NOT NULL, count(*) FROM pg_tables WHERE schemaname = current_schema()`).Scan(&ours, &tables)
	if err != nil {
		return err
	}
	if f.Served, err = served(ctx, db); err != nil || !ours {
		f.Others = tables
		return err
	}
	return db.QueryRowContext(ctx, `SELECT MAX(version_id) FROM goose_db_version WHERE is_applied`).Scan(&f.Schema)
}

// served says who holds the lock of the process that serves, as far as this user
// may know it.
func served(ctx context.Context, db *sql.DB) (by string, err error) {
	err = db.QueryRowContext(ctx, holder, int64(serving)).Scan(&by)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return by, err
}
