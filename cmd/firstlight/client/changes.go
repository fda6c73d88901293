package client

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// Pace of asking again.
const (
	pollEvery  = 2 * time.Second // where there is no stream
	retryFirst = 250 * time.Millisecond
	retryMost  = 5 * time.Second
)

// Changes sends a hint whenever something may have changed, of one machine if
// machine names one, until ctx ends. Hints that nobody took are one. While no
// appliance answers it tries again, ever more slowly, and hints each time; where
// an appliance has no stream for us, it hints like a clock.
func (c *Client) Changes(ctx context.Context, machine string) <-chan struct{} {
	hints := make(chan struct{}, 1)
	go func() {
		defer close(hints)
		f := follower{hints: hints, wait: retryFirst}
		for ctx.Err() == nil {
			err := c.events(ctx, machine, f.last, f.tell)
			f.hint()
			f.pause(ctx, err)
		}
	}()
	return hints
}

// follower remembers where a stream was.
type follower struct {
	hints chan<- struct{}
	last  string
	wait  time.Duration
}

func (f *follower) tell(e Event) {
	f.last, f.wait = e.ID, retryFirst
	f.hint()
}

func (f *follower) hint() {
	select {
	case f.hints <- struct{}{}:
	default:
	}
}

// pause waits until the stream is worth another try. Chance keeps all who watch
// from coming back at once when an appliance does.
func (f *follower) pause(ctx context.Context, err error) {
	wait := f.wait
	f.wait = min(2*f.wait, retryMost)
	if !errors.Is(err, ErrUnreachable) {
		wait = pollEvery
	}
	timer := time.NewTimer(wait + rand.N(wait/4))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
