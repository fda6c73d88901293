package serverdb

import (
	"testing"

	"firstlight/server/journal"
)

// rowsFrom are so many rows from an id on.
func rowsFrom(id int64, count int) (all []journal.Event) {
	for n := range count {
		all = append(all, journal.Event{ID: id + int64(n)})
	}
	return all
}

func TestTheTailHasNoGap(t *testing.T) {
	var rows tail
	for _, step := range []struct {
		add         []journal.Event
		after       int64
		first, last int64 // 0: it has none
	}{
		{rowsFrom(5, 3), 4, 5, 7},
		{nil, 3, 0, 0}, // 4 may be on the disk
		{nil, 7, 0, 0},
		{nil, 9, 0, 0},
		{rowsFrom(8, 2), 6, 7, 9},
		{rowsFrom(12, 2), 9, 0, 0}, // 10 and 11 are another process's
		{nil, 11, 12, 13},
		{rowsFrom(14, 3*tailSize), 11, 0, 0},
		{nil, 13 + 2*tailSize, 14 + 2*tailSize, 13 + 2*tailSize + 10},
	} {
		rows.add(step.add)
		got := rows.after(step.after, 10)
		switch {
		case step.first == 0 && len(got) > 0:
			t.Errorf("after %d it has %d to %d, want none", step.after, got[0].ID, got[len(got)-1].ID)
		case step.first == 0:
		case len(got) == 0 || got[0].ID != step.first || got[len(got)-1].ID != step.last:
			t.Errorf("after %d it has %d rows, want %d to %d", step.after, len(got), step.first, step.last)
		}
	}
	if len(rows.rows) > 2*tailSize {
		t.Errorf("it keeps %d rows, want %d at most", len(rows.rows), 2*tailSize)
	}
}
