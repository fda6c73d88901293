package check

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"firstlight/agent/patience"
	"firstlight/agent/report"
)

// wire is the way to the appliance.
type wire struct {
	meter
	mu     sync.Mutex
	broken int64
	first  error
}

// network reads what the appliance sends, as fast as it comes.
func (r *run) network(ctx context.Context) []report.Measured {
	var w wire
	var workers sync.WaitGroup
	workers.Go(func() { w.work(ctx, r) })
	took := each(ctx, &workers, w.read)
	w.mu.Lock()
	defer w.mu.Unlock()
	mac := r.facts.Boot.MAC
	if w.done.Load() == 0 {
		return []report.Measured{untested(report.TestNetwork, mac, fmt.Sprintf("the appliance sent nothing: %v", w.first))}
	}
	why := ""
	if w.broken > 0 {
		why = fmt.Sprintf("the connection broke off %d times, first: %v", w.broken, w.first)
	}
	m := w.figure(report.TestNetwork, report.MetricRate, mac, "MB/s", took)
	return []report.Measured{m, counted(report.TestNetwork, mac, w.broken, took, why)}
}

// work opens the stream anew whenever it ends.
func (w *wire) work(ctx context.Context, r *run) {
	for pauses := (patience.Pauses{}); ctx.Err() == nil; {
		before := w.done.Load()
		err := w.stream(ctx, r)
		if ctx.Err() != nil {
			w.lost(ctx.Err(), false)
			return
		}
		w.lost(err, true)
		if w.done.Load() > before {
			pauses = patience.Pauses{}
		}
		_ = pauses.Rest(ctx)
	}
}

var errEnd = errors.New("the appliance ended it")

func (w *wire) stream(ctx context.Context, r *run) error {
	body, err := r.Stream(ctx)
	if err != nil {
		return err
	}
	defer body.Close() //nolint:errcheck // what came is counted
	b := make([]byte, 256<<10)
	for {
		n, err := body.Read(b)
		w.done.Add(int64(n))
		if err != nil {
			return fmt.Errorf("%w (%w)", errEnd, err)
		}
	}
}

func (w *wire) lost(err error, counts bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.first == nil {
		w.first = err
	}
	if counts {
		w.broken++
	}
}
