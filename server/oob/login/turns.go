package login

import (
	"context"
	"sync"
)

// turns lets one at a time ask the BMC of a machine. It remembers the machines
// only that somebody asks at the moment.
type turns struct {
	mu sync.Mutex
	by map[string]*turn // by machine id
}

type turn struct {
	gate  chan struct{} // with room for the one whose turn it is
	wants int           // who has it or waits for it
}

// enter waits until nobody else asks.
func (t *turns) enter(ctx context.Context, id string) (leave func(), err error) {
	own := t.want(id)
	select {
	case own.gate <- struct{}{}:
		return func() { <-own.gate; t.done(id) }, nil
	case <-ctx.Done():
		t.done(id)
		return nil, ctx.Err()
	}
}

func (t *turns) want(id string) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by == nil {
		t.by = map[string]*turn{}
	}
	if t.by[id] == nil {
		t.by[id] = &turn{gate: make(chan struct{}, 1)}
	}
	t.by[id].wants++
	return t.by[id]
}

func (t *turns) done(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by[id].wants--; t.by[id].wants == 0 {
		delete(t.by, id)
	}
}
