package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"firstlight/server/backup"
)

// kept are the tables that a backup holds, each after those that it refers to,
// with the columns of its key. What is not here is derived from them.
var kept = []struct{ name, key string }{
	{"meta", "key"},
	{"machines", "id"},
	{"nics", "mac"},
	{"observed", "machine"},
	{"facts", "machine"},
	{"history", "id"},
	{"journal", "id"},
	{"decisions", "mac"},
	{"leases", "address"},
	{"jobs", "id"},
	{"checks", "job"},
	{"subnets", "name"},
	{"rules", "name"},
	{"images", "name"},
	{"credentials", "owner"},
	{"people", "kind, id"},
	{"audit", "id"},
	{"plan", "kind, name"},
	{"issues", "subject, kind"},
	{"names", "name"},
	{"deliveries", "name"},
	{"replies", "who, key"},
	{"waits", "machine, gate"},
	{"counters", "id"},
}

// keyOf gives a table's key.
func keyOf(table string) (string, bool) {
	for _, k := range kept {
		if k.name == table {
			return k.key, true
		}
	}
	return "", false
}

// dumpPage is how many rows are read with one statement: none of them may take
// longer than an engine lets a statement take.
const dumpPage = 1000

// Schema is the version of the database's schema.
func (t *Tx) Schema() (version int64, err error) {
	err = t.query("read schema", func(r *sql.Rows) error { return r.Scan(&version) }, `SELECT MAX(version_id) FROM goose_db_version WHERE is_applied`)
	return version, err
}

// Tables describes the tables that a backup holds.
func (t *Tx) Tables() ([]backup.Table, error) {
	all := make([]backup.Table, 0, len(kept))
	for _, k := range kept {
		table, err := t.describe(k.name)
		if err != nil {
			return nil, err
		}
		all = append(all, table)
	}
	return all, nil
}

func (t *Tx) describe(table string) (backup.Table, error) {
	d := backup.Table{Name: table}
	t.heard()
	rows, err := t.tx.QueryContext(t.ctx, `SELECT * FROM `+table+` WHERE 1 = 0`) //nolint:gosec // a name of ours
	if err != nil {
		return d, fmt.Errorf("describe %s: %w", table, t.explain(err))
	}
	defer rows.Close() //nolint:errcheck // it has no rows
	types, err := rows.ColumnTypes()
	if err != nil {
		return d, fmt.Errorf("describe %s: %w", table, t.explain(err))
	}
	for _, c := range types {
		kind, ok := kinds[c.DatabaseTypeName()]
		if !ok {
			return d, fmt.Errorf("describe %s: column %s has the type %s, which backups do not know", table, c.Name(), c.DatabaseTypeName())
		}
		d.Columns = append(d.Columns, backup.Column{Name: c.Name(), Kind: kind})
	}
	return d, rows.Err()
}

// kinds are what the engines call the types of the portable subset.
var kinds = map[string]backup.Kind{
	"TEXT": backup.Text, "BIGINT": backup.Integer, "INT8": backup.Integer, "BOOLEAN": backup.Boolean, "BOOL": backup.Boolean, "TIMESTAMP": backup.Time,
}

// Dump gives every row of a table, in the order of its key, as the JSON array
// that both engines give.
func (t *Tx) Dump(table backup.Table, row func([]byte) error) error {
	key, ok := keyOf(table.Name)
	if !ok {
		return fmt.Errorf("dump %s: no table of a backup", table.Name)
	}
	d := dumper{tx: t, table: table, key: strings.Split(key, ", "), row: row}
	for {
		n, err := d.page()
		if err != nil || n < dumpPage {
			return err
		}
	}
}

type dumper struct {
	tx    *Tx
	table backup.Table
	key   []string
	last  []any // the key of the last row; nil before the first
	row   func([]byte) error
	line  bytes.Buffer
}

// page gives the rows after the last one.
func (d *dumper) page() (n int, err error) {
	var names []string
	for _, c := range d.table.Columns {
		names = append(names, c.Name)
	}
	query := `SELECT ` + strings.Join(names, ", ") + ` FROM ` + d.table.Name
	if d.last != nil {
		query += ` WHERE (` + strings.Join(d.key, ", ") + `) > (` + places(len(d.key), 0) + `)`
	}
	query += fmt.Sprintf(` ORDER BY %s LIMIT %d`, strings.Join(d.key, ", "), dumpPage)
	err = d.tx.query("dump "+d.table.Name, func(r *sql.Rows) error {
		n++
		return d.give(r)
	}, query, d.last...)
	return n, err
}

func (d *dumper) give(r *sql.Rows) error {
	cells := make([]any, len(d.table.Columns))
	for i, c := range d.table.Columns {
		cells[i] = cell(c.Kind)
	}
	if err := r.Scan(cells...); err != nil {
		return err
	}
	values := make([]any, len(cells))
	d.last = make([]any, len(d.key))
	for i, c := range d.table.Columns {
		values[i] = valueOf(cells[i])
		for k, name := range d.key {
			if name == c.Name {
				d.last[k] = values[i]
			}
		}
	}
	d.line.Reset()
	out := json.NewEncoder(&d.line)
	out.SetEscapeHTML(false)
	if err := out.Encode(values); err != nil {
		return err
	}
	return d.row(bytes.TrimSuffix(d.line.Bytes(), []byte("\n")))
}

// cell is what a column is scanned into.
func cell(k backup.Kind) any {
	switch k {
	case backup.Integer:
		return &sql.NullInt64{}
	case backup.Boolean:
		return &sql.NullBool{}
	case backup.Time:
		return &sql.NullTime{}
	default:
		return &sql.NullString{}
	}
}

func valueOf(cell any) any {
	switch c := cell.(type) {
	case *sql.NullString:
		if c.Valid {
			return c.String
		}
	case *sql.NullInt64:
		if c.Valid {
			return c.Int64
		}
	case *sql.NullBool:
		if c.Valid {
			return c.Bool
		}
	case *sql.NullTime:
		if c.Valid {
			return c.Time.UTC().Format(time.RFC3339Nano)
		}
	}
	return nil
}

// places are n placeholders after some others.
func places(n, after int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("$%d", after+i+1)
	}
	return strings.Join(all, ", ")
}

// Backup gives the state of one moment: head once, then every row.
func (s *Store) Backup(ctx context.Context, head func(schema int64, tables []backup.Table) error, row func(table string, line []byte) error) error {
	return s.View(ctx, func(tx *Tx) error {
		schema, err := tx.Schema()
		if err != nil {
			return err
		}
		tables, err := tx.Tables()
		if err != nil {
			return err
		}
		if err := head(schema, tables); err != nil {
			return err
		}
		for _, table := range tables {
			if err := tx.Dump(table, func(line []byte) error { return row(table.Name, line) }); err != nil {
				return err
			}
		}
		return nil
	})
}
