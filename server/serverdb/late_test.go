package serverdb

import (
	"errors"
	"net/netip"
	"testing"
	"time"
)

// TestAnAddressThatWentToAnotherMeanwhile: two clients claim one address, the
// second when it is not kept for the first any more, which still waits for the
// disk. Whichever is written first has it.
func TestAnAddressThatWentToAnotherMeanwhile(t *testing.T) {
	eachEngine(t, func(t *testing.T, place string) {
		d := open(t, place)
		s := briefSubnet()
		s.Lease = time.Hour
		began, free := make(chan struct{}), make(chan struct{})
		go func() {
			_ = d.Do(t.Context(), func(*Write) error { close(began); <-free; return nil })
		}()
		<-began
		now := time.Now()
		claim := func(n int, at time.Time) <-chan error {
			c := client(n)
			c.Wants = netip.MustParseAddr("10.82.1.7")
			done := make(chan error, 1)
			go func() {
				_, err := d.Bind(t.Context(), s, c, at)
				done <- err
			}()
			for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
				d.book.mu.Lock()
				kept := d.book.offers[c.Wants].mac == c.MAC
				d.book.mu.Unlock()
				if kept {
					return done
				}
				if time.Now().After(deadline) {
					t.Fatalf("client %d claims nothing", n)
				}
			}
		}
		first := claim(1, now)
		second := claim(2, now.Add(offerLife))
		close(free)
		one, two := <-first, <-second
		if (one == nil) == (two == nil) || !errors.Is(errors.Join(one, two), ErrConflict) {
			t.Errorf("Bind() of two clients = %v and %v, want a conflict for one of them", one, two)
		}
		if l, _ := d.LeaseAt(netip.MustParseAddr("10.82.1.7")); (l.MAC == client(1).MAC) != (one == nil) {
			t.Errorf("the lease is of %s, the answers were %v and %v", l.MAC, one, two)
		}
	})
}

// TestOffersAreForgotten: what nobody asked for any more is free again, and does
// not fill memory.
func TestOffersAreForgotten(t *testing.T) {
	var b book
	b.init()
	now, a := time.Now(), netip.MustParseAddr("10.0.0.0")
	for range 10_000 {
		a = a.Next()
		b.hold(a, client(1).MAC, now)
	}
	again := netip.MustParseAddr("10.0.0.1")
	b.hold(again, client(2).MAC, now.Add(offerLife))
	b.hold(a.Next(), client(3).MAC, now.Add(offerLife+time.Second))
	if len(b.offers) != 2 || b.offers[again].mac != client(2).MAC || len(b.held) != 2 {
		t.Errorf("%d offers are kept in %d entries, want the last two", len(b.offers), len(b.held))
	}
}
