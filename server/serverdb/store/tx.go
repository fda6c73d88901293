package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Tx is one transaction.
type Tx struct {
	dialect
	tx    *sql.Tx
	ctx   context.Context
	heard func() // the engine said something
	id    string // of an update, for settle
	// kept are the statements that were run, prepared once they come again:
	// reading its text is most of what a small write costs.
	kept map[string]*sql.Stmt
	// standing are those that outlive it; nil: none do.
	standing *standing
}

// Update runs fn in one transaction and returns once it is on disk. The error
// is an *Unsettled where the engine went away while it committed.
func (s *Store) Update(ctx context.Context, fn func(*Tx) error) error {
	var texts []string
	err := s.in(ctx, s.write, s.updating(), func(t *Tx) (err error) {
		t.standing = s.standing
		if t.id, err = s.identify(t); err == nil {
			err = fn(t)
		}
		texts = slices.Collect(maps.Keys(t.kept))
		return err
	})
	if err == nil {
		s.standing.keep(ctx, s.write, texts)
	}
	return err
}

// View runs fn over one consistent state.
func (s *Store) View(ctx context.Context, fn func(*Tx) error) error {
	return s.in(ctx, s.read, s.viewing(), fn)
}

func (s *Store) in(ctx context.Context, db *sql.DB, how *sql.TxOptions, fn func(*Tx) error) error {
	t := &Tx{dialect: s.dialect}
	var end func()
	t.ctx, t.heard, end = s.listen(ctx)
	defer end()
	var err error
	if t.tx, err = db.BeginTx(t.ctx, how); err != nil {
		return t.explain(err)
	}
	// The error, or the panic, of fn is the one to tell. After Commit this does
	// nothing.
	defer func() { _ = t.tx.Rollback() }()
	if err := fn(t); err != nil {
		return err
	}
	t.heard()
	if err := t.tx.Commit(); err != nil {
		return t.failed(err)
	}
	return nil
}

// explain tells of silence, which ends a statement without words of its own.
func (t *Tx) explain(err error) error {
	if cause := context.Cause(t.ctx); err != nil && errors.Is(cause, ErrAway) {
		return cause
	}
	return t.dialect.explain(err)
}

// Try runs fn so that an error of fn undoes what fn wrote, and only that. An
// ErrUndone tells that everything before it is undone, too.
func (t *Tx) Try(fn func() error) error {
	t.heard()
	if _, err := t.run("SAVEPOINT try", nil); err != nil {
		return t.explain(err)
	}
	if err := fn(); err != nil {
		if _, e := t.tx.ExecContext(t.ctx, "ROLLBACK TO try"); e != nil {
			return fmt.Errorf("%w: %w", ErrUndone, err)
		}
		_, _ = t.tx.ExecContext(t.ctx, "RELEASE try")
		return err
	}
	_, err := t.run("RELEASE try", nil)
	return t.explain(err)
}

func (t *Tx) exec(what, query string, args ...any) error {
	t.heard()
	if _, err := t.run(query, words(args)); err != nil {
		return fmt.Errorf("%s: %w", what, t.explain(err))
	}
	return nil
}

// run is ExecContext of a statement that many rows of one transaction share.
func (t *Tx) run(query string, args []any) (sql.Result, error) {
	prepared, err := t.again(query) //nolint:sqlclosecheck // it stays for the next
	if err != nil {
		return nil, err
	}
	if prepared == nil {
		return t.tx.ExecContext(t.ctx, query, args...)
	}
	return prepared.ExecContext(t.ctx, args...)
}

// rows is QueryContext of such a statement.
func (t *Tx) rows(query string, args []any) (*sql.Rows, error) {
	prepared, err := t.again(query) //nolint:sqlclosecheck // it stays for the next
	if err != nil {
		return nil, err
	}
	if prepared == nil {
		return t.tx.QueryContext(t.ctx, query, args...)
	}
	return prepared.QueryContext(t.ctx, args...)
}

// again gives a statement that was run before, in this transaction or in others,
// prepared; nil where it was not.
func (t *Tx) again(query string) (*sql.Stmt, error) {
	prepared, again := t.kept[query]
	if !again {
		if t.kept == nil {
			t.kept = map[string]*sql.Stmt{}
		}
		t.kept[query] = t.standing.in(t, query)
		return t.kept[query], nil
	}
	if prepared == nil {
		var err error
		if prepared, err = t.tx.PrepareContext(t.ctx, t.spell(query)); err != nil { // the transaction's end closes it
			return nil, err
		}
		t.kept[query] = prepared
	}
	return prepared, nil
}

// swap writes a row over the version that its writer read, or makes it where
// that is 0. ErrConflict tells that the row has another version by now.
func (t *Tx) swap(what string, read int64, insert, update string, args ...any) error {
	query := insert
	if read != 0 {
		query, args = update, append(args, read)
	}
	t.heard()
	result, err := t.run(query, words(args))
	if err != nil {
		return fmt.Errorf("%s: %w", what, t.explain(err))
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("%s: %w", what, cmp.Or(err, ErrConflict))
	}
	return nil
}

// query hands each row to scan, which must not ask the same.
func (t *Tx) query(what string, scan func(*sql.Rows) error, query string, args ...any) error {
	t.heard()
	rows, err := t.rows(query, words(args))
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

// words makes text of what strangers say: PostgreSQL takes neither NUL nor what
// is no UTF-8, and what stands for them must be the same on both engines.
func words(args []any) []any {
	for i, a := range args {
		if s, ok := a.(string); ok && (strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s)) {
			args[i] = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
		}
	}
	return args
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
