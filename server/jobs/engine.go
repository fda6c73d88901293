// Package jobs is Neep: durable jobs on machines, one step after another.
//
// The job row in ServerDb is the truth. One loop polls the steps that have
// something to wait for; there is no queue engine beside it: a second
// database writer would only add a state that could disagree with the row, and
// retries here are "look again", which a queue does not know. Each step goes
// check → note the intent → act → check again: after a crash the check finds
// what the act of the former life did, so that nothing is done twice. A step is
// done when the machine shows it, not when a BMC says so.
//
// It imports the words, the decisions and serverdb. The wiring hands it the
// BMCs and the DNS through the interfaces below.
package jobs

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"firstlight/server/certificate"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/serverdb"
	"firstlight/server/trust"
)

// Config is what the engine works with.
type Config struct {
	DB  *serverdb.DB
	Log *slog.Logger
	Now func() time.Time
	// BMC logs in to a machine's BMC; oob.ErrNoLogin tells that nothing is known of one.
	BMC func(ctx context.Context, m *machine.Machine) (oob.Controller, error)
	// Logins makes and proves the log-ins to BMCs that agents are to set.
	Logins Logins
	// Visible asks our own DNS for a name and says how it was proven.
	Visible func(ctx context.Context, host string, want netip.Addr) (how string, err error)
	// Base is the machines' door as machines reach it from a subnet.
	Base func(subnet *machine.Subnet) string
	// Keys are the SSH public keys that may log in to what is installed.
	Keys []string
	// Certify signs what an erased disk is certified with, and gives its JSON.
	Certify func(certificate.Statement) (string, error)
	// Limits bound the steps.
	Limits Limits
	// Policy is the rung that each secret needs; nil: the default.
	Policy trust.Policy
}

// Engine runs the jobs.
type Engine struct {
	Config
	agents agents
	looks  looks
	once   *prometheus.CounterVec
	erases eraseMetrics
	checks checkMetrics
	let    *prometheus.CounterVec // secrets that were released
	began  time.Time

	running sync.Map // ids of jobs that a goroutine is at
	wg      sync.WaitGroup
	visits  chan struct{} // holds one for each visit to a BMC
	ready   chan struct{}
}

// New makes an engine; Run runs it.
func New(c Config) *Engine {
	c.Limits = c.Limits.orDefaults()
	return &Engine{
		Config: c, ready: make(chan struct{}), visits: make(chan struct{}, atOnce),
		agents: newAgents(), looks: newLooks(), once: newOnce(), erases: newEraseMetrics(), checks: newCheckMetrics(), let: newReleased(), began: c.Now(),
	}
}

func (e *Engine) String() string { return "jobs" }

// Ready is closed once the engine runs.
func (e *Engine) Ready() <-chan struct{} { return e.ready }

const (
	// pollEvery is how often steps that wait are looked at without a signal.
	pollEvery = time.Second
	// turnGap lets signals come together: a storm of machines that boot must not
	// make us look at all of them for each of them.
	turnGap = 20 * time.Millisecond
	// atOnce bounds the jobs that talk to BMCs at the same time.
	atOnce = 64
)

// Run works until ctx ends.
func (e *Engine) Run(ctx context.Context) error {
	w := e.DB.Watch(256)
	defer w.Close()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	expire := time.NewTicker(30 * time.Second)
	defer expire.Stop()
	e.resume(ctx)
	close(e.ready)
	defer e.wg.Wait()
	for {
		e.turn(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-w.C:
			serverdb.Gather(ctx, w, turnGap)
		case <-tick.C:
		case <-expire.C:
			if err := e.DB.Expire(ctx); err != nil {
				e.Log.ErrorContext(ctx, "end overdue statuses", "error", err)
			}
		}
	}
}

// turn gives every open job one go, each in a goroutine of its own: a BMC that
// hangs must not hold up the others.
func (e *Engine) turn(ctx context.Context) {
	e.adopt(ctx)
	for _, j := range e.DB.Jobs(func(j *machine.Job) bool { return j.Status.Open() }) {
		if _, busy := e.running.LoadOrStore(j.ID, nil); busy {
			continue
		}
		e.wg.Go(func() {
			defer e.running.Delete(j.ID)
			if err := e.advance(ctx, j.ID); err != nil && ctx.Err() == nil {
				e.Log.ErrorContext(ctx, "advance job", "job", j.ID, "error", err)
			}
		})
	}
}
