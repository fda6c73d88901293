package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// A process that serves a database holds an advisory lock with the connection
// that it writes with, so that nothing can be written without the lock. The
// server lets go of it with the connection.

// serving is the key of that lock, in each database of a server.
const serving = migrating + 1

// claimPatience is for the appliance before, which may just be ending.
const claimPatience = 3 * time.Second

// claim is one process's right to write, as long as it has it. Its connections
// are made one after the other.
type claim struct {
	id     string // of the process
	signed bool   // the database says so
	last   session
}

// session is a connection as the server sees it; process numbers come again.
type session struct {
	process uint32
	since   time.Time
}

func (d postgres) alone() dialect { return postgres{d.config, &claim{id: rand.Text()}} }

// take is called with each new connection, and refuses one without the lock.
func (c *claim) take(ctx context.Context, conn *pgx.Conn) error {
	err := c.lock(ctx, conn)
	if err == nil && c.signed {
		err = c.unchallenged(ctx, conn)
	}
	if err != nil {
		return errors.Join(err, conn.Close(ctx)) // the driver leaves it open
	}
	return nil
}

func (c *claim) lock(ctx context.Context, conn *pgx.Conn) error {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for end := time.Now().Add(claimPatience); ; {
		var taken bool
		if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, int64(serving)).Scan(&taken); err != nil {
			return err
		}
		if taken {
			return c.remember(ctx, conn)
		}
		if err := c.endLast(ctx, conn); err != nil {
			return err
		}
		if time.Now().After(end) {
			return c.served(ctx, conn)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again.C:
		}
	}
}

func (c *claim) remember(ctx context.Context, conn *pgx.Conn) error {
	return conn.QueryRow(ctx, `SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()`).Scan(&c.last.process, &c.last.since)
}

// endLast ends our own connection before, which the server may not have missed
// yet.
func (c *claim) endLast(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2`, c.last.process, c.last.since)
	return err
}

// unchallenged refuses to go on where another process served in between.
func (c *claim) unchallenged(ctx context.Context, conn *pgx.Conn) error {
	var id string
	if err := conn.QueryRow(ctx, `SELECT value FROM meta WHERE key = 'served by'`).Scan(&id); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	if id != c.id {
		return fmt.Errorf("%w, or did while this one was cut off, so that what this one remembers is old: restart this one, unless that one is to go on", ErrServed)
	}
	return nil
}

// holder is a query that says who has the lock, as far as this user may know it.
const holder = `SELECT 'connected from ' || coalesce(host(a.client_addr), 'the server''s own host') || to_char(a.backend_start AT TIME ZONE 'UTC', '" since "YYYY-MM-DD HH24:MI:SS" UTC"')
	FROM pg_locks l JOIN pg_stat_activity a USING (pid)
	WHERE l.locktype = 'advisory' AND l.granted AND a.datname = current_database() AND l.classid::bigint << 32 | l.objid::bigint = $1`

// served refuses a database that another one has.
func (c *claim) served(ctx context.Context, conn *pgx.Conn) error {
	by := "it has just begun" // or ended
	if err := conn.QueryRow(ctx, holder, int64(serving)).Scan(&by); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	return fmt.Errorf("%w (%s): stop that one, or give this one a database of its own", ErrServed, by)
}

func (d postgres) sign(ctx context.Context, s *Store) error {
	if d.claim == nil {
		return nil
	}
	err := s.Update(ctx, func(tx *Tx) error { return tx.PutMeta("served by", d.claim.id) })
	d.claim.signed = err == nil
	return err
}
