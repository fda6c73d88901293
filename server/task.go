package server

import (
	"context"
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

// serve runs tasks until the first of them fails or ctx ends. ready is called
// once, when every task answers.
func serve(ctx context.Context, log *slog.Logger, ready func(), tasks ...task) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, t := range tasks {
		g.Go(func() error {
			if err := t.Run(ctx); err != nil {
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
