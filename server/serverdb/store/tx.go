package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"
)

// Tx is one transaction.
type Tx struct {
	dialect
	tx  *sql.Tx
	ctx context.Context
}

// Update runs fn in one transaction and returns once it is on disk.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) error {
	return s.in(ctx, s.write, nil, fn)
}

// View runs fn over one consistent state.
func (s *Store) View(ctx context.Context, fn func(*Tx) error) error {
	return s.in(ctx, s.read, s.viewing(), fn)
}

func (s *Store) in(ctx context.Context, db *sql.DB, how *sql.TxOptions, fn func(*Tx) error) error {
	tx, err := db.BeginTx(ctx, how)
	if err != nil {
		return s.explain(err)
	}
	// The error, or the panic, of fn is the one to tell. After Commit this does
	// nothing.
	defer func() { _ = tx.Rollback() }()
	if err := fn(&Tx{s.dialect, tx, ctx}); err != nil {
		return err
	}
	return s.explain(tx.Commit())
}

// Try runs fn so that an error of fn undoes what fn wrote, and only that. An
// ErrUndone tells that everything before it is undone, too.
func (t *Tx) Try(fn func() error) error {
	if _, err := t.tx.ExecContext(t.ctx, "SAVEPOINT try"); err != nil {
		return t.explain(err)
	}
	if err := fn(); err != nil {
		if _, e := t.tx.ExecContext(t.ctx, "ROLLBACK TO try"); e != nil {
			return fmt.Errorf("%w: %w", ErrUndone, err)
		}
		_, _ = t.tx.ExecContext(t.ctx, "RELEASE try")
		return err
	}
	_, err := t.tx.ExecContext(t.ctx, "RELEASE try")
	return t.explain(err)
}

func (t *Tx) exec(what, query string, args ...any) error {
	if _, err := t.tx.ExecContext(t.ctx, query, args...); err != nil {
		return fmt.Errorf("%s: %w", what, t.explain(err))
	}
	return nil
}

// query hands each row to scan.
func (t *Tx) query(what string, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := t.tx.QueryContext(t.ctx, query, args...)
	if err != nil {
		return fmt.Errorf("%s: %w", what, t.explain(err))
	}
	defer rows.Close() //nolint:errcheck // Err below tells
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fmt.Errorf("%s: %w", what, t.damaged(err))
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("%s: %w", what, t.explain(err))
	}
	return nil
}

// records reads a table whose rows are JSON records.
func records[T any](t *Tx, what, query string, args ...any) ([]*T, error) {
	var all []*T
	err := t.query(what, func(r *sql.Rows) error {
		var text string
		if err := r.Scan(&text); err != nil {
			return err
		}
		v := new(T)
		if err := json.Unmarshal([]byte(text), v); err != nil {
			return err
		}
		all = append(all, v)
		return nil
	}, query, args...)
	return all, err
}

// encode gives a record's JSON. Our records hold nothing that JSON refuses.
func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("record %T: %v", v, err))
	}
	return string(b)
}

// stamp cuts a time to what both engines keep.
func stamp(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// optional turns "" into NULL, so that absent values do not clash.
func optional(s string) any {
	if s == "" {
		return nil
	}
	return s
}
