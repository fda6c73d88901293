package fleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// Figures are what a fleet costs. Times are p99.
type Figures struct {
	Machines int
	Open     time.Duration // from the file to answers
	Memory   int64         // bytes that the process took more than before, at rest
	Page     time.Duration // the first hundred that have a role at a site
	Select   time.Duration // all that have a role at a site
	Find     time.Duration // words of a search
	One      time.Duration // a machine with its facts
	// While readers read as fast as they can and writes come at a rate:
	Read, Write   time.Duration
	Reads, Writes int
	Failed        int // reads and writes that gave an error
	Mixed         time.Duration
}

// Measure opens the database at a place, which Fill filled with n machines, and
// measures for about so long.
func Measure(ctx context.Context, place string, n int, mixed time.Duration) (f Figures, err error) {
	before, began := resident(), time.Now()
	db, err := open(ctx, place, nil)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	f = Figures{Machines: n, Open: time.Since(began), Memory: resident() - before, Mixed: mixed}
	role, err := machine.ParseSelector("role=db site=lon6")
	if err != nil {
		return f, err
	}
	words, err := machine.ParseSelector(`"flt0001"`)
	if err != nil {
		return f, err
	}
	for _, m := range []struct {
		into *time.Duration
		do   func(i int) error
	}{
		{&f.Page, func(int) error { _, err := db.Page(ctx, role, "", 101); return err }},
		{&f.Select, func(int) error { _, err := db.Select(ctx, role); return err }},
		{&f.Find, func(int) error { _, err := db.Page(ctx, words, "", 101); return err }},
		{&f.One, func(i int) error { return readOne(ctx, db, i*7919%n) }},
	} {
		if *m.into, err = p99(100, m.do); err != nil {
			return f, err
		}
	}
	return f, f.mix(ctx, db, role)
}

// open opens the database at a place as measurements do, without a word.
func open(ctx context.Context, place string, committed func(int, time.Duration)) (*serverdb.DB, error) {
	return serverdb.Open(ctx, place, serverdb.Options{Log: slog.New(slog.DiscardHandler), Now: time.Now, Retention: time.Hour, Committed: committed})
}

// resident is what this process has in memory, in bytes, once garbage is gone.
func resident() int64 {
	debug.FreeOSMemory()
	text, _ := os.ReadFile("/proc/self/statm")
	var size, pages int64
	_, _ = fmt.Sscan(string(text), &size, &pages)
	return pages * int64(os.Getpagesize())
}

func readOne(ctx context.Context, db *serverdb.DB, i int) error {
	m, err := db.Machine(Name(i))
	if err == nil {
		_, err = db.Full(ctx, m)
	}
	return err
}

func p99(times int, do func(int) error) (time.Duration, error) {
	all := make([]time.Duration, times)
	for i := range all {
		began := time.Now()
		if err := do(i); err != nil {
			return 0, err
		}
		all[i] = time.Since(began)
	}
	slices.Sort(all)
	return all[times*99/100], nil
}

const (
	readers       = 200
	writesASecond = 200
)

// mix lets readers page through a role and read machines, each a hundred times a
// second at most, while writes come at their rate.
func (f *Figures) mix(ctx context.Context, db *serverdb.DB, role machine.Selector) error {
	ctx, cancel := context.WithTimeout(ctx, f.Mixed)
	defer cancel()
	var failed atomic.Int64
	reads, writes := make(chan time.Duration, 1<<20), make(chan time.Duration, 1<<16)
	g := errgroup.Group{}
	for r := range readers {
		g.Go(func() error {
			return paced(ctx, 100*time.Millisecond, reads, &failed, func(i int) error { return f.read(ctx, db, role, r+i) })
		})
	}
	for w := range 20 {
		g.Go(func() error {
			return paced(ctx, 20*time.Second/writesASecond, writes, &failed, func(i int) error { return f.write(db, w+20*i) })
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	f.Reads, f.Read = drain(reads)
	f.Writes, f.Write = drain(writes)
	f.Failed = int(failed.Load())
	return nil
}

// paced repeats until ctx ends. What ends with it has not failed.
func paced(ctx context.Context, every time.Duration, took chan<- time.Duration, failed *atomic.Int64, do func(int) error) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		began := time.Now()
		switch err := do(i); {
		case err == nil:
			took <- time.Since(began)
		case ctx.Err() == nil:
			failed.Add(1)
		}
	}
}

func (f *Figures) read(ctx context.Context, db *serverdb.DB, role machine.Selector, i int) error {
	if i%4 == 0 {
		_, err := db.Page(ctx, role, "", 101)
		return err
	}
	return readOne(ctx, db, i*7919%f.Machines)
}

// write is not ended by the clock: whether it was committed must be known.
func (f *Figures) write(db *serverdb.DB, i int) error {
	return db.Edit(context.Background(), ID(i*7919%f.Machines), 0, "fleet", "", func(m *machine.Machine) error {
		m.Note = fmt.Sprint("written ", i)
		return nil
	})
}

func drain(c chan time.Duration) (n int, p99 time.Duration) {
	close(c)
	var all []time.Duration
	for d := range c {
		all = append(all, d)
	}
	if len(all) == 0 {
		return 0, 0
	}
	slices.Sort(all)
	return len(all), all[len(all)*99/100]
}
