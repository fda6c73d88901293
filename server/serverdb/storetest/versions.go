package storetest

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

func versions(t *testing.T, open Open) {
	s := open()
	update(t, s, Fill)
	m, j, l := sample(), job("open", machine.JobStarted, at), leased()
	for name, put := range map[string]func(tx *store.Tx, read int64) error{
		"machine": func(tx *store.Tx, read int64) error { return tx.PutMachine(m, ofVersion(m, read)) },
		"job":     func(tx *store.Tx, read int64) error { return tx.PutJob(j, read) },
		"lease":   func(tx *store.Tx, read int64) error { return tx.PutLease(l, read) },
	} {
		last := map[string]int64{"machine": m.Version, "job": j.Version, "lease": l.Version}[name]
		for _, read := range []int64{0, last - 1, last + 1} {
			if read == 0 && last == 1 {
				continue // the same as new
			}
			if err := s.Update(t.Context(), func(tx *store.Tx) error { return put(tx, read) }); !errors.Is(err, store.ErrConflict) {
				t.Errorf("%s of version %d written over %d = %v, want ErrConflict", name, last, read, err)
			}
		}
	}
	Kept(t, s, Newest)
	m.Version, j.Version, l.Version = 5, 3, 2
	update(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.PutMachine(m, ofVersion(m, 4)), tx.PutJob(j, 2), tx.PutLease(l, 1))
	})
	update(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.PutMachine(m, ofVersion(m, 5)), tx.PutJob(j, 3), tx.PutLease(l, 2))
	})
	absent := another()
	if err := s.Update(t.Context(), func(tx *store.Tx) error { return tx.PutMachine(absent, ofVersion(absent, 1)) }); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a machine that is gone = %v, want ErrConflict", err)
	}
}

// ofVersion is a machine as it was read, nil for a new one.
func ofVersion(m *machine.Machine, read int64) *machine.Machine {
	if read == 0 {
		return nil
	}
	was := m.Clone()
	was.Version = read
	return was
}

// idOrder has two processes' worth of stores give ids while a follower reads:
// what it sees last is never followed by something with a lower id.
func idOrder(t *testing.T, open Open) {
	const each = 50
	var g sync.WaitGroup
	for range 2 {
		s := open()
		g.Go(func() {
			for range each {
				if err := s.Update(t.Context(), nextEvent); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var seen []int64
	s := open()
	for last := int64(0); last < 2*each; {
		view(t, s, func(tx *store.Tx) error {
			events, err := tx.EventsAfter(last, 10)
			for _, e := range events {
				seen = append(seen, e.ID)
				last = e.ID
			}
			return err
		})
		if t.Failed() {
			break
		}
	}
	g.Wait()
	if len(seen) != 2*each || !slices.IsSorted(seen) {
		t.Errorf("a follower sees %v, want 1 to %d", seen, 2*each)
	}
}

func nextEvent(tx *store.Tx) error {
	c, err := tx.Counters()
	if err != nil {
		return err
	}
	c.Journal++
	return errors.Join(tx.AddEvents(journal.Event{ID: c.Journal, Machine: "m", At: at}), tx.PutCounters(c))
}
