package jobs

import (
	"sync"
	"time"
)

// pollGrace is how long after its last word an agent still counts as there: a
// long poll lasts 55 s.
const pollGrace = 75 * time.Second

// agents knows which agents are at the other end of a long poll. It need not
// survive a restart: agents ask again within seconds.
type agents struct {
	mu   *sync.Mutex
	seen map[string]presence // by machine id
}

type presence struct {
	boot string // boot id of the agent's kernel
	at   time.Time
	gone bool   // it asked for a boot
	step string // of its order
}

func newAgents() agents { return agents{&sync.Mutex{}, map[string]presence{}} }

// heard notes a word of an agent.
func (a agents) heard(machine, boot string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.seen[machine]
	if p.boot != boot {
		p.step = ""
	}
	p.boot, p.at, p.gone = boot, now, false
	a.seen[machine] = p
}

// left notes that the agent of a machine is not there any more.
func (a agents) left(machine string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.seen[machine]
	p.gone = true
	a.seen[machine] = p
}

// polling tells whether a machine's agent is there.
func (a agents) polling(machine string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	p, ok := a.seen[machine]
	return ok && !p.gone && now.Sub(p.at) < pollGrace
}

// since tells how long an agent has been silent, counted from a time on at the
// earliest.
func (a agents) since(machine string, from, now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p, ok := a.seen[machine]; ok && p.at.After(from) {
		from = p.at
	}
	return now.Sub(from)
}

// newStep tells whether an agent is at a step that it was not at before.
func (a agents) newStep(machine, step string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.seen[machine]
	if p.step == step {
		return false
	}
	p.step = step
	a.seen[machine] = p
	return true
}
