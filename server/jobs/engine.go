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
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/serverdb"
)

// Config is what the engine works with.
type Config struct {
	DB  *serverdb.DB
	Log *slog.Logger
	Now func() time.Time
	// BMC logs in to a machine's BMC; oob.ErrNoLogin tells that nothing is known of one.
	BMC func(ctx context.Context, m *machine.Machine) (oob.Controller, error)
	// Visible asks our own DNS for a name and says how it was proven.
	Visible func(ctx context.Context, host string, want netip.Addr) (how string, err error)
	// Base is the machines' door as machines reach it from a subnet.
	Base func(subnet *machine.Subnet) string
	// Keys are the SSH public keys that may log in to what is installed.
	Keys []string
	// Limits bound the steps.
	Limits Limits
}

// Limits are the times that steps may take. The zero value takes the defaults.
type Limits struct {
	Power    time.Duration // a BMC's power to follow
	Boot     time.Duration // a boot request after power-on
	Agent    time.Duration // the agent's first word after the boot request
	Silence  time.Duration // no progress while an image is written
	Write    time.Duration // the whole writing
	Home     time.Duration // the installed system's call home
	Settle   time.Duration // before an act whose effect does not show is repeated
	Attempts int           // of the writing
}

func (l Limits) orDefaults() Limits {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&l.Power, 3*time.Minute)
	set(&l.Boot, 10*time.Minute)
	set(&l.Agent, 10*time.Minute)
	set(&l.Silence, 10*time.Minute)
	set(&l.Write, time.Hour)
	set(&l.Home, 30*time.Minute)
	set(&l.Settle, 45*time.Second)
	if l.Attempts == 0 {
		l.Attempts = 3
	}
	return l
}

// Engine runs the jobs.
type Engine struct {
	Config
	agents agents

	mu      sync.Mutex
	running map[string]bool // job ids that a goroutine is at
	wg      sync.WaitGroup
	ready   chan struct{}
}

// New makes an engine; Run runs it.
func New(c Config) *Engine {
	c.Limits = c.Limits.orDefaults()
	return &Engine{Config: c, running: map[string]bool{}, ready: make(chan struct{}), agents: newAgents()}
}

func (e *Engine) String() string { return "jobs" }

// Ready is closed once the engine runs.
func (e *Engine) Ready() <-chan struct{} { return e.ready }

const (
	// pollEvery is how often steps that wait are looked at without a signal.
	pollEvery = time.Second
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
	close(e.ready)
	slots := make(chan struct{}, atOnce)
	defer e.wg.Wait()
	for {
		e.turn(ctx, slots)
		select {
		case <-ctx.Done():
			return nil
		case <-w.C:
			drain(w)
		case <-tick.C:
		case <-expire.C:
			if err := e.DB.Expire(ctx); err != nil {
				e.Log.ErrorContext(ctx, "end overdue statuses", "error", err)
			}
		}
	}
}

// drain takes the signals that came together, so that one turn serves them all.
func drain(w *journal.Watcher) {
	for {
		select {
		case <-w.C:
		default:
			return
		}
	}
}

// turn gives every open job one go, each in a goroutine of its own: one BMC
// that hangs must not hold up the others.
func (e *Engine) turn(ctx context.Context, slots chan struct{}) {
	e.adopt(ctx)
	for _, j := range e.DB.Jobs(func(j *machine.Job) bool { return j.Status.Open() }) {
		if !e.claim(j.ID) {
			continue
		}
		select {
		case slots <- struct{}{}:
		default:
			e.unclaim(j.ID)
			return
		}
		e.wg.Go(func() {
			defer func() { <-slots; e.unclaim(j.ID) }()
			if err := e.advance(ctx, j.ID); err != nil && ctx.Err() == nil {
				e.Log.ErrorContext(ctx, "advance job", "job", j.ID, "error", err)
			}
		})
	}
}

func (e *Engine) claim(id string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running[id] {
		return false
	}
	e.running[id] = true
	return true
}

func (e *Engine) unclaim(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.running, id)
}

// adopt makes the jobs of machines that a rule allocated with an image. It
// looks at the truth rather than at an event, so that a crash between the two
// loses nothing.
func (e *Engine) adopt(ctx context.Context) {
	for _, m := range e.DB.Machines(allocated) {
		if _, open := e.DB.OpenJob(m.ID); open || m.Image == "" || e.triedSince(m) {
			continue
		}
		rule := "rule " + m.Rule
		_, err := e.Install(ctx, Request{Machine: m, Image: m.Image, Target: "hardwarename=" + m.Name, Requester: rule, User: rule})
		if err != nil {
			e.Log.ErrorContext(ctx, "install by rule", "machine", m.Name, "error", err)
			e.refuse(ctx, m, err)
		}
	}
}

// refuse says on the machine's page why its install cannot start.
func (e *Engine) refuse(ctx context.Context, m *machine.Machine, cause error) {
	err := e.DB.Transition(ctx, serverdb.Change{
		Machine: m.ID, From: machine.Allocated, To: machine.Broken, Who: "jobs", Why: "install-not-started",
		Sentence: fmt.Sprintf("its install cannot start: %v", cause),
	})
	if err != nil {
		e.Log.ErrorContext(ctx, "mark machine", "machine", m.Name, "error", err)
	}
}

// triedSince tells whether a job was made for this allocation already.
func (e *Engine) triedSince(m *machine.Machine) bool {
	return len(e.DB.Jobs(func(j *machine.Job) bool { return j.Machine == m.ID && !j.CreatedAt.Before(m.Since) })) > 0
}

var allocated = must(machine.ParseSelector("status=allocated image !locked"))

func must(s machine.Selector, err error) machine.Selector {
	if err != nil {
		panic(err)
	}
	return s
}
