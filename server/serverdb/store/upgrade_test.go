package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"firstlight/server/serverdb/store"
	"firstlight/server/serverdb/storetest"
)

// keep makes the kept database of the newest migration:
//
//	go test ./server/serverdb/store -run TestEverySchema -keep
var keep = flag.Bool("keep", false, "keep a database of the newest schema under testdata")

// released is every migration that was ever on main, with its SHA-256: a
// database out there has it, so that it must never change. A new one is added
// here together with its kept database.
var released = map[string]string{
	"00001_first_light.sql":     "d954ea54fbd90db99eb0faa2e71433b7f9c7fde01d8121f0a4e0612a5c0cfc7d",
	"00002_versions.sql":        "bae8ddf10dc189a727e547913d48b473ab0182727a9ee7f98ba54bdba0d31940",
	"00003_source_of_truth.sql": "0f112aae61e21076d133ed2742be08111425eea07aafda06e42afec156546a53",
	"00004_audit_chain.sql":     "49a8c1adffa5a4a23deaf032bdb68970aae9bbafda305dde618b5bd027b0df2e",
	"00005_pages_in_order.sql":  "8fd9cd6ea26fbd5d24faabc21ebc919ea525c227fadc4d619c66a9f1a47be805",
	"00006_checks.sql":          "14701aba2af67923fb39f5b547f5dab7baff089afe3519182807adaae08959e3",
}

func names(t *testing.T) []string {
	t.Helper()
	all, err := fs.Glob(store.Migrations(), "migrations/*.sql")
	if err != nil || len(all) == 0 {
		t.Fatalf("migrations = %v, %v", all, err)
	}
	return all
}

func TestAMigrationNeverChanges(t *testing.T) {
	seen := 0
	for _, name := range names(t) {
		text, err := fs.ReadFile(store.Migrations(), name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(text)
		want, known := released[path.Base(name)]
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%s has SHA-256 %s, known: %v, want %q; a migration that was on main stays as it is, a new one is added to the list", name, got, known, want)
		}
		seen++
	}
	if seen != len(released) {
		t.Errorf("%d migrations, %d were on main: none may go", seen, len(released))
	}
}

// kept is the file of the database that was made when a migration was the newest.
func kept(name string) string {
	return filepath.Join("testdata", strings.TrimSuffix(path.Base(name), ".sql")+".sqlite")
}

func TestEverySchemaUpgrades(t *testing.T) {
	all := names(t)
	if *keep {
		makeKept(t, kept(all[len(all)-1]))
	}
	for i, name := range all {
		t.Run(path.Base(name), func(t *testing.T) {
			old, err := os.ReadFile(kept(name))
			if err != nil {
				t.Fatalf("%v: keep a database of each schema: go test ./server/serverdb/store -run TestEverySchema -keep", err)
			}
			file := filepath.Join(t.TempDir(), "serverdb.sqlite")
			if err := os.WriteFile(file, old, 0o600); err != nil {
				t.Fatal(err)
			}
			s := opened(t, file)
			storetest.Kept(t, s, i+1)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			storetest.Kept(t, opened(t, file), i+1) // a second start changes nothing
		})
	}
}

func makeKept(t *testing.T, to string) {
	t.Helper()
	b, err := os.ReadFile(database(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A kept database that lacks a table's rows proves nothing about that table.
func TestTheKeptDatabasesHaveRowsInEveryTable(t *testing.T) {
	for _, name := range names(t) {
		db, err := sql.Open("sqlite", "file:"+kept(name)+"?mode=ro&immutable=1")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		for _, table := range tables(t, db) {
			var n int
			if err := db.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM "`+table+`"`).Scan(&n); err != nil || n == 0 {
				t.Errorf("%s: table %s has %d rows, %v", kept(name), table, n, err)
			}
		}
	}
}

func tables(t *testing.T, db *sql.DB) (all []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		all = append(all, name)
	}
	if rows.Err() != nil || len(all) < 15 {
		t.Fatalf("tables = %v, %v", all, rows.Err())
	}
	return all
}

func TestADatabaseOfANewerVersionIsLeftAlone(t *testing.T) {
	file := database(t)
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(context.Background(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Open(t.Context(), file)
	if err == nil {
		t.Fatal("it was opened")
	}
	sentence(t, err, file, store.ErrNewer, "it has schema 99, this Firstlight knows "+fmt.Sprint(len(released))+"; install the newer version again or restore a backup made before it")
	if after, _ := os.ReadFile(file); !bytes.Equal(before, after) {
		t.Error("the refused file was changed")
	}
}
