package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// A database is restored into a schema of its own beside the one in use, and
// takes that one's name in one transaction. The one before stays, as a schema
// that is called otherwise.

const (
	staging     = "firstlight_restore"
	swapTimeout = time.Minute
)

// on does something with a connection of its own.
func (d postgres) on(do func(*sql.DB) error) error {
	db := d.pool(1, swapTimeout)
	defer db.Close() //nolint:errcheck // what it wrote is committed
	return do(db)
}

func (d postgres) occupied(ctx context.Context) (there bool, err error) {
	err = d.on(func(db *sql.DB) error {
		return db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema())`).Scan(&there)
	})
	return there, err
}

// stage refuses while an appliance uses the database: it would go on with what
// is moved aside.
func (d postgres) stage(ctx context.Context) (dialect, error) {
	err := d.on(func(db *sql.DB) error {
		if err := unused(ctx, db); err != nil {
			return err
		}
		if _, err := db.ExecContext(ctx, `DROP SCHEMA IF EXISTS `+staging+` CASCADE`); err != nil {
			return err
		}
		_, err := db.ExecContext(ctx, `CREATE SCHEMA `+staging)
		return err
	})
	s := postgres{config: d.config.Copy()}
	s.config.RuntimeParams["search_path"] = staging
	return s, err
}

// leaving is how long sessions that were closed may take to be gone: the server
// ends them after the client has gone on.
const leaving = 2 * time.Second

// unused refuses a database that other sessions of ours are on, and stay on.
func unused(ctx context.Context, db *sql.DB) error {
	var others int
	for until := time.Now().Add(leaving); ; {
		err := db.QueryRowContext(ctx, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'firstlight' AND pid <> pg_backend_pid()`).Scan(&others)
		if err != nil || others == 0 {
			return err
		}
		if time.Now().After(until) {
			return fmt.Errorf("an appliance is connected to it (%d sessions): stop it first", others)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (d postgres) swap(ctx context.Context, aside string) (kept string, err error) {
	err = d.on(func(db *sql.DB) error {
		if err := unused(ctx, db); err != nil {
			return err
		}
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
		if kept, err = d.rename(ctx, tx, "firstlight_"+aside); err != nil {
			return err
		}
		return tx.Commit()
	})
	return kept, err
}

// rename gives the staged schema the name of the one in use; an empty one goes.
func (d postgres) rename(ctx context.Context, tx *sql.Tx, aside string) (kept string, err error) {
	var name string
	var tables int
	err = tx.QueryRowContext(ctx, `SELECT current_schema(), count(t.tablename) FROM (SELECT 1) AS one
		LEFT JOIN pg_tables t ON t.schemaname = current_schema() GROUP BY 1`).Scan(&name, &tables)
	if err != nil {
		return "", err
	}
	schema := pgx.Identifier{name}.Sanitize()
	away := `DROP SCHEMA ` + schema
	if tables > 0 {
		kept, away = "schema "+aside+" of "+d.String(), `ALTER SCHEMA `+schema+` RENAME TO `+pgx.Identifier{aside}.Sanitize()
	}
	for _, statement := range []string{away, `ALTER SCHEMA ` + staging + ` RENAME TO ` + schema} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return "", err
		}
	}
	return kept, nil
}
