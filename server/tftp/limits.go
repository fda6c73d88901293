package tftp

import (
	"net/netip"
	"sync"
)

// limits bounds the transfers that run at the same time, in all and for one
// client.
type limits struct {
	total, perSource int

	mu      sync.Mutex
	running int
	sources map[netip.Addr]int
}

func newLimits(total, perSource int) *limits {
	return &limits{total: total, perSource: perSource, sources: map[netip.Addr]int{}}
}

// enter lets one more transfer run, and leave must follow; errFull and errBusy
// say why not.
func (l *limits) enter(source netip.Addr) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.sources[source] >= l.perSource:
		return errBusy
	case l.running >= l.total:
		return errFull
	}
	l.running++
	l.sources[source]++
	return nil
}

func (l *limits) leave(source netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running--
	if l.sources[source]--; l.sources[source] == 0 {
		delete(l.sources, source)
	}
}

func (l *limits) active() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.running
}
