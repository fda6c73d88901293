package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"firstlight/server/machine"
)

// What becomes of a transaction whose engine goes away. SQLite never does, it is
// part of this process; but another one may keep its file locked.

// listen gives a context that ends when the engine says nothing for too long.
func (s *Store) listen(ctx context.Context) (heard context.Context, again, end func()) {
	limit := s.silence()
	if limit == 0 {
		return ctx, func() {}, func() {}
	}
	heard, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(limit, func() { cancel(fmt.Errorf("%w: it said nothing for %s", ErrAway, limit)) })
	return heard, func() { timer.Reset(limit) }, func() { timer.Stop(); cancel(nil) }
}

// failed tells what a commit that failed means.
func (t *Tx) failed(err error) error {
	if t.id == "" || t.certain(err) {
		return t.explain(err)
	}
	return &Unsettled{id: t.id, cause: t.explain(err)}
}

// Unsettled means that the engine went away while it committed: whether the
// transaction is there, Settle tells once the engine is back.
type Unsettled struct {
	id    string
	cause error
}

func (e *Unsettled) Error() string {
	return fmt.Sprintf("%v: %v; look before you repeat it", machine.ErrInDoubt, e.cause)
}

func (e *Unsettled) Unwrap() []error { return []error{machine.ErrInDoubt, e.cause} }

// Ping asks the engine for a sign of life.
func (s *Store) Ping(ctx context.Context) error {
	return s.View(ctx, func(t *Tx) error {
		return t.query("ping", func(*sql.Rows) error { return nil }, `SELECT 1`)
	})
}

// Hold makes sure that the writer's connection, and what it holds, is there.
func (s *Store) Hold(ctx context.Context) error {
	if s.silence() == 0 {
		return nil // it is part of this process
	}
	ctx, _, end := s.listen(ctx)
	defer end()
	return (&Tx{dialect: s.dialect, ctx: ctx}).explain(s.write.PingContext(ctx))
}

// Settle tells whether an update is there.
func (s *Store) Settle(ctx context.Context, u *Unsettled) (there bool, err error) {
	ctx, _, end := s.listen(ctx)
	defer end()
	there, err = s.settle(ctx, s.write, u.id)
	return there, (&Tx{dialect: s.dialect, ctx: ctx}).explain(err)
}
