package store

import (
	"database/sql"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
)

// A database whose connections lack a pragma is refused, whyever they do.
func TestPragmasThatDurabilityRestsOn(t *testing.T) {
	for _, tt := range []struct{ good, bad, says string }{
		{"", "", ""},
		{"journal_mode(WAL)", "journal_mode(DELETE)", "PRAGMA journal_mode is delete, want wal"},
		{"synchronous(FULL)", "synchronous(NORMAL)", "PRAGMA synchronous is 1, want 2"},
		{"foreign_keys(1)", "foreign_keys(0)", "PRAGMA foreign_keys is 0, want 1"},
		{"mmap_size(0)", "mmap_size(65536)", "PRAGMA mmap_size is 65536, want 0"},
	} {
		d := sqliteFile{filepath.Join(t.TempDir(), "serverdb.sqlite")}
		db, err := sql.Open("sqlite", strings.Replace(d.dsn(), url.QueryEscape(tt.good), url.QueryEscape(tt.bad), 1))
		if err != nil {
			t.Fatal(err)
		}
		says := ""
		if err := d.assert(t.Context(), &Store{dialect: d, write: db, read: db}); err != nil {
			says = err.Error()
		}
		if says != tt.says {
			t.Errorf("with %s: assert = %q, want %q", tt.bad, says, tt.says)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}
