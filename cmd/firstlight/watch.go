package main

import (
	"context"
	"errors"
	"net/http"
	"time"

	"firstlight/cmd/firstlight/client"
	"firstlight/cmd/firstlight/output"
)

// Pace of watching.
const (
	watchGather = 200 * time.Millisecond // changes within it are read once
	watchLook   = 10 * time.Second       // not everything that is listed makes an event
	watchShare  = 4                      // reading takes at most one part in so many of the time
)

// view shows what is watched, time and again.
type view[S any] interface {
	show(S) error
	// trouble tells that nobody answers; what is shown is old from then on.
	trouble(error) error
}

// watch shows what read gives whenever a hint or the clock says that it may have
// changed, until ctx ends, which is no failure. It stays while an appliance is
// away, and ends when one refuses.
func watch[S any](ctx context.Context, hints <-chan struct{}, v view[S], first S, read func() (S, error)) error {
	err := v.show(first)
	tick := time.NewTicker(watchLook)
	defer tick.Stop()
	pause := watchGather
	for err == nil {
		select {
		case <-hints:
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		if !sleep(ctx, pause) {
			return nil
		}
		began := time.Now()
		state, failed := read()
		pause = max(watchGather, watchShare*time.Since(began))
		switch {
		case ctx.Err() != nil:
			return nil
		case failed == nil:
			err = v.show(state)
		case passing(failed):
			err = v.trouble(failed)
		default:
			return failed
		}
	}
	return err
}

// sleep waits, and tells whether ctx let it.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// passing tells of a failure whether it ends by itself: an appliance that is
// started again, and the proxy before it.
func passing(err error) bool {
	if refused := (*client.Error)(nil); errors.As(err, &refused) {
		return refused.Status == http.StatusTooManyRequests || refused.Status >= http.StatusBadGateway
	}
	return errors.Is(err, client.ErrUnreachable)
}

// screenView draws lines over those before, on a terminal.
type screenView[S any] struct {
	screen output.Screen
	lines  func(S) []string
	last   S
}

func (v *screenView[S]) show(state S) error {
	v.last = state
	return v.screen.Draw(v.lines(state))
}

func (v *screenView[S]) trouble(err error) error {
	return v.screen.Draw(append(v.lines(v.last), "", output.Plain(err.Error())))
}

// troubles tells on stderr, once, that nobody answers, and that somebody does
// again.
type troubles struct {
	h   *host
	had bool
}

func (t *troubles) trouble(err error) error { //nolint:unparam // a screen may fail where a list cannot
	if !t.had {
		t.h.note("firstlight: %v; waiting for it", err)
	}
	t.had = true
	return nil
}

func (t *troubles) over() {
	if t.had {
		t.h.note("firstlight: it answers again")
	}
	t.had = false
}

// listView prints rows as they change.
type listView[T any] struct {
	troubles
	form    string
	changes output.Changes[T]
}

func (v *listView[T]) show(rows client.Rows[T]) error {
	v.over()
	gone, err := v.changes.Print(v.h.printer(v.form), output.Rows[T](rows))
	for _, name := range gone {
		v.h.note("%s left the list", name)
	}
	return err
}

// view is how a list is watched.
func (l listing[T]) view(h *host, form string) view[client.Rows[T]] {
	if t := h.screen(h.out); t != nil && (form == "table" || form == output.Wide) {
		return &screenView[client.Rows[T]]{screen: output.Screen{T: t}, lines: func(rows client.Rows[T]) []string {
			return output.Table(h.printer(form), rows.Items, l.columns)
		}}
	}
	return &listView[T]{troubles{h: h}, form, output.Changes[T]{Columns: l.columns, Newest: l.newest, Limited: l.limited}}
}
