package web

import (
	"context"
	"sync"
	"time"

	"firstlight/server/bootclock"
	"firstlight/server/machine"
)

// figures remembers how long machines took, read once from their timelines
// and histories. A page reads a few machines at most; those that are missing
// come with the pages after it.
type figures struct {
	data Data
	mu   sync.Mutex
	took map[string]took // by machine id
}

// took is how long one machine took on its way.
type took struct {
	since      time.Time // of the status that it was read in
	registered time.Duration
	inUse      time.Duration
}

// figure is a line of the box "Done".
type figure struct {
	Name  string
	Took  time.Duration
	Count int
}

// figureBudget bounds what one page may read, figureMachines what is kept.
const (
	figureBudget   = 25
	figureMachines = 5000
)

func newFigures(d Data) *figures { return &figures{data: d, took: map[string]took{}} }

// done gives the medians from the first sign of a machine on.
func (f *figures) done(ctx context.Context, all []*machine.Machine) []figure {
	known := f.read(ctx, all)
	var registered, inUse []time.Duration
	for _, t := range known {
		if t.registered > 0 {
			registered = append(registered, t.registered)
		}
		if t.inUse > 0 {
			inUse = append(inUse, t.inUse)
		}
	}
	var lines []figure
	for _, l := range []struct {
		name string
		all  []time.Duration
	}{{"First packet → registered", registered}, {"First packet → in use", inUse}} {
		if len(l.all) > 0 {
			lines = append(lines, figure{l.name, bootclock.Median(l.all), len(l.all)})
		}
	}
	return lines
}

// read gives what is known of machines at rest and reads a few more of them.
func (f *figures) read(ctx context.Context, all []*machine.Machine) []took {
	f.mu.Lock()
	defer f.mu.Unlock()
	var known []took
	budget := figureBudget
	for _, m := range all {
		if m.Status != machine.InUse && m.Status != machine.Available {
			continue
		}
		t, ok := f.took[m.ID]
		if (!ok || !t.since.Equal(m.Since)) && budget > 0 && len(f.took) < figureMachines {
			budget--
			var err error
			if t, err = f.measure(ctx, m); err != nil {
				continue // the figure is a nicety; the machine's own page tells of errors
			}
			f.took[m.ID] = t
			ok = true
		}
		if ok {
			known = append(known, t)
		}
	}
	return known
}

func (f *figures) measure(ctx context.Context, m *machine.Machine) (took, error) {
	t := took{since: m.Since}
	events, err := f.data.Timeline(ctx, m.ID, 0, clockEvents)
	if err != nil {
		return t, err
	}
	if len(events) == 0 || len(events) == clockEvents { // its first sign is out of sight
		return t, nil
	}
	first := events[len(events)-1].At
	history, err := f.data.History(ctx, m.ID)
	if err != nil {
		return t, err
	}
	for _, h := range history {
		if h.To == machine.Registered && t.registered == 0 {
			t.registered = h.At.Sub(first)
		}
		if h.To == machine.InUse && t.inUse == 0 {
			t.inUse = h.At.Sub(first)
		}
	}
	return t, nil
}
