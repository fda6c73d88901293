package storetest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"firstlight/server/serverdb/store"
)

// template is a new database of today's schema, as bytes. Making one takes
// seconds under the race detector, copying it milliseconds.
var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "firstlight-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "serverdb.sqlite")
	s, err := store.Open(context.Background(), path)
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// Fresh gives the path of a new SQLite database with today's schema, alone in a
// folder in memory, where fsync costs nothing: not for tests of what a power cut
// leaves behind.
func Fresh(t testing.TB) string {
	t.Helper()
	text, err := template()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder(t), "serverdb.sqlite")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// folder is one of the test's own in memory, or on disk where there is none.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "firstlight-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
