package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"firstlight/agent/report"
)

// test carries out one test until ctx ends, or until it is done.
type test func(r *run, ctx context.Context) []report.Measured

var tests = map[string]test{
	report.TestProcessor: (*run).processor,
	report.TestMemory:    (*run).memory,
	report.TestDiskRead:  (*run).diskRead,
	report.TestDiskSelf:  (*run).diskSelfTest,
	report.TestNetwork:   (*run).network,
	report.TestThermal:   (*run).thermal,
}

// run is a check on its way.
type run struct {
	*Checker
	facts report.Report
	began time.Time
	total time.Duration

	mu       sync.Mutex
	running  []string
	measured [][]report.Measured // by the place of the test in the plan
}

// Check carries out an order, and gives what was measured in the plan's order. An
// error is that there was no plan to carry out, or the end of ctx; what was measured
// until then is given with it. It calls progress from the calling goroutine.
func (c *Checker) Check(ctx context.Context, o report.Order, progress func(report.Progress)) ([]report.Measured, error) {
	s, err := newSchedule(o.Check)
	if err != nil {
		return nil, err
	}
	r := &run{Checker: c, facts: c.Facts(), began: time.Now(), total: s.total, measured: make([][]report.Measured, len(o.Check.Tests))}
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.all(ctx, s)
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		progress(r.word())
		select {
		case <-tick.C:
		case <-done:
			return fit(slices.Concat(r.measured...)), ctx.Err()
		}
	}
}

func (r *run) all(ctx context.Context, s schedule) {
	aside, over := context.WithCancel(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer over()
	for _, e := range s.beside {
		beside.Go(func() { r.one(aside, e) })
	}
	for _, group := range s.groups {
		if ctx.Err() != nil {
			return
		}
		var g sync.WaitGroup
		for _, e := range group {
			g.Go(func() {
				bounded, end := context.WithTimeout(ctx, e.within())
				defer end()
				r.one(bounded, e)
			})
		}
		g.Wait()
	}
}

func (r *run) one(ctx context.Context, e entry) {
	do, known := tests[e.Test]
	if !known {
		r.measured[e.index] = []report.Measured{Unknown(e.Test)}
		return
	}
	r.mark(e.Test, true)
	defer r.mark(e.Test, false)
	r.Log.Info("tests", "test", e.Test, "seconds", e.Seconds)
	r.measured[e.index] = do(r, ctx)
	for _, m := range r.measured[e.index] {
		if m.Error != "" {
			r.Log.Warn("test", "test", m.Test, "part", m.Part, "untested", m.Untested, "error", m.Error)
		}
	}
}

func (r *run) mark(name string, runs bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if runs {
		r.running = append(r.running, name)
	} else if i := slices.Index(r.running, name); i >= 0 {
		r.running = slices.Delete(r.running, i, i+1)
	}
}

// word says what runs at the moment. A test that takes longer than it was given
// leaves Done where it is.
func (r *run) word() report.Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	busy := slices.Sorted(slices.Values(r.running))
	done := min(time.Since(r.began), r.total)
	return report.Progress{
		Step: report.StepCheck, Message: strings.Join(busy, ", "),
		Done: int64(done.Seconds()), Total: int64(r.total.Seconds()),
	}
}

// Unknown is the answer to a test that this agent does not know.
func Unknown(test string) report.Measured {
	return untested(test, "", fmt.Sprintf("the test %q is unknown to this agent: boot it from the boot image of this release", test))
}

func untested(test, part, why string) report.Measured {
	return report.Measured{Test: test, Part: part, Untested: true, Error: "cannot be tested: " + why}
}
