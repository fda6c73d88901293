package storetest

import (
	"context"
	"sync"
	"testing"

	"firstlight/server/serverdb/pgtest"
	"firstlight/server/serverdb/store"
)

// onServer is a database of today's schema on the server of all tests. Making
// one takes a second, copying it a tenth.
var onServer struct {
	once  sync.Once
	place string
	err   error
}

// FreshOnServer gives the URL of a new PostgreSQL database with today's schema,
// on the server of pgtest.
func FreshOnServer(t testing.TB) string {
	t.Helper()
	onServer.once.Do(func() {
		onServer.place = pgtest.Database(t)
		var s *store.Store
		if s, onServer.err = store.Open(context.Background(), onServer.place); onServer.err == nil {
			onServer.err = s.Close()
		}
	})
	if onServer.err != nil {
		t.Fatal(onServer.err)
	}
	return pgtest.Shared(t).Copy(t, onServer.place)
}
