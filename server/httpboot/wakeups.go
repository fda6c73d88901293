package httpboot

import (
	"context"
	"sync"

	"firstlight/server/journal"
)

// wakeups lets a thousand long polls share one watcher.
type wakeups struct {
	mu    sync.Mutex
	polls map[string]map[chan struct{}]struct{} // by machine id
}

func newWakeups() *wakeups {
	return &wakeups{polls: map[string]map[chan struct{}]struct{}{}}
}

// of gives a channel that receives when something changes for a machine.
func (w *wakeups) of(id string) (wake <-chan struct{}, done func()) {
	c := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.polls[id] == nil {
		w.polls[id] = map[chan struct{}]struct{}{}
	}
	w.polls[id][c] = struct{}{}
	return c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if delete(w.polls[id], c); len(w.polls[id]) == 0 {
			delete(w.polls, id)
		}
	}
}

func (w *wakeups) run(ctx context.Context, from *journal.Watcher) {
	defer from.Close()
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-from.C:
			w.wake(s)
		}
	}
}

func (w *wakeups) wake(s journal.Signal) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, polls := range w.polls {
		if !s.Missed && s.Machine != "" && s.Machine != id {
			continue
		}
		for c := range polls {
			select {
			case c <- struct{}{}:
			default:
			}
		}
	}
}
