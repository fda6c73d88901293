package auth

import (
	"net/netip"
	"sync"
	"time"
)

// Bounds of failed log-ins. They are counted in memory: a restart forgives.
const (
	throttleWindow  = 15 * time.Minute
	accountFailures = 5
	addressFailures = 30 // several people may sit behind one address
	throttleRoom    = 20_000
)

// throttle counts recent failures by account and by address. Accounts that do
// not exist are counted too, else the counting would tell which do.
type throttle struct {
	mu     sync.Mutex
	failed map[string][]time.Time
}

func accountKey(name string) string { return "account " + name }

// addressKey takes an IPv6 host's /64, which is one subscriber's.
func addressKey(a netip.Addr) string {
	if a = a.Unmap(); a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return "address " + p.String()
		}
	}
	return "address " + a.String()
}

// wait tells how long the key must wait before it may try again.
func (t *throttle) wait(key string, limit int, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	recent := t.recent(key, now)
	if len(recent) < limit {
		return 0
	}
	return recent[len(recent)-limit].Add(throttleWindow).Sub(now)
}

// fail counts a failure.
func (t *throttle) fail(key string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed == nil {
		t.failed = map[string][]time.Time{}
	}
	if len(t.failed) >= throttleRoom {
		t.sweep(now)
	}
	t.failed[key] = append(t.recent(key, now), now)
}

// forget ends the counting of a key.
func (t *throttle) forget(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.failed, key)
}

func (t *throttle) recent(key string, now time.Time) []time.Time {
	all := t.failed[key]
	for len(all) > 0 && now.Sub(all[0]) >= throttleWindow {
		all = all[1:]
	}
	return all
}

// sweep makes room: first what is over, then, against a flood of invented
// names, half of the rest.
func (t *throttle) sweep(now time.Time) {
	for key := range t.failed {
		if len(t.recent(key, now)) == 0 {
			delete(t.failed, key)
		}
	}
	for key := range t.failed {
		if len(t.failed) < throttleRoom/2 {
			return
		}
		delete(t.failed, key)
	}
}
