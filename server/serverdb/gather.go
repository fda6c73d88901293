package serverdb

import (
	"context"
	"time"

	"firstlight/server/journal"
)

// Gather takes the signals that come within d of the first, so that one look
// serves them all. It tells whether to go on: ctx may have ended.
func Gather(ctx context.Context, w *journal.Watcher, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-w.C:
		case <-t.C:
			return true
		}
	}
}
