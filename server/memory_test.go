package server

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestALargeFleetLeavesLittleGarbage(t *testing.T) {
	for machines, want := range map[int]int{0: 100, 1: 100, 20000: 100, 40000: 50, 100000: 20, 1000000: 20} {
		if got := collectAt(machines); got != want {
			t.Errorf("collectAt(%d) = %d, want %d", machines, got, want)
		}
	}
}

func TestWhatIsNotUsedGoesBack(t *testing.T) {
	t.Cleanup(func() { debug.SetGCPercent(100) })
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
