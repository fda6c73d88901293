package server

import (
	"math"
	"runtime"
	"runtime/debug"
	"testing"
)

func TestALargeFleetLeavesLittleGarbage(t *testing.T) {
	for machines, want := range map[int]int{0: 300, 1: 300, 6666: 300, 12000: 166, 20000: 100, 40000: 50, 100000: 20, 1000000: 20} {
		if got := collectAt(machines); got != want {
			t.Errorf("collectAt(%d) = %d, want %d", machines, got, want)
		}
	}
}

func TestTheCollectorSparesNothingOnlyFarAboveWhatLives(t *testing.T) {
	for live, want := range map[uint64]int64{0: 256 << 20, 100 << 20: 256 << 20, 300 << 20: 600 << 20} {
		if got := limitFor(live); got != want {
			t.Errorf("limitFor(%d) = %d, want %d", live, got, want)
		}
	}
}

func TestWhatIsNotUsedGoesBack(t *testing.T) {
	t.Cleanup(func() { debug.SetGCPercent(100); debug.SetMemoryLimit(math.MaxInt64) })
	list := make([]byte, 8*idleMemory)
	for i := range list {
		list[i] = 1
	}
	runtime.KeepAlive(list) // and no longer
	runtime.GC()
	if got := unused(); got < idleMemory {
		t.Fatalf("the collector has kept %d bytes only, want more to give back", got)
	}
	thrift{size: func() int { return 0 }}.tidy()
	if got := unused(); got > idleMemory {
		t.Errorf("%d bytes are kept for nobody, want %d at most", got, idleMemory)
	}
}
