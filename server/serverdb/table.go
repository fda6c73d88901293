package serverdb

import (
	"hash/maphash"

	"firstlight/server/machine"
)

// table leads from keys to machines. It keeps no keys, only hashes of them, and
// looks at the machine itself whether it has the key: at 100,000 machines that
// takes 13 bytes a key, where a map of Go takes 30 to 50.
//
// Two machines may have one key between two steps of a change; get gives one of
// them.
type table[K comparable] struct {
	seed maphash.Seed
	all  *[]*entry
	has  func(*machine.Machine, K) bool
	// slots are probed from the one that the hash names, up to a free one. There
	// are a power of two, a quarter of them free at least.
	slots []slot
	used  int
}

// slot is one key of one entry.
type slot struct {
	hash  uint32
	entry uint32 // its number, from 1; 0: the slot is free
}

func newTable[K comparable](all *[]*entry, has func(*machine.Machine, K) bool) table[K] {
	return table[K]{seed: maphash.MakeSeed(), all: all, has: has, slots: make([]slot, 8)}
}

func (t *table[K]) hash(k K) uint32 { return uint32(maphash.Comparable(t.seed, k)) }

// get finds the entry of a machine that has a key, nil where there is none.
func (t *table[K]) get(k K) *entry {
	h := t.hash(k)
	for at := h; ; at++ {
		s := t.slots[t.wrap(at)]
		if s.entry == 0 {
			return nil
		}
		if s.hash != h {
			continue
		}
		if e := (*t.all)[s.entry-1]; t.has(e.m, k) {
			return e
		}
	}
}

// put adds a key of an entry; one that is there already stays.
func (t *table[K]) put(k K, e *entry) {
	if 4*(t.used+1) > 3*len(t.slots) {
		t.grow()
	}
	t.set(slot{t.hash(k), e.number})
}

func (t *table[K]) set(s slot) {
	at := t.wrap(s.hash)
	for t.slots[at].entry != 0 {
		if t.slots[at] == s {
			return
		}
		at = t.wrap(at + 1)
	}
	t.slots[at] = s
	t.used++
}

func (t *table[K]) grow() {
	old := t.slots
	t.slots, t.used = make([]slot, 2*len(old)), 0
	for _, s := range old {
		if s.entry != 0 {
			t.set(s)
		}
	}
}

// remove takes a key from an entry. The slots behind it move up, so that none is
// behind a free one where its hash does not lead.
func (t *table[K]) remove(k K, e *entry) {
	gone := slot{t.hash(k), e.number}
	free := t.wrap(gone.hash)
	for t.slots[free] != gone {
		if t.slots[free].entry == 0 {
			return
		}
		free = t.wrap(free + 1)
	}
	t.used--
	for at := t.wrap(free + 1); t.slots[at].entry != 0; at = t.wrap(at + 1) {
		if t.wrap(at-t.slots[at].hash) >= t.wrap(at-free) {
			t.slots[free], free = t.slots[at], at
		}
	}
	t.slots[free] = slot{}
}

// wrap is a place among the slots.
func (t *table[K]) wrap(at uint32) uint32 { return at & uint32(len(t.slots)-1) }
