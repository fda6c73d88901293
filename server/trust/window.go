package trust

import "slices"

// windowSize is how many numbers of calls are kept in mind. An agent has one
// call under way, and seldom two or three.
const windowSize = 16

// Window tells calls that were made before by their numbers, which only grow but
// may come out of order (RFC 4303 §3.4.3). The zero value has seen none.
type Window struct {
	seen []uint64 // sorted
}

// Take tells whether a number is new, and keeps it in mind. One that is lower
// than all that are kept may have been there: it is not new.
func (w *Window) Take(n uint64) bool {
	i, found := slices.BinarySearch(w.seen, n)
	if found || i == 0 && len(w.seen) == windowSize {
		return false
	}
	if len(w.seen) == windowSize {
		copy(w.seen, w.seen[1:i])
		w.seen[i-1] = n
		return true
	}
	w.seen = slices.Insert(w.seen, i, n)
	return true
}
