package check

import (
	"context"
	"sync"
	"time"
)

// grace is how long a worker is waited for once its test is over. One that hangs in
// a disk is left behind: the kernel ends it when it likes.
const grace = 2 * time.Second

// ended is closed when workers ended. Without any, it never is.
func ended(workers *sync.WaitGroup) <-chan struct{} {
	if workers == nil {
		return nil
	}
	done := make(chan struct{})
	go func() {
		workers.Wait()
		close(done)
	}()
	return done
}

// each calls do each second until ctx ends or the workers did, with the time since
// the last call, and gives how long that was in all. What is left at the end counts
// from half a second on, or where there was nothing else.
func each(ctx context.Context, workers *sync.WaitGroup, do func(took time.Duration)) time.Duration {
	began, done := time.Now(), ended(workers)
	last := began
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for over := false; !over; {
		select {
		case now := <-tick.C:
			do(now.Sub(last))
			last = now
			continue
		case <-done:
			over = true
		case <-ctx.Done():
			over = true
		}
	}
	all := time.Since(began)
	if rest := time.Since(last); last.Equal(began) || rest >= time.Second/2 {
		do(rest)
	}
	if workers != nil {
		finish(ctx, workers)
	}
	return all
}

// finish waits for workers, and for a moment only once ctx ended.
func finish(ctx context.Context, workers *sync.WaitGroup) {
	done := ended(workers)
	select {
	case <-done:
		return
	case <-ctx.Done():
	}
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case <-done:
	case <-late.C:
	}
}
