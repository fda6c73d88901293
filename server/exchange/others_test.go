package exchange

import (
	"net/netip"
	"testing"
	"time"

	"firstlight/server/machine"
)

// Forged answers do not fill the memory, and a server is told of once to each
// client, until it was silent for an hour.
func TestOtherServersAreBoundedAndForgotten(t *testing.T) {
	o, at := NewOthers(), time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	sign := func(i byte, at time.Time) bool {
		return o.Note(machine.DHCPServer{Address: netip.AddrFrom4([4]byte{10, 80, 12, i}), Interface: "br0", Last: at})
	}
	for i := range byte(200) {
		if told := sign(i, at); told != (i < mostOthers) {
			t.Errorf("server %d is told of: %v", i, told)
		}
	}
	if got := len(o.All(at)); got != mostOthers {
		t.Errorf("%d are remembered, want %d", got, mostOthers)
	}
	if sign(1, at.Add(time.Minute)) || !sign(1, at.Add(otherRow)) {
		t.Error("a timeline does not tell of a server once in five minutes")
	}
	if all := o.All(at.Add(otherRow + otherStays)); len(all) != 1 || all[0].Count != 3 || all[0].First != at {
		t.Errorf("after an hour there are %+v, want the one that was heard since", all)
	}
}
