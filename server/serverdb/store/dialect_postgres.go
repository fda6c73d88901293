package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// What a connection may take. Each bound is longer than the one before it, so
// that the server's own word, which says more, comes first.
const (
	dialTimeout      = 5 * time.Second
	statementTimeout = 5 * time.Second  // the server ends a statement
	idleTimeout      = 10 * time.Second // the server ends a transaction that does nothing
	silenceTimeout   = 15 * time.Second // we take a server that says nothing for gone
	goneTimeout      = 25 * time.Second // the server takes a client that says nothing for gone
)

// readers are the connections for views, beside the writer's one.
const readers = 8

// postgres is a database on a server.
type postgres struct {
	config *pgx.ConnConfig
	claim  *claim // of the one process that serves it; nil: of others
}

// String leaves out the password and whatever else the URL says.
func (d postgres) String() string {
	if strings.HasPrefix(d.config.Host, "/") {
		return fmt.Sprintf("postgres://%s@/%s?host=%s&port=%d", d.config.User, d.config.Database, d.config.Host, d.config.Port)
	}
	return fmt.Sprintf("postgres://%s@%s/%s", d.config.User, net.JoinHostPort(d.config.Host, fmt.Sprint(d.config.Port)), d.config.Database)
}

// prepare does nothing: a database is made by whoever owns the server, because
// its encoding and collation cannot be changed later.
func (postgres) prepare(context.Context) error { return nil }

func (d postgres) connect() (write, read *sql.DB, err error) {
	var claimed []stdlib.OptionOpenDB
	if d.claim != nil {
		claimed = append(claimed, stdlib.OptionAfterConnect(d.claim.take))
	}
	return d.pool(1, statementTimeout, claimed...), d.pool(readers, statementTimeout), nil
}

// pool looks at every connection before it is used again: one that died with
// its server is replaced instead of told of.
func (d postgres) pool(size int, timeout time.Duration, more ...stdlib.OptionOpenDB) *sql.DB {
	c := d.config.Copy()
	// A client that lost its power holds nothing for longer than that.
	maps.Copy(c.RuntimeParams, map[string]string{
		"application_name": "firstlight", "client_encoding": "UTF8", "timezone": "UTC",
		"statement_timeout": millis(timeout), "idle_in_transaction_session_timeout": millis(max(idleTimeout, timeout)),

		"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3", "tcp_user_timeout": millis(goneTimeout),
	})
	more = append(more, stdlib.OptionShouldPing(func(context.Context, stdlib.ShouldPingParams) bool { return true }))
	db := stdlib.OpenDB(*c, more...)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db
}

func millis(d time.Duration) string { return fmt.Sprint(d.Milliseconds()) }

