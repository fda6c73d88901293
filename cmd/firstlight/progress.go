package main

import (
	"context"
	"time"

	"firstlight/cmd/firstlight/output"
)

// tell says on stderr how far long work is.
func (h *host) tell(format string, args ...any) {
	if h.progress == nil {
		h.progress = &output.Progress{W: h.err, T: h.screen(h.err), Now: h.now}
	}
	h.progress.Tell(format, args...)
}

// clear takes away what was told, before something else is printed.
func (h *host) clear() {
	if h.progress != nil {
		h.progress.Clear()
	}
}

// wait does one long thing, which prints nothing, and tells how long it takes.
func (h *host) wait(ctx context.Context, what string, do func(context.Context) error) error {
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	began := h.now()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	defer h.clear()
	for {
		select {
		case err := <-done:
			return err
		case <-tick.C:
			h.tell("%s, %s", what, output.AgeText(h.now(), began))
		}
	}
}
