package store_test

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"firstlight/server/backup"
	"firstlight/server/serverdb/pgtest"
	"firstlight/server/serverdb/store"
	"firstlight/server/serverdb/storetest"
)

var moment = time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)

// dump backs a database up.
func dump(t *testing.T, s *store.Store) []byte {
	t.Helper()
	var out bytes.Buffer
	var w *backup.Writer
	err := s.Backup(t.Context(), func(schema int64, tables []backup.Table) (err error) {
		w, err = backup.NewWriter(&out, backup.Head{Schema: schema, At: moment, Tables: tables})
		return err
	}, func(table string, row []byte) error { return w.Row(table, row) })
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// restore fills the place from a backup and opens it.
func restore(t *testing.T, b []byte, place string, replace bool) (kept string) {
	t.Helper()
	l, err := store.NewLoad(t.Context(), place, replace)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := backup.Read(bytes.NewReader(b), load{l}); err != nil {
		t.Fatal(err)
	}
	s, err := l.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if kept, err = l.Swap(moment); err != nil {
		t.Fatal(err)
	}
	return kept
}

type load struct{ *store.Load }

func (load) File(string, []byte) error { return nil }

func sums(t *testing.T, b []byte) []backup.Sum {
	t.Helper()
	_, m, err := backup.Read(bytes.NewReader(b), backup.Nothing{})
	if err != nil {
		t.Fatal(err)
	}
	return m.Tables
}

// A backup of one engine restored into the other gives the same rows, by hash,
// and what selectors ask is there again.
func TestABackupMovesBetweenEngines(t *testing.T) {
	sqlite := func() string { return filepath.Join(t.TempDir(), "serverdb.sqlite") }
	postgres := func() string { return pgtest.Database(t) }
	for name, tt := range map[string]struct{ from, to func() string }{
		"SQLite to SQLite": {sqlite, sqlite}, "SQLite to PostgreSQL": {sqlite, postgres},
		"PostgreSQL to SQLite": {postgres, sqlite}, "PostgreSQL to PostgreSQL": {postgres, postgres},
	} {
		t.Run(name, func(t *testing.T) {
			from := opened(t, tt.from())
			if err := from.Update(t.Context(), storetest.Fill); err != nil {
				t.Fatal(err)
			}
			b := dump(t, from)
			place := tt.to()
			if kept := restore(t, b, place, false); kept != "" {
				t.Errorf("Swap() = %q, want nothing moved aside", kept)
			}
			to := opened(t, place)
			storetest.Kept(t, to, storetest.Newest)
			if before, after := sums(t, b), sums(t, dump(t, to)); !slices.Equal(before, after) {
				t.Errorf("before %v\nafter  %v", before, after)
			}
		})
	}
}

// A place that has a database is refused, or its database moved aside whole.
func TestTheDatabaseBeforeIsKept(t *testing.T) {
	for name, place := range map[string]string{"SQLite": filepath.Join(t.TempDir(), "serverdb.sqlite"), "PostgreSQL": pgtest.Database(t)} {
		t.Run(name, func(t *testing.T) {
			s := opened(t, place)
			b := dump(t, s)
			if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.PutMeta("newer", "yes") }); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := store.NewLoad(t.Context(), place, false); !errors.Is(err, store.ErrOccupied) || !strings.Contains(err.Error(), "--replace") {
				t.Fatalf("NewLoad() = %v, want ErrOccupied with its remedy", err)
			}
			kept := restore(t, b, place, true)
			if meta(t, opened(t, place), "newer") != "" {
				t.Error("the restored database has what came after the backup")
			}
			if old := opened(t, aside(place, kept)); meta(t, old, "newer") != "yes" {
				t.Errorf("what was moved aside, %s, lacks what it had", kept)
			}
		})
	}
}

// aside is the place of what was moved aside.
func aside(place, kept string) string {
	schema, found := strings.CutPrefix(kept, "schema ")
	if !found {
		return kept
	}
	schema, _, _ = strings.Cut(schema, " ")
	return place + "&search_path=" + schema
}

