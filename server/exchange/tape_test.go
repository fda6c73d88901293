package exchange

import (
	"net/netip"
	"testing"
	"time"

	"firstlight/server/machine"
)

// A flood of strangers takes no packet of a machine, and the newest stay.
func TestTheTapeIsBounded(t *testing.T) {
	tape := NewTape(1, 10, func([]byte) string { return "words" })
	here, at := netip.MustParseAddrPort("10.80.12.1:67"), time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	tape.Add(true, at, machine.MAC{1}, here, here, []byte{1})
	for i := range byte(25) {
		tape.Add(false, at, machine.MAC{0, 0, 0, 0, 0, i}, here, here, []byte{i})
	}
	for i := range byte(25) {
		kept := len(tape.Of(machine.MAC{0, 0, 0, 0, 0, i})) == 1
		if want := i >= 15; kept != want {
			t.Errorf("packet %d is there: %v, want %v", i, kept, want)
		}
	}
	if got := tape.Of(machine.MAC{1}); len(got) != 1 || got[0].Text != "words" {
		t.Errorf("packets of the machine = %+v, want the one, in words", got)
	}
}
