package store_test

import (
	"os"
	"testing"

	"firstlight/server/serverdb/pgtest"
	"firstlight/server/serverdb/store"
	"firstlight/server/serverdb/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestContractHoldsOnSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Open {
		path := storetest.Fresh(t)
		return func() *store.Store { return opened(t, path) }
	})
}

func TestContractHoldsOnPostgreSQL(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Open {
		url := storetest.FreshOnServer(t)
		return func() *store.Store { return opened(t, url) }
	})
}

// opened opens a database until the test ends.
func opened(t *testing.T, place string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), place)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
