// Package patience waits: for a while, or between attempts at something that does
// not answer.
//
// It promises that every wait ends when its context does, and that machines which
// lost the same appliance at the same moment do not come back at the same moment.
// How often to try, and what is a final answer, its callers know: most packages of
// the agent. It imports nothing of ours.
package patience

import (
	"cmp"
	"context"
	"math/rand/v2"
	"time"
)

// Wait waits for d, or until ctx ends, which is the error.
func Wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Bounds of pauses that name none: an appliance that was restarted is missed for
// seconds.
const (
	Short = 200 * time.Millisecond
	Long  = 5 * time.Second
)

// Pauses are those between attempts: each is twice the last one, from First to
// Longest.
type Pauses struct {
	First, Longest time.Duration // 0: Short and Long
	last           time.Duration
}

// Rest waits for the next pause, which is drawn from its upper half.
func (p *Pauses) Rest(ctx context.Context) error {
	p.last = min(max(2*p.last, cmp.Or(p.First, Short)), cmp.Or(p.Longest, Long))
	return Wait(ctx, p.last/2+rand.N(p.last/2))
}
