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

// enter tells whether one more transfer may run; leave must follow if so.
func (l *limits) enter(source netip.Addr) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running >= l.total || l.sources[source] >= l.perSource {
		return false
	}
	l.running++
	l.sources[source]++
	return true
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
