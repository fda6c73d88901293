package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"firstlight/server/backup"
)

// ErrOccupied means that there is a database where one is to be restored.
var ErrOccupied = errors.New("there is a database already")

// Load is a database that is being filled from a backup, beside the place that
// it is for. Nobody sees it before Swap.
type Load struct {
	place dialect
	stage dialect
	store *Store
	ctx   context.Context //nolint:containedctx // of one load, whose rows come through an interface without one

	table   backup.Table
	pending [][]any
}

// NewLoad makes an empty database of a schema for a place. It refuses a place
// that has one, unless that may be replaced.
func NewLoad(ctx context.Context, place string, replace bool) (*Load, error) {
	d, err := dialectOf(place)
	if err != nil {
		return nil, fmt.Errorf("restore into %s: %w", Name(place), err)
	}
	l := &Load{place: d, ctx: ctx}
	if err := l.begin(replace); err != nil {
		return nil, fmt.Errorf("restore into %s: %w", d, d.explain(err))
	}
	return l, nil
}

func (l *Load) begin(replace bool) error {
	there, err := l.place.occupied(l.ctx)
	if err != nil {
		return err
	}
	if there && !replace {
		return fmt.Errorf("%w: say --replace to move it aside, which keeps it", ErrOccupied)
	}
	l.stage, err = l.place.stage(l.ctx)
	return err
}

// Begin gives the database the schema that the backup was made of.
func (l *Load) Begin(h backup.Head) error {
	write, read, err := l.stage.connect()
	if err != nil {
		return err
	}
	l.store = &Store{dialect: l.stage, write: write, read: read}
	if err := l.store.assert(l.ctx, l.store); err != nil {
		return l.stage.explain(err)
	}
	if err := l.store.upgrade(l.ctx, h.Schema); err != nil {
		return l.stage.explain(err)
	}
	return l.store.Update(l.ctx, func(tx *Tx) error { return same(tx, h.Tables) })
}

// same refuses tables that this schema does not have so, and empties them of
// what migrations wrote.
func same(tx *Tx, tables []backup.Table) error {
	for _, want := range tables {
		if _, ok := keyOf(want.Name); !ok {
			return fmt.Errorf("%w: table %q is none of a backup", backup.ErrDamaged, want.Name)
		}
		have, err := tx.describe(want.Name)
		if err != nil {
			return err
		}
		if !slices.Equal(sorted(have.Columns), sorted(want.Columns)) {
			return fmt.Errorf("%w: table %s has the columns %v, this schema %v", backup.ErrDamaged, want.Name, want.Columns, have.Columns)
		}
		if err := tx.exec("empty "+want.Name, `DELETE FROM `+want.Name); err != nil {
			return err
		}
	}
	return nil
}

func sorted(all []backup.Column) []backup.Column {
	return slices.SortedFunc(slices.Values(all), func(a, b backup.Column) int { return strings.Compare(a.Name, b.Name) })
}

// loadBatch is how many rows are written with one commit.
const loadBatch = 2000

// Row takes a row of a backup.
func (l *Load) Row(table backup.Table, row []byte) error {
	if l.table.Name != table.Name || len(l.pending) == loadBatch {
		if err := l.flush(); err != nil {
			return err
		}
	}
	l.table = table
	values, err := parse(table, row)
	if err != nil {
		return fmt.Errorf("%w: a row of table %s: %w", backup.ErrDamaged, table.Name, err)
	}
	l.pending = append(l.pending, values)
	return nil
}

func (l *Load) flush() error {
	if len(l.pending) == 0 {
		return nil
	}
	var names []string
	for _, c := range l.table.Columns {
		names = append(names, c.Name)
	}
	err := l.store.Update(l.ctx, func(tx *Tx) error {
		return tx.insert("restore "+l.table.Name, l.table.Name+" ("+strings.Join(names, ", ")+")", l.pending)
	})
	l.pending = l.pending[:0]
	return err
}

// parse reads a row as the kinds of its columns say.
func parse(table backup.Table, row []byte) ([]any, error) {
	in := json.NewDecoder(bytes.NewReader(row))
	in.UseNumber()
	var values []any
	if err := in.Decode(&values); err != nil {
		return nil, err
	}
	if len(values) != len(table.Columns) {
		return nil, fmt.Errorf("%d values for %d columns", len(values), len(table.Columns))
	}
	for i, c := range table.Columns {
		var err error
		if values[i], err = read(c.Kind, values[i]); err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
	}
	return values, nil
}

func read(k backup.Kind, v any) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil //nolint:nilnil // it is the database's own nothing
	case json.Number:
		if k == backup.Integer {
			return v.Int64()
		}
	case bool:
		if k == backup.Boolean {
			return v, nil
		}
	case string:
		if k == backup.Time {
			return time.Parse(time.RFC3339Nano, v)
		}
		if k == backup.Text {
			return v, nil
		}
	}
	return nil, fmt.Errorf("%v is no %s", v, k)
}

// Open ends the load and gives the database up to date, still aside: what is to
// be corrected in it is corrected before anybody sees it.
func (l *Load) Open() (*Store, error) {
	if err := l.flush(); err != nil {
		return nil, err
	}
	// Whoever wrote the derived tables of the backup did not write these.
	err := l.store.Update(l.ctx, func(tx *Tx) error { return tx.exec("forget derived", `DELETE FROM meta WHERE key = 'derived'`) })
	if err := errors.Join(err, l.Close()); err != nil {
		return nil, err
	}
	return connect(l.ctx, l.stage)
}

// Close ends a load that goes no further; what is staged is taken away by the
// next one.
func (l *Load) Close() error {
	if l.store == nil {
		return nil
	}
	s := l.store
	l.store = nil
	return s.Close()
}

// Swap puts the staged database, which must be closed, in its place. It tells
// what the one that was there is called now; "" where there was none.
func (l *Load) Swap(at time.Time) (kept string, err error) {
	kept, err = l.place.swap(l.ctx, "before_"+at.UTC().Format("20060102t150405z"))
	if err != nil {
		return "", fmt.Errorf("restore into %s: %w", l.place, l.place.explain(err))
	}
	return kept, nil
}
