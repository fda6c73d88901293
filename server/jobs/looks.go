package jobs

import (
	"sync"
	"time"
)

// looks paces the questions to BMCs. Steps are checked whenever anything
// happens to any machine; BMCs are slow, have few sessions, and some fall over
// when they are asked all the time.
type looks struct {
	mu   *sync.Mutex
	last map[string]look // by machine id
}

type look struct {
	step string // of which job, so that a new step looks at once
	at   time.Time
}

func newLooks() looks { return looks{&sync.Mutex{}, map[string]look{}} }

// due tells whether a step may look at a machine's BMC now, and notes that it
// does.
func (l looks) due(machine, step string, now time.Time, every time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	last, ok := l.last[machine]
	if since := now.Sub(last.at); ok && last.step == step && since >= 0 && since < every {
		return false
	}
	l.last[machine] = look{step, now}
	return true
}
