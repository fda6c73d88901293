package login

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/oob"
)

// Prover logs in to the BMCs of accepted machines that nobody has logged in to
// yet, or for hours, so that a wrong password or a dead BMC shows before
// somebody needs the power button.
// A machine that no rule accepted gets no log-in: its BMC's address is only
// what it said itself, and the site's password is not for strangers.
type Prover struct {
	Keeper *Keeper
	// Observe notes what was seen of a machine.
	Observe func(id string, change func(*machine.Observed))
	Log     *slog.Logger
	Now     func() time.Time

	ready chan struct{}
	tried map[string]try // by machine; only Run's goroutine reads and writes it
}

// try is when a BMC was asked last, and for which version of its machine.
type try struct {
	version int64
	at      time.Time
}

const (
	proveEvery = 5 * time.Second
	proveAgain = 10 * time.Minute // one that did not answer
	lookEvery  = 6 * time.Hour    // at one that answered: what it says grows old
	proveLimit = 30 * time.Second // of one log-in, with the question for the power
	proveWide  = 4                // log-ins at the same time
)

// NewProver makes a Prover that has tried nothing.
func NewProver(p Prover) *Prover {
	p.ready, p.tried = make(chan struct{}), map[string]try{}
	return &p
}

func (p *Prover) String() string { return "BMC log-ins" }

// Ready is closed once it runs.
func (p *Prover) Ready() <-chan struct{} { return p.ready }

// Run proves log-ins until ctx ends.
func (p *Prover) Run(ctx context.Context) error {
	close(p.ready)
	tick := time.NewTicker(proveEvery)
	defer tick.Stop()
	for {
		p.Round(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// Round tries every BMC whose turn it is, and returns when all have answered or
// had their time.
func (p *Prover) Round(ctx context.Context) {
	var g errgroup.Group
	g.SetLimit(proveWide)
	for _, m := range p.Keeper.Store.Machines() {
		if ctx.Err() != nil || !p.due(m) {
			continue
		}
		p.tried[m.ID] = try{m.Version, p.Now()}
		g.Go(func() error {
			p.prove(ctx, m)
			return nil
		})
	}
	_ = g.Wait() // no one fails: what went wrong stands in the timeline
}

// due tells whether a log-in is unproven and was not tried just now, or proven
// so long ago that nobody knows whether the BMC still answers. A change of the
// record, such as a new password, is a reason to try again.
func (p *Prover) due(m *machine.Machine) bool {
	switch m.Status {
	case machine.Expected, machine.Registered, machine.Held, machine.Retired:
		return false
	default: // its BMC is ours to use
	}
	if m.BMC.Address == "" || m.BMC.Failed != "" {
		return false
	}
	last := p.tried[m.ID]
	switch since := p.Now().Sub(last.at); {
	case !m.BMC.Proven:
		return last.version != m.Version || since >= proveAgain
	case m.Observed.BMCError != "":
		return since >= proveAgain
	case p.Now().Sub(m.Observed.BMCAt) < lookEvery:
		delete(p.tried, m.ID) // the record says it
		return false
	default:
		return since >= lookEvery
	}
}

func (p *Prover) prove(ctx context.Context, m *machine.Machine) {
	ctx, cancel := context.WithTimeout(ctx, proveLimit)
	defer cancel()
	power, err := p.look(ctx, m)
	switch {
	case err == nil:
		p.Observe(m.ID, func(o *machine.Observed) { o.Power, o.PowerAt = string(power), p.Now() })
	case errors.Is(err, oob.ErrUnreachable):
		p.Keeper.Store.Note(journal.Event{Machine: m.ID, Source: journal.BMC, Text: fmt.Sprintf("BMC %s does not answer", m.BMC.Address)})
	default:
		p.Log.DebugContext(ctx, "BMC log-in is not proven", "machine", m.Name, "error", err)
	}
}

// look logs in, asks for the power, and leaves.
func (p *Prover) look(ctx context.Context, m *machine.Machine) (power oob.Power, err error) {
	c, err := p.Keeper.Open(ctx, m)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, c.Close(context.WithoutCancel(ctx))) }()
	return c.Power(ctx)
}
