package journal

import (
	"sync"
	"testing"
)

func TestASlowWatcherHoldsNobodyUpAndLearnsThatItMissed(t *testing.T) {
	var h Hub
	slow, quick := h.Watch(2), h.Watch(10)
	for n := range int64(5) {
		h.Publish(Signal{Event: &Event{ID: n}}) // would never return if slow were waited for
	}
	if len(slow.C) != 2 || len(quick.C) != 5 {
		t.Fatalf("%d and %d signals wait, want 2 and 5", len(slow.C), len(quick.C))
	}
	for range 2 {
		if s := <-slow.C; s.Missed {
			t.Errorf("signal %d says that one before it is missing", s.Event.ID)
		}
	}
	h.Publish(Signal{Event: &Event{ID: 5}}, Signal{Event: &Event{ID: 6}})
	if s := <-slow.C; s.Event.ID != 5 || !s.Missed {
		t.Errorf("signal %d, missed: %v; want 5, and to be told", s.Event.ID, s.Missed)
	}
	if s := <-slow.C; s.Event.ID != 6 || s.Missed {
		t.Errorf("signal %d, missed: %v; want 6 and no second telling", s.Event.ID, s.Missed)
	}
	for want := range int64(7) {
		if s := <-quick.C; s.Event.ID != want || s.Missed {
			t.Errorf("the quick one got %d, missed: %v; want %d", s.Event.ID, s.Missed, want)
		}
	}
}

func TestAWatcherThatEndedGetsNothing(t *testing.T) {
	var h Hub
	w := h.Watch(1)
	w.Close()
	w.Close() // twice does no harm
	h.Publish(Signal{Machine: "m"})
	if len(w.C) != 0 {
		t.Errorf("it got %+v", <-w.C)
	}
}

func TestManyWatchAndPublishAtOnce(t *testing.T) {
	var h Hub
	var g sync.WaitGroup
	for range 8 {
		g.Go(func() {
			for range 100 {
				w := h.Watch(1)
				h.Publish(Signal{Machine: "m"})
				if s := <-w.C; s.Machine != "m" { // its own at least
					t.Errorf("it got %+v", s)
				}
				w.Close()
			}
		})
	}
	g.Wait()
	if len(h.watchers) != 0 {
		t.Errorf("%d watchers are left", len(h.watchers))
	}
}
