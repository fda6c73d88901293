package operate

import (
	"context"
	"time"

	"firstlight/server/bootclock"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// Clock is how long the stages of a machine's last boot took, beside what is
// usual.
type Clock struct {
	Stages []bootclock.Stage
	Kind   string // of machine, whose median is the usual
	Peers  int    // other machines of that kind
}

const (
	// clockEvents is enough for the boots of an install and the hours around them.
	clockEvents = 400
	// clockBudget bounds the timelines that one question reads to learn what is
	// usual; those that are missing come with the questions after it.
	clockBudget = 25
)

// Clock gives that of a machine.
func (d *Desk) Clock(ctx context.Context, ref string) (Clock, error) {
	m, err := d.find(ref)
	if err != nil {
		return Clock{}, err
	}
	events, err := d.DB.Timeline(ctx, m.ID, 0, clockEvents)
	if err != nil {
		return Clock{}, err
	}
	return d.ClockOf(ctx, m, events), nil
}

// ClockOf is Clock for whoever has read the newest events of the machine.
func (d *Desk) ClockOf(ctx context.Context, m *machine.Machine, events []journal.Event) Clock {
	c := Clock{Kind: m.Product, Stages: bootclock.Of(events, d.Now(), moves(m))}
	if c.Kind == "" {
		return c
	}
	d.remember(ctx, m)
	var usual map[string]time.Duration
	usual, c.Peers = d.Clocks.Usual(c.Kind, m.ID)
	for i := range c.Stages {
		c.Stages[i].Usual = usual[c.Stages[i].Name]
	}
	return c
}

// moves tells whether the last stage of a machine's boot may go on.
func moves(m *machine.Machine) bool {
	_, transient := m.Status.Transient()
	return transient || m.Status == machine.Registered
}

// remember reads the clocks of some machines of the kind of m that are at rest.
func (d *Desk) remember(ctx context.Context, m *machine.Machine) {
	left := clockBudget
	for _, o := range d.DB.Machines() {
		atRest := o.Status == machine.InUse || o.Status == machine.Available
		if o.ID == m.ID || o.Product != m.Product || !atRest || d.Clocks.Has(o.ID, o.Since) {
			continue
		}
		if left--; left < 0 {
			return
		}
		events, err := d.DB.Timeline(ctx, o.ID, 0, clockEvents)
		if err != nil {
			return // what is usual is a nicety; the machine's own timeline tells of errors
		}
		d.Clocks.Keep(o.ID, o.Product, o.Since, bootclock.Of(events, time.Time{}, false))
	}
}
