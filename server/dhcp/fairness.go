package dhcp

import (
	"hash/maphash"
	"sync"
	"time"
)

// place is where strangers' packets come from: a rack behind its relay, or all
// that is on an interface of ours.
type place struct {
	link  string
	relay uint32 // giaddr; 0: there is none
}

// port is a place as the relay tells it more closely.
type port struct {
	place   place
	circuit string
}

// allowance is how many packets of strangers may come: so many at once, and so
// many a second after that.
type allowance struct{ burst, perSecond float64 }

// A boot is six packets or eight: DISCOVER and REQUEST of firmware, loader and
// system, and a repetition. A port with a machine whose two cards boot in turn
// may do so four times in a row, a rack of eighty machines all at once. What is
// more is not refused, but waits behind everybody else.
var (
	ofPort = allowance{burst: 64, perSecond: 4}
	ofRack = allowance{burst: 1024, perSecond: 100}
)

// buckets is how many places are told apart. Their number is fixed, so that no
// flood makes us remember more; two that fall on one bucket share it, and the
// seed keeps others from choosing which.
const buckets = 4096

// fairness counts what strangers send from each port and from each rack, so that
// one that floods does not cost the others their turn.
type fairness struct {
	seed maphash.Seed

	mu    sync.Mutex
	ports [buckets]bucket
	racks [buckets]bucket
}

func newFairness() *fairness { return &fairness{seed: maphash.MakeSeed()} }

// allow takes a packet off the allowances of its port, where the relay names it,
// and its rack. A port that is beyond its own does not spend its rack's.
func (f *fairness) allow(at place, circuit []byte, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(circuit) > 0 {
		n := maphash.Comparable(f.seed, port{at, string(circuit)}) % buckets
		if !f.ports[n].take(ofPort, now) {
			return false
		}
	}
	return f.racks[maphash.Comparable(f.seed, at)%buckets].take(ofRack, now)
}

// bucket is a token bucket; the zero bucket is full.
type bucket struct {
	spent float64 // of the burst
	at    time.Time
}

func (b *bucket) take(a allowance, now time.Time) bool {
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.spent, b.at = max(0, b.spent-passed*a.perSecond), now
	}
	if b.spent+1 > a.burst {
		return false
	}
	b.spent++
	return true
}
