package server

import (
	"os"
	"runtime/debug"
)

// smallFleet is up to how many machines Go's own way with memory is kept: a heap
// grows to twice what lives. A machine in memory is about 1.8 KB.
const smallFleet = 20000

// bound keeps the memory of a large fleet near what lives of it, for which the
// collector works more often: at 100,000 machines a fifth of it is garbage at
// most. Loading leaves garbage too, which goes back to the kernel. Who sets GOGC
// knows better.
func bound(machines int) {
	if os.Getenv("GOGC") != "" || machines <= smallFleet {
		return
	}
	debug.SetGCPercent(collectAt(machines))
	debug.FreeOSMemory()
}

// collectAt gives how much garbage there may be, in percent of what lives.
func collectAt(machines int) int { return max(20, min(100, 100*smallFleet/max(machines, 1))) }
