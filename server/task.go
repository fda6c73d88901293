package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"golang.org/x/sync/errgroup"
)

// task is one part of the appliance that runs until its context ends. Its
// sockets are open before it runs, so that a port in use ends the start.
type task interface {
	Run(ctx context.Context) error
	Ready() <-chan struct{} // closed once it answers
	String() string
}

// always is a part that has nothing to begin with: it answers from the start.
type always struct{}

// Ready is closed.
func (always) Ready() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// errEnded is a part that stopped though nobody asked it to. The others must
// not go on as if it were there.
var errEnded = errors.New("ended by itself")

// serve runs tasks until the first of them ends or ctx does, and returns once
// all have ended, with the error of the first. ready is called once, when every
// task answers.
func serve(ctx context.Context, log *slog.Logger, ready func(), tasks ...task) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, t := range tasks {
		g.Go(func() error {
			err := t.Run(ctx)
			if err == nil && ctx.Err() == nil {
				err = errEnded
			}
			if err != nil {
				return fmt.Errorf("%s: %w", t, err)
			}
			log.DebugContext(ctx, "stopped", "task", t.String())
			return nil
		})
	}
	g.Go(func() error {
		for _, t := range tasks {
			select {
			case <-t.Ready():
			case <-ctx.Done():
				return nil
			}
		}
		ready()
		return nil
	})
	return g.Wait()
}
