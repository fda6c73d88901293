package server

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// smallFleet is up to how many machines Go's own way with memory is kept: a heap
// grows to twice what lives. A machine in memory is about 1.8 KB.
const smallFleet = 20000

// idleMemory is how much that nobody uses any more may stay with the process:
// the next page or report takes it again.
const idleMemory = 32 << 20

const tidyEvery = time.Minute

// thrift keeps the memory of the process near what lives of it. For a large fleet
// the collector works more often; and what a long list or the start took goes
// back to the kernel within a minute. Who sets GOGC knows better.
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
}

// collectAt gives how much garbage there may be, in percent of what lives.
func collectAt(machines int) int { return max(20, min(100, 100*smallFleet/max(machines, 1))) }

// unused is what the heap keeps for later, in bytes.
func unused() uint64 {
	free := []metrics.Sample{{Name: "/memory/classes/heap/free:bytes"}}
	metrics.Read(free)
	return free[0].Value.Uint64()
}
