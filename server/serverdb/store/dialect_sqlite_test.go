package store

import (
	"database/sql"
	"database/sql/driver"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"modernc.org/sqlite"
)

// D-04: a database whose connections lack a pragma is refused, whyever they do.
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

func TestPlacesLoseTheirNumbersOnlyInOrder(t *testing.T) {
	for query, want := range map[string]string{
		"SELECT 1": "SELECT 1",
		"INSERT INTO t VALUES ($1, $2), ($3, $4)": "INSERT INTO t VALUES (?, ?), (?, ?)",
		"UPDATE t SET a = $2 WHERE id = $1":       "UPDATE t SET a = $2 WHERE id = $1",
		"SELECT a FROM t WHERE b = $1 OR c = $1":  "SELECT a FROM t WHERE b = $1 OR c = $1",
	} {
		if got := (sqliteFile{}).spell(query); got != want {
			t.Errorf("spell(%q) = %q, want %q", query, got, want)
		}
	}
}

// oldSQLite makes the child's engine say that it is an older one.
const oldSQLite = "FIRSTLIGHT_TEST_OLD_SQLITE"

// TestASQLiteThatIsTooOld is D-04, too, in a child, because its engine's word
// for its version is changed for all of a process.
func TestASQLiteThatIsTooOld(t *testing.T) {
	if os.Getenv(oldSQLite) == "" {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestASQLiteThatIsTooOld$", "-test.v")
		child.Env = append(os.Environ(), oldSQLite+"=1")
		if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	sqlite.MustRegisterScalarFunction("sqlite_version", 0, func(*sqlite.FunctionContext, []driver.Value) (driver.Value, error) { return "3.51.2", nil })
	path := filepath.Join(t.TempDir(), "serverdb.sqlite")
	s, err := Open(t.Context(), path)
	if err == nil {
		_ = s.Close()
		t.Fatal("it was opened")
	}
	if want := "open database " + path + ": SQLite 3.51.2 can corrupt the database: want 3.51.3 or newer"; err.Error() != want {
		t.Errorf("Open = %q, want %q", err, want)
	}
}

func TestVersionsAreNumbers(t *testing.T) {
	for version, fine := range map[string]bool{"3.51.3": true, "3.52.0": true, "3.100.0": true, "4.0.0": true, "3.51.2": false, "3.9.9": false, "": false} {
		if err := newEnough(version); (err == nil) != fine {
			t.Errorf("newEnough(%q) = %v", version, err)
		}
	}
}

// TestFileSystemsOfSomebodyElse is D-04, by the numbers of statfs(2); FUSE, which
// a test can mount, is mounted by another one.
func TestFileSystemsOfSomebodyElse(t *testing.T) {
	for _, tt := range []struct {
		kind int64
		says string
	}{
		{0x6969, "NFS"}, {0x517b, "SMB"}, {0xff534d42, "SMB"}, {0xfe534d42, "SMB"}, {0x01021997, "9P"}, {0x65735546, "FUSE"},
	} {
		if err := local(tt.kind); err == nil || !strings.HasPrefix(err.Error(), "it lies on a "+tt.says+" file system, ") {
			t.Errorf("local(%#x) = %v, want it refused as %s", tt.kind, err, tt.says)
		}
	}
	for _, kind := range []int64{unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.TMPFS_MAGIC} {
		if err := local(kind); err != nil {
			t.Errorf("local(%#x) = %v", kind, err)
		}
	}
}
