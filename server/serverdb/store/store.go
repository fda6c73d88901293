// Package store keeps ServerDb on disk. It alone speaks SQL.
//
// It promises that what Update returned nil for is on disk (WAL with
// synchronous=FULL), that everything in one Update is there whole or not at
// all, and that uniqueness (names, host names, MACs, addresses, one open job a
// machine) is kept by constraints. It validates nothing and decides nothing:
// package serverdb does, and is its only importer beside the tests.
package store

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"firstlight/server/machine"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is an open database.
type Store struct {
	dialect
	write *sql.DB // one connection: the writer
	read  *sql.DB

	standing *standing
}

// Errors that callers act upon.
var (
	// ErrTaken means that a name, host name, MAC, address or the machine's open
	// job exists already.
	ErrTaken = errors.New("taken")
	// ErrConflict means that somebody else changed the row since it was read.
	ErrConflict = errors.New("changed in between")
	// ErrNewer means that a newer Firstlight wrote the database.
	ErrNewer = errors.New("the database was written by a newer version")
	// ErrCorrupt means that the file is no usable database.
	ErrCorrupt = errors.New("the database is damaged")
	// ErrAway means that the engine cannot be reached, does not answer, or that
	// another process keeps the file locked.
	ErrAway = machine.ErrAway
	// ErrServed means that another appliance serves the database.
	ErrServed = errors.New("another appliance serves it")
	// ErrUndone means that the engine gave the whole transaction up, as it does
	// when the disk is full: nothing of it will be there.
	ErrUndone = errors.New("the transaction is undone")
)

// Open opens the database at a place, a postgres:// URL or the path of a SQLite
// file, which is made where it is absent. It asserts what durability, order and
// uniqueness rest on and brings the schema up to date. A database that it
// refuses stays as it is.
func Open(ctx context.Context, place string) (*Store, error) {
	return openAs(ctx, place, func(d dialect) dialect { return d })
}

// Serve opens a database as Open does, for a process that answers from memory,
// which does not follow what others write: it refuses one that another process
// serves with ErrServed, and keeps others from serving it until Close.
func Serve(ctx context.Context, place string) (*Store, error) {
	return openAs(ctx, place, dialect.alone)
}

func openAs(ctx context.Context, place string, how func(dialect) dialect) (*Store, error) {
	d, err := dialectOf(place)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", Name(place), err)
	}
	s, err := open(ctx, how(d))
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", d, d.explain(err))
	}
	return s, nil
}

func open(ctx context.Context, d dialect) (*Store, error) {
	if err := d.prepare(ctx); err != nil {
		return nil, err
	}
	return connect(ctx, d)
}

func connect(ctx context.Context, d dialect) (*Store, error) {
	write, read, err := d.connect()
	if err != nil {
		return nil, err
	}
	s := &Store{dialect: d, write: write, read: read, standing: &standing{spell: d.spell, byText: map[string]*sql.Stmt{}}}
	if err := s.start(ctx); err != nil {
		_ = s.Close() // the error of start is the one to tell
		return nil, err
	}
	return s, nil
}

func (s *Store) start(ctx context.Context) error {
	if err := s.assert(ctx, s); err != nil {
		return err
	}
	err := s.migrate(ctx, s, func(db *sql.DB, d goose.Dialect) error {
		if err := upgrade(ctx, db, d, 0); err != nil {
			return err
		}
		return (&Store{dialect: unhurried{s.dialect}, write: db, read: db}).rebuild(ctx)
	})
	if err != nil {
		return err
	}
	return s.sign(ctx, s)
}

// upgrade brings the schema to a version; 0 is the newest.
func (s *Store) upgrade(ctx context.Context, to int64) error {
	return s.migrate(ctx, s, func(db *sql.DB, d goose.Dialect) error { return upgrade(ctx, db, d, to) })
}

// Close ends the use of the database; the WAL is folded into the file.
func (s *Store) Close() error {
	return errors.Join(s.read.Close(), s.write.Close())
}

// Scrub takes away what deleted and replaced secrets left behind in the
// database's files. It needs room for a second copy, and nobody may write
// meanwhile.
func (s *Store) Scrub(ctx context.Context) error {
	if err := s.scrub(ctx, s.write); err != nil {
		return fmt.Errorf("scrub database: %w", s.explain(err))
	}
	return nil
}

// Migrations gives the files, for the tests.
func Migrations() fs.FS { return migrations }

// upgrade brings the schema to a version, and refuses one that is newer than we.
func upgrade(ctx context.Context, db *sql.DB, d goose.Dialect, to int64) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(d, db, dir)
	if err != nil {
		return err
	}
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	newest, err := newest()
	if err != nil {
		return err
	}
	if max(have, to) > newest {
		return newer(max(have, to), newest)
	}
	_, err = p.UpTo(ctx, cmp.Or(to, newest))
	return err
}

// newest is the schema of this Firstlight: migrations are numbered without gaps.
func newest() (int64, error) {
	all, err := fs.Glob(migrations, "migrations/*.sql")
	return int64(len(all)), err
}

func newer(have, newest int64) error {
	return fmt.Errorf("%w: it has schema %d, this Firstlight knows %d; install the newer version again or restore a backup made before it", ErrNewer, have, newest)
}
