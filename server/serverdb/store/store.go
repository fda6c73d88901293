// Package store keeps ServerDb on disk. It alone speaks SQL.
//
// It promises that what Update returned nil for is on disk (WAL with
// synchronous=FULL), that everything in one Update is there whole or not at
// all, and that uniqueness (names, host names, MACs, addresses, one open job a
// machine) is kept by constraints. It validates nothing and decides nothing:
// package serverdb does, and is its only importer beside the tests.
package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"firstlight/server/machine"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is an open database.
type Store struct {
	path  string
	write *sql.DB // one connection: the writer
	read  *sql.DB
}

// Errors that callers act upon.
var (
	// ErrTaken means that a name, host name, MAC, address or the machine's open
	// job exists already.
	ErrTaken = errors.New("taken")
	// ErrNewer means that a newer Firstlight wrote the database.
	ErrNewer = errors.New("the database was written by a newer version")
	// ErrCorrupt means that the file is no usable database.
	ErrCorrupt = errors.New("the database is damaged")
	// ErrUndone means that the engine gave the whole transaction up, as it does
	// when the disk is full: nothing of it will be there.
	ErrUndone = errors.New("the transaction is undone")
)

// dsn holds every pragma, because the pools open connections when they like
// and a PRAGMA sent through Exec reaches one of them. busy_timeout comes first:
// switching to WAL may have to wait.
func dsn(path string) string {
	q := url.Values{
		"_pragma":      {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "mmap_size(0)", "journal_size_limit(67108864)"},
		"_txlock":      {"immediate"},
		"_time_format": {"sqlite"},
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// Open opens the database at path, makes it where it is absent, brings its
// schema up to date and asserts what durability rests on. A file that it
// refuses stays as it is.
func Open(ctx context.Context, path string) (*Store, error) {
	s, err := open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, explain(err))
	}
	return s, nil
}

func open(ctx context.Context, path string) (*Store, error) {
	switch fresh, err := absent(path); {
	case err != nil:
		return nil, err
	case fresh:
		if err := create(ctx, path); err != nil {
			return nil, err
		}
	}
	return connect(ctx, path)
}

func connect(ctx context.Context, path string) (*Store, error) {
	s := &Store{path: path}
	var err error
	if s.write, err = sql.Open("sqlite", dsn(path)); err != nil {
		return nil, err
	}
	s.write.SetMaxOpenConns(1)
	if s.read, err = sql.Open("sqlite", dsn(path)); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.read.SetMaxOpenConns(4)
	if err := s.start(ctx); err != nil {
		_ = s.Close() // the error of start is the one to tell
		return nil, err
	}
	return s, nil
}

func (s *Store) start(ctx context.Context) error {
	if err := s.assert(ctx); err != nil {
		return err
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	// The file holds secrets, if sealed ones, and who did what.
	return os.Chmod(s.path, 0o600)
}

// Close ends the use of the database; the WAL is folded into the file.
func (s *Store) Close() error {
	var err error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	return err
}

// Migrations gives the files, for the tests.
func Migrations() fs.FS { return migrations }

func (s *Store) migrate(ctx context.Context) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, s.write, dir)
	if err != nil {
		return err
	}
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	sources := p.ListSources()
	if newest := sources[len(sources)-1].Version; have > newest {
		return fmt.Errorf("%w: it has schema %d, this Firstlight knows %d; install the newer version again or restore a backup made before it", ErrNewer, have, newest)
	}
	_, err = p.Up(ctx)
	return err
}

// assert checks the engine's version and the pragmas on every kind of
// connection, and the file once. SQLite before 3.51.3 can corrupt a WAL
// database (sqlite.org/wal.html#walresetbug).
func (s *Store) assert(ctx context.Context) error {
	for _, db := range []*sql.DB{s.write, s.read} {
		for _, c := range []struct{ query, want string }{
			{"SELECT sqlite_version() >= '3.51.3'", "1"},
			{"PRAGMA journal_mode", "wal"},
			{"PRAGMA synchronous", "2"},
			{"PRAGMA foreign_keys", "1"},
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
		return damaged(errors.New(strings.Join(strings.Fields(found), " ")))
	}
	return nil
}

// damaged says what is wrong with the file and what to do.
func damaged(what error) error {
	return fmt.Errorf("%w: %w; restore a backup, or move the file away to begin anew", ErrCorrupt, what)
}

// explain turns the driver's errors into ours, by code and never by text.
func explain(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		if errors.Is(err, sql.ErrNoRows) {
			return machine.ErrNotFound
		}
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CONSTRAINT:
		return fmt.Errorf("%w: %w", ErrTaken, err)
	case sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT:
		return damaged(err)
	case sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return fmt.Errorf("cannot write to it: %w; check the owner and mode of the file and its folder", err)
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w; free some space on the disk that holds it", err)
	}
	return err
}
