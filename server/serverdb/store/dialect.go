package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/pressly/goose/v3"
)

// dialect is what differs by engine, and all of it: dialect_sqlite.go has
// SQLite's. Every query stands once, in SQL that the engines agree on.
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
	// migrate runs up with nobody else migrating.
	migrate(ctx context.Context, s *Store, up func(*sql.DB, goose.Dialect) error) error
	// viewing is how a transaction begins that sees one state.
	viewing() *sql.TxOptions
	// explain turns the driver's errors into ours, by code and never by text.
	explain(error) error
	// damaged says what is wrong with the database and what to do.
	damaged(error) error
}
