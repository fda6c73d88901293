package store_test

import (
	"database/sql"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"

	"firstlight/server/serverdb/pgtest"
	"firstlight/server/serverdb/store"
	"firstlight/server/serverdb/storetest"
)

// TestEverySchemaUpgradesOnPostgreSQL makes a database of each schema, takes
// over the rows of the one that was kept in SQLite at that time, and upgrades
// it.
func TestEverySchemaUpgradesOnPostgreSQL(t *testing.T) {
	for i, name := range names(t) {
		t.Run(path.Base(name), func(t *testing.T) {
			place := pgtest.Database(t)
			schema(t, place, name)
			s := opened(t, place)
			storetest.Kept(t, s, i+1)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			storetest.Kept(t, opened(t, place), i+1) // a second start changes nothing
		})
	}
}

// schema brings an empty database to a migration, with the rows of then.
func schema(t *testing.T, place, name string) {
	t.Helper()
	to, err := sql.Open("pgx", place)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	to.SetMaxOpenConns(1) // for the setting below
	from, err := sql.Open("sqlite", "file:"+kept(name)+"?mode=ro&immutable=1")
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	migrateTo(t, to, name)
	// Rows come table by table; what they refer to may come later.
	if _, err := to.ExecContext(t.Context(), "SET session_replication_role = replica"); err != nil {
		t.Fatal(err)
	}
	for _, table := range tables(t, from) {
		if table != "goose_db_version" {
			takeOver(t, from, to, table)
		}
	}
}

func migrateTo(t *testing.T, db *sql.DB, name string) {
	t.Helper()
	dir, err := fs.Sub(store.Migrations(), "migrations")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, dir)
	if err != nil {
		t.Fatal(err)
	}
	number, _, _ := strings.Cut(path.Base(name), "_")
	version, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
}

// takeOver copies a table, in place of the rows that the migration made.
func takeOver(t *testing.T, from, to *sql.DB, table string) {
	t.Helper()
	if _, err := to.ExecContext(t.Context(), "DELETE FROM "+table); err != nil {
		t.Fatal(err)
	}
	rows, err := from.QueryContext(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.ColumnTypes()
	if err != nil {
		t.Fatal(err)
	}
	names, marks := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		names[i], marks[i] = c.Name(), fmt.Sprintf("$%d", i+1)
	}
	insert := fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(names, ", "), strings.Join(marks, ", "))
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		for i, c := range columns {
			if n, ok := values[i].(int64); ok && c.DatabaseTypeName() == "BOOLEAN" {
				values[i] = n != 0 // SQLite has no type for it
			}
		}
		if _, err := to.ExecContext(t.Context(), insert, values...); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
