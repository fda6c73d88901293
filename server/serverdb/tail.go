package serverdb

import (
	"slices"
	"sync"

	"firstlight/server/journal"
)

// tailSize is how many rows the tail keeps, and at most twice as many: those of
// the seconds in which whoever follows the journal does something else, in a storm.
const tailSize = 8192

// tail is the newest part of the journal, so that whoever follows it row by row
// reads again from the disk only what he missed. Its rows are those that this
// process wrote one after another; a gap, where another process wrote, begins it
// anew.
type tail struct {
	mu   sync.Mutex
	rows []journal.Event
}

// add takes rows that are on disk.
func (t *tail) add(rows []journal.Event) {
	if len(rows) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.rows); n > 0 && t.rows[n-1].ID+1 != rows[0].ID {
		t.rows = nil
	}
	t.rows = append(t.rows, rows...)
	if len(t.rows) > 2*tailSize {
		t.rows = slices.Clone(t.rows[len(t.rows)-tailSize:])
	}
}

// after gives rows that follow an id, oldest first, which nobody may change; none
// where the tail does not reach back to it, or has nothing new.
func (t *tail) after(id int64, limit int) []journal.Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.rows) == 0 || t.rows[0].ID > id+1 {
		return nil
	}
	from := min(int(id+1-t.rows[0].ID), len(t.rows))
	return t.rows[from:min(from+limit, len(t.rows))]
}
