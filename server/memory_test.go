package server

import "testing"

func TestALargeFleetLeavesLittleGarbage(t *testing.T) {
	for machines, want := range map[int]int{0: 100, 1: 100, 20000: 100, 40000: 50, 100000: 20, 1000000: 20} {
		if got := collectAt(machines); got != want {
			t.Errorf("collectAt(%d) = %d, want %d", machines, got, want)
		}
	}
}