func meta(t *testing.T, s *store.Store, key string) (value string) {
	t.Helper()
	err := s.View(t.Context(), func(tx *store.Tx) (err error) {
		value, err = tx.Meta(key)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// PostgreSQL is not restored under the feet of an appliance.
func TestADatabaseInUseIsNotRestored(t *testing.T) {
	place := pgtest.Database(t)
	s := opened(t, place)
	meta(t, s, "any") // so that there is a session
	if _, err := store.NewLoad(t.Context(), place, true); err == nil || !strings.Contains(err.Error(), "stop it first") {
		t.Errorf("NewLoad() = %v, want it to say that an appliance is connected", err)
	}
}

// A restore that was killed between any two steps of the swap is finished by
// whoever opens the database next, or has not begun.
func TestASwapThatWasCutShort(t *testing.T) {
	dir := t.TempDir()
	place := filepath.Join(dir, "serverdb.sqlite")
	s := opened(t, place)
	b := dump(t, s)
	if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.PutMeta("newer", "yes") }); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	fresh := filepath.Join(dir, "fresh")
	restore(t, b, fresh, false)
	restored := place + ".restored-before_x"
	move := func(from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []func(){
		func() { move(fresh, restored) },
		func() { move(fresh, restored); move(place, place+".before_x") },
	} {
		copyAll(t, dir, func() {
			step()
			if meta(t, opened(t, place), "newer") != "" || meta(t, opened(t, place+".before_x"), "newer") != "yes" {
				t.Error("the restored database is not in its place, or the one before not aside")
			}
		})
	}
}

// copyAll does something to the files of a folder and then has them as before.
func copyAll(t *testing.T, dir string, do func()) {
	t.Helper()
	saved := t.TempDir()
	if err := os.CopyFS(saved, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	do()
	if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(saved))); err != nil {
		t.Fatal(err)
	}
}

// A backup of an older schema becomes a database of today's.
func TestABackupOfAnOlderSchema(t *testing.T) {
	for i, name := range names(t) {
		old, err := os.ReadFile(kept(name))
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "old.sqlite")
		if err := os.WriteFile(file, old, 0o600); err != nil {
			t.Fatal(err)
		}
		place := filepath.Join(t.TempDir(), "serverdb.sqlite")
		restore(t, dumpOf(t, file, int64(i+1)), place, false)
		storetest.Kept(t, opened(t, place), i+1)
	}
}

// dumpOf backs a database of an older schema up as the Firstlight of its time did.
func dumpOf(t *testing.T, file string, schema int64) []byte {
	t.Helper()
	b, err := store.BackupOf(t.Context(), file, schema)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Every table is in a backup, or made anew from what is.
func TestEveryTableIsInABackup(t *testing.T) {
	derived := []string{"facets", "facet_values", "terms", "places", "goose_db_version"}
	file := filepath.Join(t.TempDir(), "serverdb.sqlite")
	s := opened(t, file)
	var held []string
	for _, sum := range sums(t, dump(t, s)) {
		held = append(held, sum.Name)
	}
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, table := range tables(t, db) {
		if slices.Contains(held, table) == slices.Contains(derived, table) {
			t.Errorf("table %s: in a backup %t, derived %t: add it to kept in dump.go", table, slices.Contains(held, table), slices.Contains(derived, table))
		}
	}
}

// What a backup says of its tables is held against the schema before a row is
// written, so that it cannot be SQL.
func TestTablesThatAreNotOurs(t *testing.T) {
	text := []backup.Column{{Name: "key", Kind: backup.Text}, {Name: "value", Kind: backup.Text}}
	for _, tt := range []struct {
		table backup.Table
		says  string
	}{
		{backup.Table{Name: "meta", Columns: text}, ""},
		{backup.Table{Name: "sqlite_master", Columns: text}, "is none of a backup"},
		{backup.Table{Name: "meta", Columns: text[:1]}, "has the columns"},
		{backup.Table{Name: "meta", Columns: []backup.Column{{Name: "key) --", Kind: backup.Text}, text[1]}}, "has the columns"},
	} {
		l, err := store.NewLoad(t.Context(), filepath.Join(t.TempDir(), "serverdb.sqlite"), false)
		if err != nil {
			t.Fatal(err)
		}
		err = l.Begin(backup.Head{Schema: 3, Tables: []backup.Table{tt.table}})
		if (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%v: Begin() = %v, want %q", tt.table, err, tt.says)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	l, err := store.NewLoad(t.Context(), filepath.Join(t.TempDir(), "serverdb.sqlite"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Begin(backup.Head{Schema: 99}); !errors.Is(err, store.ErrNewer) {
		t.Errorf("schema 99: Begin() = %v, want ErrNewer", err)
	}
}