// assert looks at what cannot be set by a connection. "remote_write" and
// "local" still mean that our own server's disk has it.
func (d postgres) assert(ctx context.Context, s *Store) error {
	var version int
	var encoding, collation, provider, setting string
	for _, db := range []*sql.DB{s.write, s.read} {
		err := db.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::int, pg_encoding_to_char(encoding), datcollate, datlocprovider::text,
			concat_ws(' ', current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit') <> 'off', pg_is_in_recovery())
			FROM pg_database WHERE datname = current_database()`).Scan(&version, &encoding, &collation, &provider, &setting)
		if err != nil {
			return err
		}
	}
	switch {
	case version < 15_00_00:
		return fmt.Errorf("it is PostgreSQL %d, want 15 or newer; upgrade the server", version/10000)
	case encoding != "UTF8" || provider == "i" || collation != "C" && collation != "POSIX":
		return fmt.Errorf("its encoding is %s and its collation %s, want UTF8 and C, so that names have one order everywhere; make another: createdb --template=template0 --encoding=UTF8 --locale=C --owner=%s %s",
			encoding, collation, d.config.User, d.config.Database)
	case setting != "on on t f":
		return fmt.Errorf("fsync, full_page_writes, a synchronous_commit that is not off and recovery are %q, want \"on on t f\": what is acknowledged must be on disk; correct postgresql.conf, or name the primary", setting)
	}
	return nil
}

// migrating is the key of the lock that migrations are made under. It ends with
// its transaction, so that it holds through a connection pooler, too.
const migrating = 0x46697273746c6967 // "Firstlig"

// migrate has connections of its own, because a migration may take longer than
// a statement of every day.
func (d postgres) migrate(ctx context.Context, _ *Store, up func(*sql.DB, goose.Dialect) error) error {
	db := d.pool(2, time.Hour)
	defer db.Close() //nolint:errcheck // what it wrote is committed
	lock, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer lock.Rollback() //nolint:errcheck // it holds a lock and nothing else
	if _, err := lock.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(migrating)); err != nil {
		return err
	}
	return up(db, goose.DialectPostgres)
}

// scrub writes the tables of secrets anew. What the server archived of its WAL
// is its owner's.
func (d postgres) scrub(ctx context.Context, _ *sql.DB) error {
	db := d.pool(1, time.Hour)
	defer db.Close() //nolint:errcheck // what it wrote is committed
	_, err := db.ExecContext(ctx, "VACUUM (FULL) credentials, meta")
	return err
}

func (postgres) updating() *sql.TxOptions { return &sql.TxOptions{Isolation: sql.LevelReadCommitted} }

func (postgres) viewing() *sql.TxOptions {
	return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
}

func (postgres) spell(query string) string { return query }

func (postgres) locking() string { return "FOR UPDATE" }

func (postgres) silence() time.Duration { return silenceTimeout }

func (postgres) damaged(what error) error {
	return fmt.Errorf("%w: %w; restore a backup", ErrCorrupt, what)
}

// identify is by the transaction's own number, which a server keeps for as long
// as it could be asked for it.
func (postgres) identify(t *Tx) (id string, err error) {
	err = t.query("name the transaction", func(r *sql.Rows) error { return r.Scan(&id) }, `SELECT pg_current_xact_id()::text`)
	return id, err
}

func (postgres) certain(err error) bool {
	e := (*pgconn.PgError)(nil)
	return errors.As(err, &e) && e.Severity == "ERROR" || errors.Is(err, pgx.ErrTxCommitRollback)
}

func (postgres) settle(ctx context.Context, db *sql.DB, id string) (there bool, err error) {
	var status sql.NullString
	if err := db.QueryRowContext(ctx, `SELECT pg_xact_status($1::xid8)`, id).Scan(&status); err != nil {
		return false, err
	}
	if status.String == "in progress" {
		return false, errors.New("the server still works on it")
	}
	return status.String == "committed", nil
}

// explain reads SQLSTATE (postgresql.org/docs/15/errcodes-appendix.html).
func (d postgres) explain(err error) error {
	if e := (*pgconn.PgError)(nil); errors.As(err, &e) {
		return d.refused(e)
	}
	if gone(err) {
		return fmt.Errorf("%w: %s", ErrAway, strings.Join(strings.Fields(err.Error()), " "))
	}
	return err
}

// gone tells whether an error comes from a connection and not from a statement.
func gone(err error) bool {
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, driver.ErrBadConn) || errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, net.ErrClosed)
}

func (d postgres) refused(e *pgconn.PgError) error {
	switch e.Code[:2] {
	case "23": // integrity constraint violation
		return fmt.Errorf("%w: %w", ErrTaken, e)
	case "08", "57": // connection exception, operator intervention
		if e.Code == "57014" {
			return fmt.Errorf("%w: see in pg_stat_activity who holds a lock", e)
		}
		return fmt.Errorf("%w: %w", ErrAway, e)
	case "28": // invalid authorization
		return fmt.Errorf("%w; correct the user, the password file or pg_hba.conf", e)
	}
	if e.Code == "XX001" || e.Code == "XX002" { // data or index corrupted
		return d.damaged(e)
	}
	remedy := map[string]string{
		"3D000": fmt.Sprintf("make it: createdb --template=template0 --encoding=UTF8 --locale=C --owner=%s %s", d.config.User, d.config.Database),
		"25006": "it is a standby, or told to be read-only: name the primary",
		"42501": fmt.Sprintf("let the user own it: ALTER DATABASE %s OWNER TO %s", d.config.Database, d.config.User),
		"53100": "free some space on the disk that holds it",
		"53300": "raise max_connections of the server",
	}[e.Code]
	if remedy == "" {
		return e
	}
	return fmt.Errorf("%w; %s", e, remedy)
}
