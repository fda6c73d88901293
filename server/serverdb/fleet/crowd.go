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
// one is on disk.
type Crowd struct {
	Write          time.Duration // p99
	Writes, Failed int
}

// Crowded opens the database at a place, which Fill filled with n machines, and
// has a crowd write to it for so long.
func Crowded(ctx context.Context, place string, n int, long time.Duration) (c Crowd, err error) {
	db, err := open(ctx, place)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	f := Figures{Machines: n}
	took := make(chan time.Duration, 1<<20)
	var failed atomic.Int64
	var g errgroup.Group
	for w := range writers {
		g.Go(func() error {
			return paced(ctx, time.Nanosecond, took, &failed, func(i int) error { return f.write(db, w+writers*i) })
		})
	}
	if err := g.Wait(); err != nil {
		return c, err
	}
	c.Writes, c.Write = drain(took)
	c.Failed = int(failed.Load())
	return c, nil
}
