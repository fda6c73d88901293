package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
)

// dialect is what differs by engine, and all of it: dialect_sqlite.go and
// dialect_postgres.go. Every query stands once, in SQL that the engines agree on.
type dialect interface {
	// String names the database for people, without what is secret.
	fmt.Stringer
	// prepare makes an absent database where that is the engine's way.
	prepare(context.Context) error
	// connect opens the writer's pool and the readers'.
	connect() (write, read *sql.DB, err error)
	// assert refuses an engine that durability, order or uniqueness cannot rest
	// on.
	assert(context.Context, *Store) error
	// migrate runs up while nobody else migrates, on connections whose statements
	// may take their time.
	migrate(ctx context.Context, s *Store, up func(*sql.DB, goose.Dialect) error) error

	// alone is the same database for the one process that serves it; sign notes
	// there who that is, so that after a time without connection it can be told
	// whether somebody else was it meanwhile.
	alone() dialect
	sign(context.Context, *Store) error

	// occupied tells whether there is a database already.
	occupied(context.Context) (bool, error)
	// stage makes an empty place for a database that is to become this one; one
	// that was left there is taken away.
	stage(context.Context) (dialect, error)
	// swap puts the database of stage, which is closed, in this one's place, as a
	// whole or not at all, and tells what the one before is called now.
	swap(ctx context.Context, aside string) (kept string, err error)

	// updating and viewing are how transactions begin; a view sees one state.
	updating() *sql.TxOptions
	viewing() *sql.TxOptions
	// spell writes a statement that stays prepared as the engine likes it best.
	spell(query string) string
	// locking ends a SELECT that keeps others from writing the rows; SQLite has
	// one writer at a time.
	locking() string
	// silence is after how long without a word an engine is taken for gone; 0
	// where it is part of this process.
	silence() time.Duration

	// identify names a transaction, so that settle can tell later whether it was
	// committed; "" where a failed commit has committed nothing. certain tells
	// that an error of a commit is such a failure.
	identify(*Tx) (string, error)
	certain(error) bool
	settle(ctx context.Context, db *sql.DB, id string) (there bool, err error)

	// scrub takes away what deleted and replaced secrets left behind on the disk.
	scrub(ctx context.Context, db *sql.DB) error

	// explain turns the driver's errors into ours, by code and never by text.
	explain(error) error
	// damaged says what is wrong with the database and what to do.
	damaged(error) error
}

// unhurried is a dialect whose statements may take their time.
type unhurried struct{ dialect }

func (unhurried) silence() time.Duration { return 0 }

// dialectOf tells the engines apart: a URL is PostgreSQL's, a path is SQLite's.
func dialectOf(place string) (dialect, error) {
	if isURL(place) {
		return newPostgres(place)
	}
	return sqliteFile{place}, nil
}

func isURL(place string) bool {
	return strings.HasPrefix(place, "postgres://") || strings.HasPrefix(place, "postgresql://")
}
