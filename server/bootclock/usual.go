package bootclock

import (
	"slices"
	"sync"
	"time"
)

// Memory keeps the last clock of machines, to say what is usual for their kind.
// The zero Memory is ready. What it holds can be read again from the journal,
// so that it is kept nowhere else.
type Memory struct {
	mu    sync.Mutex
	known map[string]clock // by machine id
}

// clock is the last one of a machine.
type clock struct {
	kind   string
	since  time.Time // of the status that it was read in
	stages []Stage
}

// most is how many machines' clocks are kept: enough for a median of each kind.
const most = 5000

// Has tells whether the clock of a machine was kept in the status that it has
// since then.
func (m *Memory) Has(id string, since time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.known[id]
	return ok && c.since.Equal(since) || !ok && len(m.known) >= most
}

// Keep takes the last clock of a machine of some kind, such as its model.
func (m *Memory) Keep(id, kind string, since time.Time, stages []Stage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known = map[string]clock{}
	}
	m.known[id] = clock{kind, since, stages}
}

// Usual gives the median of each stage over the other machines of a kind, and
// of how many machines.
func (m *Memory) Usual(kind, besides string) (map[string]time.Duration, int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	by, n := map[string][]time.Duration{}, 0
	for id, c := range m.known {
		if c.kind != kind || id == besides || len(c.stages) == 0 {
			continue
		}
		n++
		for _, s := range c.stages {
			by[s.Name] = append(by[s.Name], s.Took)
		}
	}
	usual := map[string]time.Duration{}
	for name, all := range by {
		usual[name] = Median(all)
	}
	return usual, n
}

// Of is the usual time of one stage; 0: not known.
func (m *Memory) Of(kind, besides, stage string) time.Duration {
	usual, _ := m.Usual(kind, besides)
	return usual[stage]
}

// Median is the middle of some times, of which there is one at least. It sorts
// them.
func Median(all []time.Duration) time.Duration {
	slices.Sort(all)
	middle := len(all) / 2
	if len(all)%2 == 1 {
		return all[middle]
	}
	return (all[middle-1] + all[middle]) / 2
}
