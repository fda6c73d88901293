// Package inspect keeps the list of issues true: it looks at every machine
// again and again, opens an issue where something asks for a person, and closes
// it when that is over.
//
// It promises that an issue shows within seconds of its cause and goes within
// seconds of its end, each with a row in the machine's timeline; that one which
// somebody has keeps that; and that a turn reads memory only, but for the facts
// of machines that changed and the rows that are new in the journal. What counts as an issue is said in package issue;
// the wiring hands in what others know.
package inspect

import (
	"context"
	"log/slog"
	"time"

	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// Config is what an Inspector works with.
type Config struct {
	DB  *serverdb.DB
	Log *slog.Logger
	Now func() time.Time
	// Heard gives the last word of a machine's agent; the zero time: none.
	Heard func(machineID string) time.Time
	// Unnamed gives why names of machines are not published, by hardware name.
	Unnamed func() map[string]string
	// Usual gives how long a stage usually takes machines of a kind besides one;
	// nil or 0: not known.
	Usual func(kind, besides, stage string) time.Duration
	// Others gives the DHCP servers that were heard beside ours.
	Others func() []machine.DHCPServer
}

// Inspector is the task that keeps the list.
type Inspector struct {
	Config
	began time.Time
	ready chan struct{}

	// Only Run's goroutine has these.
	facts map[string]looked // by machine id
	types map[string]*machine.HardwareType

	recent recent
	found  found
}

const (
	// every is how often all machines are looked at, and the most that an issue
	// of time alone is late.
	every = 5 * time.Second
	// gap lets signals come together: a storm of boots is one turn.
	gap = 500 * time.Millisecond
	// share is the part of the time that turns may take: one of so much.
	share = 20
	// atOnce bounds the facts that one turn reads, and the issues of one write.
	atOnce = 500
)

// New makes an Inspector; Run runs it.
func New(c Config) *Inspector {
	return &Inspector{Config: c, began: c.Now(), ready: make(chan struct{}), facts: map[string]looked{}}
}

func (i *Inspector) String() string { return "issues" }

// Ready is closed once it runs. The list is that of the last run until the first
// turn is over: machines boot meanwhile.
func (i *Inspector) Ready() <-chan struct{} { return i.ready }

// Run looks until ctx ends.
func (i *Inspector) Run(ctx context.Context) error {
	w := i.DB.Watch(256)
	defer w.Close()
	tick := time.NewTicker(every)
	defer tick.Stop()
	close(i.ready)
	took := i.turn(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-w.C:
			if !serverdb.Gather(ctx, w, min(max(gap, share*took), every)) {
				return nil
			}
		}
		took = i.turn(ctx)
	}
}

func (i *Inspector) turn(ctx context.Context) (took time.Duration) {
	began := time.Now()
	if err := i.Turn(ctx); err != nil && ctx.Err() == nil {
		i.Log.ErrorContext(ctx, "look for issues", "error", err)
	}
	return time.Since(began)
}

// Turn looks at every machine once.
func (i *Inspector) Turn(ctx context.Context) error {
	all := i.DB.Machines()
	if err := i.look(ctx, all); err != nil {
		return err
	}
	if err := i.follow(ctx); err != nil {
		return err
	}
	return i.reconcile(ctx, i.find(all))
}
