package agent

import (
	"context"
	"sync"
	"time"

	"firstlight/agent/appliance"
	"firstlight/agent/patience"
	"firstlight/agent/report"
)

// teller passes progress on without holding up the work. While the appliance
// is away only the newest of each step is kept; the
// steps arrive in their order once it is back.
type teller struct {
	appliance Appliance
	refused   func(error) // by the appliance, which is not told again
	cancel    context.CancelFunc
	done      chan struct{}

	mu      sync.Mutex
	pending []report.Progress
	wake    chan struct{}
	ending  bool
}

// parting bounds how long the last words may take before the result is sent,
// which is waited for without bound.
const parting = 5 * time.Second

func newTeller(to Appliance, refused func(error)) *teller {
	ctx, cancel := context.WithCancel(context.Background())
	t := &teller{appliance: to, refused: refused, cancel: cancel, done: make(chan struct{}), wake: make(chan struct{}, 1)}
	go t.run(ctx)
	return t
}

// tell queues p, over the last one if that was of the same step.
func (t *teller) tell(p report.Progress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.pending); n > 0 && t.pending[n-1].Step == p.Step {
		if p.Total == 0 {
			p.Done, p.Total = t.pending[n-1].Done, t.pending[n-1].Total
		}
		t.pending = t.pending[:n-1]
	}
	t.pending = append(t.pending, p)
	t.signal()
}

// signal wakes the sender; one signal is as good as many.
func (t *teller) signal() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// end waits a little for what is queued and stops.
func (t *teller) end(ctx context.Context) {
	t.mu.Lock()
	t.ending = true
	t.signal()
	t.mu.Unlock()
	timer := time.NewTimer(parting)
	defer timer.Stop()
	select {
	case <-t.done:
	case <-timer.C:
	case <-ctx.Done():
	}
	t.cancel()
	<-t.done
}

func (t *teller) run(ctx context.Context) {
	defer close(t.done)
	var pauses patience.Pauses
	for {
		p, ok, ending := t.take()
		switch {
		case !ok && ending:
			return
		case !ok:
			select {
			case <-t.wake:
			case <-ctx.Done():
				return
			}
			continue
		}
		err := t.appliance.Progress(ctx, p)
		if appliance.Refused(err) {
			t.refused(err)
		}
		if err == nil || appliance.Refused(err) {
			pauses = patience.Pauses{}
			continue
		}
		t.back(p)
		if pauses.Rest(ctx) != nil {
			return
		}
	}
}

func (t *teller) take() (p report.Progress, ok, ending bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.pending) == 0 {
		return p, false, t.ending
	}
	p = t.pending[0]
	t.pending = t.pending[1:]
	return p, true, t.ending
}

// back returns what could not be sent to the head of the queue, unless newer
// word of the same step stands there.
func (t *teller) back(p report.Progress) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.pending) > 0 && t.pending[0].Step == p.Step {
		return
	}
	t.pending = append([]report.Progress{p}, t.pending...)
}
