package serverdb

import (
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"firstlight/server/serverdb/pgtest"
	"firstlight/server/serverdb/store"
	"firstlight/server/serverdb/storetest"
)

// onPostgreSQL has this binary run its tests on PostgreSQL.
const onPostgreSQL = "FIRSTLIGHT_TEST_POSTGRESQL"

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// file gives the place of a database of the test's own.
func file(t *testing.T) string {
	t.Helper()
	if os.Getenv(onPostgreSQL) != "" {
		return freshOnServer(t)
	}
	return storetest.Fresh(t)
}

// template is a database of today's schema on the server of all tests. Making
// one takes a second, copying it a tenth.
var template struct {
	once  sync.Once
	place string
	err   error
}

// freshOnServer gives the place of a PostgreSQL database with today's schema.
func freshOnServer(t *testing.T) string {
	t.Helper()
	template.once.Do(func() {
		template.place = pgtest.Database(t)
		var s *store.Store
		if s, template.err = store.Open(t.Context(), template.place); template.err == nil {
			template.err = s.Close()
		}
	})
	if template.err != nil {
		t.Fatal(template.err)
	}
	return pgtest.Shared(t).Copy(t, template.place)
}

// absent gives the place of a database that is to be made there.
func absent(t *testing.T) string {
	t.Helper()
	if os.Getenv(onPostgreSQL) != "" {
		return pgtest.Database(t)
	}
	place := file(t)
	if err := os.Remove(place); err != nil {
		t.Fatal(err)
	}
	return place
}

// driverOf is what reaches a database behind ServerDb's back.
func driverOf(place string) (driver, source string) {
	if strings.HasPrefix(place, "postgres://") {
		return "pgx", place
	}
	return "sqlite", "file:" + place
}

// eachEngine runs a test that knows of engines on both of them.
func eachEngine(t *testing.T, test func(t *testing.T, place string)) {
	t.Helper()
	t.Run("SQLite", func(t *testing.T) { test(t, storetest.Fresh(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, freshOnServer(t)) })
}

// ofAnEngine are the tests of what one engine alone can suffer, and those that
// go over both themselves.
const ofAnEngine = "^Test(AFullDisk|NothingIsAcknowledgedBeforeFsync|AFileThatAnotherProcessLocks|WhatMustHold|ACommitInDoubt|AServerThatGoesAway|TheWriterStays|AnAwayDatabase|TwoClaims|Allocators|ManyWriters)"

// TestEverythingAgainOnPostgreSQL runs this package's tests once more: no
// answer may depend on the engine.
func TestEverythingAgainOnPostgreSQL(t *testing.T) {
	if os.Getenv(onPostgreSQL) != "" {
		return // once is enough
	}
	t.Parallel()
	pgtest.Shared(t) // or skip
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.skip="+ofAnEngine)
	child.Env = append(os.Environ(), onPostgreSQL+"=1")
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("on PostgreSQL: %v\n%s", err, out)
	}
}
