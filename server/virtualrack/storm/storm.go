package storm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"firstlight/server/virtualrack"
)

// Spec is a storm as it is ordered.
type Spec struct {
	Machines int           // that power on
	Within   time.Duration // in which they do, evenly at random; 0: all at once
	Known    int           // how many of them ServerDb is told of before
	Flood    int           // DISCOVERs a second of strangers of whom each asks once, all from one rack
	Repeat   int           // how often the same storm comes; 1 when 0
	Each     io.Writer     // gets a line of CSV for each machine of each storm; nil: nobody wants them
}

// Validate names the first field that is wrong, its value and the remedy.
func (s *Spec) Validate() error {
	switch {
	case s.Machines < 1 || s.Machines > maxMachines:
		return fmt.Errorf("machines %d: want 1 to %d", s.Machines, maxMachines)
	case s.Known < 0 || s.Known > s.Machines:
		return fmt.Errorf("known %d: want 0 to %d, as many as there are machines", s.Known, s.Machines)
	case s.Flood < 0 || s.Flood > maxFlood:
		return fmt.Errorf("flood %d: want 0 to %d DISCOVERs a second", s.Flood, maxFlood)
	case s.Within < 0 || s.Within > time.Hour:
		return fmt.Errorf("within %s: want 0s to 1h", s.Within)
	case s.Repeat < 0 || s.Repeat > maxRepeat:
		return fmt.Errorf("repeat %d: want 1 to %d", s.Repeat, maxRepeat)
	}
	return nil
}

const (
	maxMachines = 50000
	maxRepeat   = 100
	maxFlood    = 100000
)

// Racks is how many networks behind relays the rack must have (Spec.Relayed).
// The last one is the gauge's, whose machine boots while nobody else does.
func (s *Spec) Racks() int { return racksOf(s.Machines) + 1 }

func racksOf(machines int) int { return (machines + perRack - 1) / perRack }

// Run has the storm on the appliance of a rack, and tells what it did. Machines
// that were not served are in the result; an error is of the storm itself.
func Run(ctx context.Context, rack *virtualrack.Rack, s Spec) (_ *Result, err error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	if err := introduce(ctx, rack, s.Known); err != nil {
		return nil, err
	}
	return run(ctx, rackTarget(rack), s)
}

func run(ctx context.Context, t target, s Spec) (_ *Result, err error) {
	gauge := racksOf(s.Machines) * perRack // the first of a rack of its own
	w, err := open(t, gauge+1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	g := &meter{wires: w, node: w.nodes[macOf(gauge)], process: t.process}
	result := &Result{Machines: s.Machines, Known: s.Known, Within: s.Within}
	if result.Idle, err = g.idle(ctx); err != nil {
		return nil, err
	}
	each := newEach(s.Each)
	for range max(s.Repeat, 1) {
		one, err := w.storm(ctx, s, g, result.Idle, each)
		if err != nil {
			return nil, err
		}
		result.Storms = append(result.Storms, one)
	}
	return result, nil
}

// storm is the storm once.
func (w *wires) storm(ctx context.Context, s Spec, g *meter, idle time.Duration, each *each) (*Storm, error) {
	if err := g.resetPeak(); err != nil {
		return nil, err
	}
	began := time.Now()
	stop := w.flood(ctx, s.Flood, g.node.relay)
	courses := w.powerOn(ctx, s)
	strangers := stop()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err := each.write(courses); err != nil {
		return nil, err
	}
	one := summary(courses)
	one.Took, one.Strangers = time.Since(began), strangers
	var err error
	if one.Recovery, one.Recovered, err = g.recovery(ctx, idle); err != nil {
		return nil, err
	}
	one.PeakRSS, err = g.peak()
	return one, err
}

// powerOn boots all machines and returns when each of them has got where it can.
func (w *wires) powerOn(ctx context.Context, s Spec) []course {
	at := make([]time.Duration, s.Machines)
	for i := range at {
		at[i] = time.Duration(rand.Int64N(int64(max(s.Within, 1))))
	}
	slices.Sort(at)
	courses, order := make([]course, s.Machines), rand.Perm(s.Machines)
	var booting sync.WaitGroup
	began := time.Now()
	for i, n := range order {
		if d := time.Until(began.Add(at[i])); d > 0 {
			_, _ = wait[struct{}](ctx, nil, time.Now().Add(d))
		}
		booting.Go(func() { courses[n] = w.boot(ctx, w.nodes[macOf(n)]) })
	}
	booting.Wait()
	return courses
}

// Describe says in a line what comes.
func (s *Spec) Describe() string {
	what := fmt.Sprintf("%d machines in %d racks behind relays, %d of them known, power on within %s", s.Machines, racksOf(s.Machines), s.Known, s.Within)
	if s.Flood > 0 {
		what += fmt.Sprintf(" beside %d strangers a second from one more rack", s.Flood)
	}
	return what
}
