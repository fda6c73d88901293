package store_test

import (
	"path/filepath"
	"testing"

	"firstlight/server/serverdb/store"
	"firstlight/server/serverdb/storetest"
)

func TestContractHoldsOnSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Open {
		path := filepath.Join(t.TempDir(), "serverdb.sqlite")
		return func() *store.Store { return opened(t, path) }
	})
}

// opened opens a database until the test ends.
func opened(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
