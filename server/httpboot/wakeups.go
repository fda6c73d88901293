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

// consoleLines is how many of a machine's last console lines are kept.
const consoleLines = 200 // of 128 bytes at most, which is more than a console is wide

// consoles keeps the last console lines that agents sent.
type consoles struct {
	mu    sync.Mutex
	lines map[string][]string
}

func newConsoles() *consoles { return &consoles{lines: map[string][]string{}} }

func (c *consoles) add(id string, lines []string) {
	if len(lines) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.lines[id]
	for _, l := range lines {
		all = append(all, short(l))
	}
	if over := len(all) - consoleLines; over > 0 {
		all = append([]string(nil), all[over:]...)
	}
	c.lines[id] = all
}

// Console gives the last console lines of a machine, oldest first.
func (s *Server) Console(machineID string) []string {
	s.console.mu.Lock()
	defer s.console.mu.Unlock()
	return append([]string(nil), s.console.lines[machineID]...)
}
