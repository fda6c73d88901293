package journal

import "sync"

// Hub hands events to those who watch. The zero Hub is ready.
type Hub struct {
	mu       sync.Mutex
	watchers map[*Watcher]struct{}
}

// Watcher receives what happens from the time of its making on.
type Watcher struct {
	hub *Hub
	// C carries signals; it is never closed.
	C chan Signal
	// missed is guarded by hub.mu.
	missed bool
}

// Signal is an event, a change of a machine's record, or both. Missed tells
// that signals before this one were dropped: read the truth again.
type Signal struct {
	Event   *Event
	Machine string // id of the machine whose record, job or timeline changed; empty for all
	Missed  bool
}

// Watch begins to watch with room for some signals that wait to be read.
func (h *Hub) Watch(room int) *Watcher {
	w := &Watcher{hub: h, C: make(chan Signal, room)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.watchers == nil {
		h.watchers = map[*Watcher]struct{}{}
	}
	h.watchers[w] = struct{}{}
	return w
}

// Close ends the watching.
func (w *Watcher) Close() {
	w.hub.mu.Lock()
	defer w.hub.mu.Unlock()
	delete(w.hub.watchers, w)
}

// Publish hands signals to every watcher that has room.
func (h *Hub) Publish(signals ...Signal) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.watchers {
		for _, s := range signals {
			s.Missed = w.missed
			select {
			case w.C <- s:
				w.missed = false
			default:
				w.missed = true
			}
		}
	}
}
