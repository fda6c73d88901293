package fleet

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// writers is how many a crowd is.
const writers = 64

// Crowd is what a write costs where 64 write at once, each as soon as its last
// one is on disk. Times are p99.
type Crowd struct {
	Write           time.Duration // what a writer waits
	Commit          time.Duration // from the first write of a commit until all are on disk
	Writes, Commits int
	Failed          int
}

// Crowded opens the database at a place, which Fill filled with n machines, and
// has a crowd write to it for so long.
func Crowded(ctx context.Context, place string, n int, long time.Duration) (c Crowd, err error) {
	took, commits := make(chan time.Duration, 1<<20), make(chan time.Duration, 1<<20)
	db, err := open(ctx, place, func(_ int, took time.Duration) { commits <- took })
	if err != nil {
		return c, err
	}
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	f := Figures{Machines: n}
	var failed atomic.Int64
	var g errgroup.Group
	for w := range writers {
		g.Go(func() error {
			return paced(ctx, time.Nanosecond, took, &failed, func(i int) error { return f.write(db, w+writers*i) })
		})
	}
	if err := errors.Join(g.Wait(), db.Close()); err != nil {
		return c, err
	}
	c.Writes, c.Write = drain(took)
	c.Commits, c.Commit = drain(commits)
	c.Failed = int(failed.Load())
	return c, nil
}
