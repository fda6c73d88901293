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
	gone bool            // it asked for a boot
	said map[string]bool // what it said that is kept once
}

func newAgents() agents { return agents{&sync.Mutex{}, map[string]presence{}} }

// heard notes a word of an agent.
func (a agents) heard(machine, boot string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.seen[machine]
	if p.boot != boot {
		p.said = nil
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
	there, _ := a.presence(machine, now)
	return there
}

// presence tells whether a machine's agent is there, and whether anything was
// heard of the machine in this life of ours, as of one moment: an agent that
// came between two looks would be neither there nor awaited.
func (a agents) presence(machine string, now time.Time) (there, known bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p, known := a.seen[machine]
	return known && !p.gone && now.Sub(p.at) < pollGrace, known
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

// last is when anything was heard of a machine in this life of ours; the zero
// time: nothing.
func (a agents) last(machine string) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.seen[machine].at
}

// maxSaid bounds what one boot of a machine can make us keep: three attempts
// of an install have about twenty steps.
const maxSaid = 64

// first tells whether a machine says something for the first time in this boot.
func (a agents) first(machine, what string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.seen[machine]
	if p.said[what] || len(p.said) >= maxSaid {
		return false
	}
	if p.said == nil {
		p.said = map[string]bool{}
	}
	p.said[what] = true
	a.seen[machine] = p
	return true
}
