package store_test

import (
	"database/sql"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"firstlight/server/serverdb/pgtest"
	"firstlight/server/serverdb/store"
	"firstlight/server/serverdb/storetest"
)

// statement is the first line of one in a migration.
var statement = regexp.MustCompile(`(?m)^(?:CREATE|ALTER|INSERT|UPDATE|DELETE|DROP) .*$`)

// TestMigrationsOnPostgreSQLMayBeCutAnywhere is D-09 there: whoever migrates is
// gone, as the server sees it, at some statement, or when that is done. What is
// left has one of the schemas, whole, and the next start makes the newest of it.
func TestMigrationsOnPostgreSQLMayBeCutAnywhere(t *testing.T) {
	all := names(t)
	schemas, places := map[string]int{}, make([]string, len(all))
	for i, name := range all {
		places[i] = pgtest.Database(t)
		schema(t, places[i], name)
		schemas[definedThere(t, places[i])] = i + 1
	}
	for i, name := range all[:len(all)-1] {
		t.Run(path.Base(name), func(t *testing.T) {
			at := statements(t, all[i+1:])
			if os.Getenv("FIRSTLIGHT_LONG") == "" {
				rand.Shuffle(len(at), func(a, b int) { at[a], at[b] = at[b], at[a] })
				at = at[:min(len(at), 2)] // one before, one after
			}
			left := map[int]int{}
			for n, text := range at {
				copied := pgtest.Shared(t).Copy(t, places[i])
				wire := pgtest.Shared(t).Wire(t)
				wire.CutAt(text, []pgtest.Cut{pgtest.Before, pgtest.After}[n%2])
				if s, err := store.Open(t.Context(), wire.URL(path.Base(strings.SplitN(copied, "?", 2)[0]))); err == nil {
					_ = s.Close()
					t.Fatalf("cut at %q it is opened all the same", text)
				}
				version, whole := schemas[definedThere(t, copied)]
				if !whole {
					t.Fatalf("cut at %q it has none of the schemas", text)
				}
				left[version]++
				s := opened(t, copied)
				storetest.Kept(t, s, i+1)
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if version := schemas[definedThere(t, copied)]; version != len(all) {
					t.Fatalf("cut at %q, the next start makes schema %d of it", text, version)
				}
			}
			t.Logf("cut at %d statements; schemas that were left: %v", len(at), left)
		})
	}
}

// statements are those of migrations, by their first line.
func statements(t *testing.T, migrations []string) (all []string) {
	t.Helper()
	for _, name := range migrations {
		text, err := fs.ReadFile(store.Migrations(), name)
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		all = append(all, statement.FindAllString(up, -1)...)
	}
	return all
}

// definedThere gives the columns, indexes and constraints that a database has.
func definedThere(t *testing.T, place string) string {
	t.Helper()
	db, err := sql.Open("pgx", place)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	return selected(t, db, `SELECT table_name, column_name, data_type, is_nullable, coalesce(column_default, '') FROM information_schema.columns WHERE table_schema = current_schema()`) +
		selected(t, db, `SELECT indexdef FROM pg_indexes WHERE schemaname = current_schema()`) +
		selected(t, db, `SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = current_schema()::regnamespace`) +
		selected(t, db, `SELECT version_id FROM goose_db_version`)
}
