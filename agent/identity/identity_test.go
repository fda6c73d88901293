package identity_test

import (
	"bytes"
	"crypto/ed25519"
	"strings"
	"sync"
	"testing"

	"firstlight/agent/identity"
	"firstlight/agent/report"
)

func TestAKeyIsHandedToTheNextLife(t *testing.T) {
	seed := identity.NewSeed()
	var pipe bytes.Buffer
	if err := seed.Hand(&pipe); err != nil {
		t.Fatal(err)
	}
	next, err := identity.Take(&pipe)
	if err != nil || !identity.New(next, 0).Public().Equal(identity.New(seed, 0).Public()) {
		t.Errorf("Take(Hand) = another key, %v", err)
	}
	if identity.New(identity.NewSeed(), 0).Public().Equal(identity.New(seed, 0).Public()) {
		t.Error("two boots have one key")
	}
}

func TestWhatIsNoKeyIsRefused(t *testing.T) {
	for _, in := range []string{"", "short", strings.Repeat("\x00", ed25519.SeedSize)} {
		if _, err := identity.Take(strings.NewReader(in)); err == nil {
			t.Errorf("Take(%q) took it", in)
		}
	}
}

// Two calls at the same moment, and those of a later life, have other numbers.
func TestNoTwoProofsHaveOneNumber(t *testing.T) {
	seed := identity.NewSeed()
	k := identity.New(seed, 0)
	var mu sync.Mutex
	seen := map[uint64]bool{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				p := k.Sign("c", "s", "GET", "/", nil)
				mu.Lock()
				seen[p.Number] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(seen) != 400 {
		t.Errorf("400 proofs have %d numbers", len(seen))
	}
	later := identity.New(seed, 1<<40).Sign("c", "s", "GET", "/", nil)
	if seen[later.Number] || later.Number <= 1<<40 {
		t.Errorf("the first proof of a later life has the number %d", later.Number)
	}
}

func TestAnEnrolmentProvesItsKey(t *testing.T) {
	e := identity.New(identity.NewSeed(), 0).Enrol("token")
	if !ed25519.Verify(e.Key, report.EnrolText("token"), e.Proof) || ed25519.Verify(e.Key, report.EnrolText("tokem"), e.Proof) {
		t.Errorf("Enrol(token) = %+v, whose proof is not of the token", e)
	}
}
