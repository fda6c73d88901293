package check

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"firstlight/agent/report"
)

// core is one hardware thread that is tested.
type core struct {
	number int
	meter
	wrong   atomic.Int64 // rounds
	refused error        // it could not be reached
}

// processor lets every hardware thread compute what is known, and compares.
func (r *run) processor(ctx context.Context) []report.Measured {
	numbers, err := r.CPUs()
	if err != nil || len(numbers) == 0 {
		return []report.Measured{untested(report.TestProcessor, "", fmt.Sprintf("which processors there are is not known: %v", err))}
	}
	cores := make([]*core, len(numbers))
	var workers sync.WaitGroup
	for i, n := range numbers {
		c := &core{number: n}
		cores[i] = c
		workers.Go(func() { r.compute(ctx, c) })
	}
	took := each(ctx, &workers, func(took time.Duration) {
		for _, c := range cores {
			c.read(took)
		}
	})
	var all []report.Measured
	for _, c := range cores {
		part := fmt.Sprintf("cpu%d", c.number)
		if c.refused != nil {
			all = append(all, untested(report.TestProcessor, part, c.refused.Error()))
			continue
		}
		why := ""
		if n := c.wrong.Load(); n > 0 {
			why = fmt.Sprintf("%d of its results were wrong", n)
		}
		all = append(all, c.figure(report.TestProcessor, report.MetricOperations, part, "M/s", took),
			counted(report.TestProcessor, part, c.wrong.Load(), took, why))
	}
	return all
}

// compute occupies one hardware thread. Its system thread is never given back, so
// that it ends with what it was pinned to.
func (r *run) compute(ctx context.Context, c *core) {
	runtime.LockOSThread()
	if c.refused = r.Pin(c.number); c.refused != nil {
		return
	}
	var b bench
	for ctx.Err() == nil {
		got := b.round()
		if got != known || r.wrong != nil && r.wrong(c.number) {
			c.wrong.Add(1)
		}
		c.done.Add(operations)
	}
}
