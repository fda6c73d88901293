// Package gate asks systems outside, and takes their answers: a change of
// status may wait for one, such as a program that sets the VLAN of a switch
// port.
//
// A wait is on disk before its request goes out. The request is a webhook after
// the Standard Webhooks specification, version 1.0.0: an HMAC-SHA256 over id,
// time and body, whose id is that of the wait, so that a receiver knows one that
// comes again. It goes out until it is taken, each time with more time between,
// and never after its deadline. The answer comes back in the same form, to the
// address that the request names.
//
// It promises that a machine goes on only where the gate's own system said so
// within the deadline, with a signature that fits, or a person did, by name and
// with a reason; that nothing of this rests on the memory of a process, which
// may end at any point; and that a receiver that hangs or lies holds nobody up
// but its own machines. A gate that stays closed leaves the machine where it is
// and is an issue.
//
// What may wait, and that nothing slips by, is serverdb's to decide. This
// package imports the words, serverdb and what seals secrets; the desk and the
// wiring import it.
package gate

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// Config is what an Engine works with.
type Config struct {
	DB   *serverdb.DB
	Keys *Keys
	Log  *slog.Logger
	Now  func() time.Time
	// Answers gives the address at which a wait is answered.
	Answers func(id string) string
	// Transport carries the requests; nil: net/http's, with the host's CAs.
	Transport http.RoundTripper
}

// Engine asks and takes answers.
type Engine struct {
	Config
	client  *http.Client
	counted counters
	ready   chan struct{}

	asking sync.Map // ids of waits whose request is under way
	wg     sync.WaitGroup
	slots  chan struct{} // holds one for each request
}

const (
	// every is how often waits are looked at without a signal.
	every = time.Second
	// gap lets signals come together.
	gap = 20 * time.Millisecond
	// within is how long a receiver may take to say that it has a request.
	within = 10 * time.Second
	// atOnce bounds the requests that are under way.
	atOnce = 32
	// longest is the most time between two requests for one wait.
	longest = time.Minute
)

// New makes an Engine; Run runs it.
func New(c Config) *Engine {
	return &Engine{
		Config: c, ready: make(chan struct{}), slots: make(chan struct{}, atOnce), counted: newCounters(),
		// What is signed for one address is not carried on to another.
		client: &http.Client{Transport: c.Transport, Timeout: within, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

func (e *Engine) String() string { return "gates" }

// Ready is closed once the engine runs.
func (e *Engine) Ready() <-chan struct{} { return e.ready }

// Run asks until ctx ends.
func (e *Engine) Run(ctx context.Context) error {
	w := e.DB.Watch(256)
	defer w.Close()
	tick := time.NewTicker(every)
	defer tick.Stop()
	sweep := time.NewTicker(time.Hour)
	defer sweep.Stop()
	close(e.ready)
	defer e.wg.Wait()
	for {
		e.turn(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-w.C:
			serverdb.Gather(ctx, w, gap)
		case <-tick.C:
		case <-sweep.C:
			if err := e.DB.SweepWaits(ctx); err != nil {
				e.Log.ErrorContext(ctx, "forget waits", "error", err)
			}
		}
	}
}

// turn gives every wait what it is due. It looks at levels only: whatever a
// former life had begun goes on from what is on disk.
func (e *Engine) turn(ctx context.Context) {
	open := map[string]bool{} // machines, and whether all their gates are
	for _, w := range e.DB.Waits() {
		passed := w.State() == machine.WaitOpen || e.gone(w)
		if all, seen := open[w.Machine]; w.From == machine.Registered {
			open[w.Machine] = passed && (all || !seen)
		}
		if !passed {
			e.tend(ctx, w)
		}
	}
	for id, all := range open {
		if !all {
			continue
		}
		if err := e.DB.Proceed(ctx, id); err != nil && ctx.Err() == nil {
			e.Log.ErrorContext(ctx, "let a machine go on", "machine", id, "error", err)
		}
	}
}

// gone tells whether the plan does not have the gate of a wait any more: it
// holds nobody then.
func (e *Engine) gone(w *machine.Wait) bool {
	_, err := e.gate(w)
	return err != nil
}

func (e *Engine) gate(w *machine.Wait) (*machine.Gate, error) {
	row, err := e.DB.PlanOf(machine.PlanRef{Kind: machine.KindGate, Name: w.Gate})
	if err != nil {
		return nil, err
	}
	g, ok := row.Item.(*machine.Gate)
	if !ok || g.From != w.From || g.To != w.To {
		return nil, machine.ErrNotFound
	}
	return g, nil
}

// tend asks, or notes that the deadline has passed. What a restore froze is
// left alone.
func (e *Engine) tend(ctx context.Context, w *machine.Wait) {
	if m, err := e.DB.Machine(w.Machine); err != nil || m.Flags.Frozen {
		return
	}
	now := e.Now()
	switch s := w.State(); {
	case s != machine.WaitAsking && s != machine.WaitAsked:
	case !now.Before(w.Deadline):
		e.late(ctx, w)
	case s == machine.WaitAsking && due(w, now):
		if _, busy := e.asking.LoadOrStore(w.ID, nil); busy {
			return
		}
		e.wg.Go(func() {
			defer e.asking.Delete(w.ID)
			select {
			case e.slots <- struct{}{}:
				defer func() { <-e.slots }()
				e.ask(ctx, w)
			case <-ctx.Done():
			}
		})
	}
}

// due tells whether enough time has passed since the last request: one second
// after the first, then twice as long each time. A time from the future, which a
// clock leaves behind that was set back, holds nothing up.
func due(w *machine.Wait, now time.Time) bool {
	if w.Sent == 0 || w.SentAt.After(now) {
		return true
	}
	pause := min(time.Second<<min(w.Sent-1, 10), longest)
	return now.Sub(w.SentAt)+every/10 >= pause // turns come every second, requests take a moment
}

func (e *Engine) late(ctx context.Context, w *machine.Wait) {
	n := *w
	n.LateAt = e.Now()
	err := e.DB.NoteWait(ctx, w.ID, "Stays closed: "+n.Text(n.LateAt), func(kept *machine.Wait) { kept.LateAt = n.LateAt })
	if err != nil {
		e.Log.ErrorContext(ctx, "note that an answer is late", "gate", w.Gate, "wait", w.ID, "error", err)
		return
	}
	e.counted.answers.WithLabelValues(w.Gate, "late").Inc()
}
