package server

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// smallFleet is with how many machines a heap grows to twice what lives, Go's own
// way. A machine in memory is about 1.8 KB. With fewer there is room for more
// garbage, and to collect it seldom is a seventh of what a lease costs.
const smallFleet = 20000

// roomy is how much memory the process may fill before the collector works more
// often than the size of the fleet says: a storm on a small fleet.
const roomy = 256 << 20

// idleMemory is how much that nobody uses any more may stay with the process:
// the next page or report takes it again.
const idleMemory = 32 << 20

const tidyEvery = time.Minute

// thrift keeps the memory of the process near what lives of it. For a large fleet
// the collector works more often; and what a long list or the start took goes
// back to the kernel within a minute. Who sets GOGC or GOMEMLIMIT knows better.
type thrift struct {
	always
	size func() int // machines
}

func (thrift) String() string { return "memory" }

// Run tidies until ctx ends.
func (t thrift) Run(ctx context.Context) error {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			t.tidy()
		}
	}
}

func (t thrift) tidy() {
	bound(t.size())
	if unused() > idleMemory {
		debug.FreeOSMemory()
	}
}

// bound sets how often the collector works, by the size of the fleet.
func bound(machines int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt(machines))
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limitFor(heap("/gc/heap/live:bytes")))
	}
}

// collectAt gives how much garbage there may be, in percent of what lives.
func collectAt(machines int) int { return max(20, min(300, 100*smallFleet/max(machines, 1))) }

// limitFor gives the memory from which on the collector spares none, in bytes: far
// enough above what lives that it does nothing else.
func limitFor(live uint64) int64 { return max(roomy, 2*int64(live)) } //nolint:gosec // no heap is that large

// unused is what the heap keeps for later, in bytes.
func unused() uint64 { return heap("/memory/classes/heap/free:bytes") }

// heap reads one figure of runtime/metrics.
func heap(name string) uint64 {
	s := []metrics.Sample{{Name: name}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
