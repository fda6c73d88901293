package dns

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/zone"
)

// Source is what the publisher needs of ServerDb.
type Source interface {
	// Machines gives all of them, sorted by name.
	Machines() []*machine.Machine
	Subnets() []*machine.Subnet
	// Watch signals every change after it was made.
	Watch(room int) *journal.Watcher
}

// Times of the publisher.
const (
	// rest from the beginning of a publication to that of the next: a burst of
	// changes costs one.
	rest = 20 * time.Millisecond
	// reconcile is how often ServerDb is compared without a signal: events
	// are for speed, comparing is for truth.
	reconcile = time.Minute
	// watchRoom is small: one signal that waits says as much as a thousand.
	watchRoom = 16
)

// PublisherConfig is what a Publisher works with.
type PublisherConfig struct {
	Source  Source
	Publish func(*Snapshot) // Server.Publish
	Options zone.Options
	Now     func() time.Time
	Log     *slog.Logger
}

// Publisher makes zones of ServerDb and publishes them when they change.
type Publisher struct {
	config  PublisherConfig
	metrics *publisherMetrics
	ready   chan struct{}
	state   atomic.Pointer[published]

	// Of Run alone: what the last build was made of, and every serial that was
	// ever given, so that a zone which comes back goes on from there.
	machines []*machine.Machine
	subnets  []*machine.Subnet
	serials  map[string]uint32
}

// published is the outcome of a publication.
type published struct {
	snapshot *Snapshot
	zones    []zone.Zone
	problems []zone.Problem
}

// NewPublisher makes a publisher that does nothing yet.
func NewPublisher(c PublisherConfig) *Publisher {
	p := &Publisher{config: c, metrics: newPublisherMetrics(), ready: make(chan struct{}), serials: map[string]uint32{}}
	p.state.Store(&published{})
	return p
}

// Ready is closed after the first publication.
func (p *Publisher) Ready() <-chan struct{} { return p.ready }

func (p *Publisher) String() string { return "dns publisher" }

// Zones are what was published last.
func (p *Publisher) Zones() []zone.Zone { return p.state.Load().zones }

// Problems are what the last build had to leave out.
func (p *Publisher) Problems() []zone.Problem { return p.state.Load().problems }

// Run publishes at once and after every change, until ctx ends.
func (p *Publisher) Run(ctx context.Context) error {
	w := p.config.Source.Watch(watchRoom)
	defer w.Close()
	p.publish(ctx)
	close(p.ready)
	tick := time.NewTicker(reconcile)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-w.C:
		case <-tick.C:
		}
		drain(w.C)
		began := p.config.Now()
		p.publish(ctx)
		// Never busy for more than half of the time, however large the fleet.
		took := p.config.Now().Sub(began)
		if !pause(ctx, max(rest-took, took)) {
			return nil
		}
	}
}

// drain takes the signals that wait: what they tell of is read right after.
func drain(c <-chan journal.Signal) {
	for {
		select {
		case <-c:
		default:
			return
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// publish builds and publishes when what zones are made of has changed.
func (p *Publisher) publish(ctx context.Context) {
	began := p.config.Now()
	machines, subnets := withHostname(p.config.Source.Machines()), p.config.Source.Subnets()
	last := p.state.Load()
	if last.snapshot != nil && slices.EqualFunc(machines, p.machines, zone.SameInput) && slices.EqualFunc(subnets, p.subnets, zone.SameSubnet) {
		return
	}
	p.machines, p.subnets = machines, subnets
	zones, problems := zone.Build(subnets, machines, p.config.Options)
	changed := p.number(zones, last.zones, began)
	next := &published{zones: zones, problems: problems, snapshot: NewSnapshot(zones, last.snapshot)}
	p.config.Publish(next.snapshot)
	p.state.Store(next)
	took := p.config.Now().Sub(began)
	p.metrics.published(changed, took)
	p.config.Log.DebugContext(ctx, "zones published", "changed", changed, "took", took)
	p.report(ctx, last.problems, problems)
}

// withHostname leaves out machines that cannot have a name.
func withHostname(all []*machine.Machine) []*machine.Machine {
	named := make([]*machine.Machine, 0, len(all))
	for _, m := range all {
		if m.Hostname != "" {
			named = append(named, m)
		}
	}
	return named
}

// number gives each zone its serial: the one it had when nothing in it has
// changed, else the next.
func (p *Publisher) number(zones, last []zone.Zone, now time.Time) (changed int) {
	before := make(map[string]zone.Zone, len(last))
	for _, z := range last {
		before[z.Name] = z
	}
	for i := range zones {
		z := &zones[i]
		if old, ok := before[z.Name]; ok && zone.SameContent(old, *z) {
			z.Serial = old.Serial
			continue
		}
		z.Serial = zone.NextSerial(p.serials[z.Name], now)
		p.serials[z.Name] = z.Serial
		changed++
	}
	return changed
}

// report logs the problems that are new; the page shows them all.
func (p *Publisher) report(ctx context.Context, before, now []zone.Problem) {
	const most = 20 // lines at once: a site-wide mistake is one mistake
	known := make(map[zone.Problem]bool, len(before))
	for _, b := range before {
		known[b] = true
	}
	logged := 0
	for _, n := range now {
		if known[n] {
			continue
		}
		if logged++; logged > most {
			p.config.Log.WarnContext(ctx, "more names left out of the DNS", "problems", len(now))
			return
		}
		p.config.Log.WarnContext(ctx, "name left out of the DNS", "kind", n.Kind, "problem", n.Sentence)
	}
}
