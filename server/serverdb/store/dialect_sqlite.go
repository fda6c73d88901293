package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"golang.org/x/sys/unix"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// sqliteFile is a database in a file of this host.
type sqliteFile struct{ path string }

func (d sqliteFile) String() string { return d.path }

// patience is how long a statement waits for another process's lock on the file.
const patience = 10 * time.Second

// dsn holds every pragma, because the pools open connections when they like
// and a PRAGMA sent through Exec reaches one of them. busy_timeout comes first:
// switching to WAL may have to wait. Each write of a batch can be taken back by
// itself; what that needs is kept in memory. The commit that fills the log moves
// it into the file: with 1000 pages, which SQLite takes by itself, one commit in
// ten takes twice as long as the others.
func (d sqliteFile) dsn() string {
	q := url.Values{
		"_pragma":      {fmt.Sprintf("busy_timeout(%d)", patience.Milliseconds()), "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "mmap_size(0)", "journal_size_limit(67108864)", "temp_store(MEMORY)", "wal_autocheckpoint(200)"},
		"_txlock":      {"immediate"},
		"_time_format": {"sqlite"},
	}
	return "file:" + (&url.URL{Path: d.path}).EscapedPath() + "?" + q.Encode()
}

func (d sqliteFile) connect() (write, read *sql.DB, err error) {
	if write, err = sql.Open("sqlite", d.dsn()); err != nil {
		return nil, nil, err
	}
	write.SetMaxOpenConns(1)
	if read, err = sql.Open("sqlite", d.dsn()); err != nil {
		return nil, nil, errors.Join(err, write.Close())
	}
	read.SetMaxOpenConns(4)
	return write, read, nil
}

func (d sqliteFile) prepare(ctx context.Context) error {
	if err := d.folder(); err != nil {
		return err
	}
	if err := d.finish(); err != nil {
		return err
	}
	fresh, err := d.absent()
	if err == nil && fresh {
		err = d.create(ctx)
	}
	return err
}

// folder makes the folder that the file is for.
func (d sqliteFile) folder() error {
	if err := os.MkdirAll(filepath.Dir(d.path), 0o750); err != nil {
		return err
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(d.path), &fs); err != nil {
		return err
	}
	return local(int64(fs.Type)) //nolint:unconvert // the types differ by architecture
}

// local refuses the file systems on which locks and fsync are promises of
// somebody else (sqlite.org/howtocorrupt.html, §2).
func local(kind int64) error {
	name := map[int64]string{
		unix.NFS_SUPER_MAGIC: "NFS", unix.SMB_SUPER_MAGIC: "SMB", unix.CIFS_SUPER_MAGIC: "SMB", unix.SMB2_SUPER_MAGIC: "SMB",
		unix.V9FS_MAGIC: "9P", unix.FUSE_SUPER_MAGIC: "FUSE",
	}[kind]
	if name == "" {
		return nil
	}
	return fmt.Errorf("it lies on a %s file system, where neither locks nor fsync can be relied on; set state to a folder of a local disk", name)
}

// assert checks the engine's version and the pragmas on every kind of
// connection, and the file once.
func (d sqliteFile) assert(ctx context.Context, s *Store) error {
	var version string
	if err := s.write.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return err
	}
	if err := newEnough(version); err != nil {
		return err
	}
	for _, db := range []*sql.DB{s.write, s.read} {
		for _, c := range []struct{ query, want string }{
			{"PRAGMA journal_mode", "wal"},
			{"PRAGMA synchronous", "2"},
			{"PRAGMA foreign_keys", "1"},
			{"PRAGMA mmap_size", "0"},
		} {
			var got string
			if err := db.QueryRowContext(ctx, c.query).Scan(&got); err != nil {
				return err
			}
			if got != c.want {
				return fmt.Errorf("%s is %s, want %s", c.query, got, c.want)
			}
		}
	}
	var found string
	if err := s.write.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return err
	}
	if found != "ok" {
		return d.damaged(errors.New(strings.Join(strings.Fields(found), " ")))
	}
	return nil
}

// newEnough refuses a SQLite before 3.51.3, which can corrupt a WAL database
// (sqlite.org/wal.html#walresetbug).
func newEnough(version string) error {
	var n [3]int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &n[0], &n[1], &n[2]); err != nil {
		return fmt.Errorf("SQLite's version %q cannot be read: %w", version, err)
	}
	if slices.Compare(n[:], []int{3, 51, 3}) < 0 {
		return fmt.Errorf("SQLite %s can corrupt the database: want 3.51.3 or newer", version)
	}
	return nil
}

func (d sqliteFile) migrate(_ context.Context, s *Store, up func(*sql.DB, goose.Dialect) error) error {
	if err := up(s.write, goose.DialectSQLite3); err != nil {
		return err
	}
	// The file holds secrets, if sealed ones, and who did what.
	return os.Chmod(d.path, 0o600)
}

// scrub writes the file anew: free pages and the WAL keep what once stood there.
func (sqliteFile) scrub(ctx context.Context, db *sql.DB) error {
	for _, statement := range []string{"VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// alone needs nothing of its own: whoever serves has locked the state folder,
// and the file stands in it.
func (d sqliteFile) alone() dialect { return d }

func (sqliteFile) sign(context.Context, *Store) error { return nil }

func (sqliteFile) updating() *sql.TxOptions { return nil }

func (sqliteFile) viewing() *sql.TxOptions { return &sql.TxOptions{ReadOnly: true} }

// spell writes $1, $2, … as ? where each stands once and in order: a place that
// has a name is looked up by it at each run, past all others, which is noticed
// with the two hundred of many journal rows.
func (sqliteFile) spell(query string) string {
	n, ordered := 0, true
	spelled := numbered.ReplaceAllStringFunc(query, func(place string) string {
		n++
		ordered = ordered && place == "$"+strconv.Itoa(n)
		return "?"
	})
	if !ordered {
		return query
	}
	return spelled
}

var numbered = regexp.MustCompile(`\$[0-9]+`)

func (sqliteFile) locking() string { return "" }

func (sqliteFile) silence() time.Duration { return 0 }

func (sqliteFile) identify(*Tx) (string, error) { return "", nil }

func (sqliteFile) certain(error) bool { return true }

func (sqliteFile) settle(context.Context, *sql.DB, string) (bool, error) { return false, nil }

func (sqliteFile) damaged(what error) error {
	return fmt.Errorf("%w: %w; restore a backup, or move the file away to begin anew", ErrCorrupt, what)
}

func (d sqliteFile) explain(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CONSTRAINT:
		return fmt.Errorf("%w: %w", ErrTaken, err)
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return d.damaged(err)
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return fmt.Errorf("cannot write to it: %w; check the owner and mode of the file and its folder", err)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w; free some space on the disk that holds it", err)
	case sqlite3.SQLITE_BUSY:
		return fmt.Errorf("%w: another process has kept %s locked for %s: %w; wait for that process or end it (fuser -v %[2]s tells which have the file open)",
			ErrAway, d.path, patience, err)
	}
	return err
}
