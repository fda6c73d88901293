package store_test

import (
	"errors"
	"strings"
	"testing"

	"firstlight/server/serverdb/pgtest"
	"firstlight/server/serverdb/store"
)

// serve opens a database as the appliance does.
func serve(t *testing.T, place string) (*store.Store, error) {
	t.Helper()
	s, err := store.Serve(t.Context(), place)
	if err == nil {
		t.Cleanup(func() { _ = s.Close() })
	}
	return s, err
}

func served(t *testing.T, place string) *store.Store {
	t.Helper()
	s, err := serve(t, place)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *store.Store, key, value string) error {
	t.Helper()
	return s.Update(t.Context(), func(tx *store.Tx) error { return tx.PutMeta(key, value) })
}

// One process serves a database; who only reads or writes a row is not kept out.
// SQLite's is kept by the lock of the state folder, which package server tests.
func TestOneProcessServesADatabase(t *testing.T) {
	place := pgtest.Database(t)
	first := served(t, place)
	_, err := serve(t, place)
	if !errors.Is(err, store.ErrServed) {
		t.Fatalf("a second Serve = %v, want ErrServed", err)
	}
	sentence(t, err, store.Name(place), store.ErrServed, "another appliance serves it (connected from the server's own host since 2")
	sentence(t, err, store.Name(place), store.ErrServed, "stop that one, or give this one a database of its own")
	if err := put(t, opened(t, place), "key", "by another door"); err != nil {
		t.Errorf("a write of somebody who does not serve: %v", err)
	}
	if err := errors.Join(put(t, first, "key", "by the first"), first.Hold(t.Context()), first.Close()); err != nil {
		t.Errorf("the one that serves: %v", err)
	}
	served(t, place)
}

// A process that lost its connection serves on with the next one, even before
// the server misses the last.
func TestAProcessKeepsServingOverALostConnection(t *testing.T) {
	w := pgtest.Shared(t).Wire(t)
	place := pgtest.Database(t)
	s := served(t, w.URL(databaseOf(place)))
	s.Impatient()
	w.CutAt("by nobody", pgtest.Silent) // the server still has the connection
	if err := put(t, s, "key", "by nobody"); !errors.Is(err, store.ErrAway) {
		t.Fatalf("Update() = %v, want ErrAway", err)
	}
	if err := put(t, s, "key", "again"); err != nil {
		t.Errorf("the next one: %v", err)
	}
	if _, err := serve(t, place); !errors.Is(err, store.ErrServed) {
		t.Errorf("another Serve = %v, want ErrServed", err)
	}
}

// Who was cut off while another process served does not go on from what it
// remembers, even when that one has ended.
func TestAProcessThatWasReplacedDoesNotGoOn(t *testing.T) {
	place := pgtest.Database(t)
	old := served(t, place)
	pgtest.Shared(t).Run(t, "psql", "--quiet", "--output=/dev/null", "--command=SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'firstlight'", databaseOf(place))
	if err := served(t, place).Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err := put(t, old, "key", "from memory")
		if !errors.Is(err, store.ErrServed) || !strings.Contains(err.Error(), "restart this one") {
			t.Errorf("Update() = %v, want ErrServed and what to do", err)
		}
	}
	if got := meta(t, opened(t, place), "key"); got != "" {
		t.Errorf("it wrote %q", got)
	}
}

func TestLook(t *testing.T) {
	place := pgtest.Database(t)
	look := func() store.Found {
		t.Helper()
		f, err := store.Look(t.Context(), place)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	if f := look(); f.Schema != 0 || f.Others != 0 || f.Served != "" || f.Newest == 0 {
		t.Errorf("Look() of an empty database = %+v", f)
	}
	pgtest.Shared(t).Run(t, "psql", "--quiet", "--command=CREATE TABLE wiki (page text)", databaseOf(place))
	if f := look(); f.Others != 1 {
		t.Errorf("Look() of another's = %+v, want one table of something else", f)
	}
	s := served(t, place)
	if f := look(); f.Schema != f.Newest || f.Others != 0 || !strings.HasPrefix(f.Served, "connected from ") {
		t.Errorf("Look() of one that is served = %+v", f)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if f := look(); f.Served != "" {
		t.Errorf("Look() after the end = %+v", f)
	}
	if _, err := store.Look(t.Context(), "postgres://a@127.0.0.1:1/firstlight?sslmode=disable"); !errors.Is(err, store.ErrAway) {
		t.Errorf("Look() where nobody listens = %v, want ErrAway", err)
	}
}
