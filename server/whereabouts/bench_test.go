package whereabouts

import (
	"fmt"
	"testing"

	"firstlight/server/machine"
)

// BenchmarkFleet holds the cables of 100,000 machines behind relays against each
// other, as the inspector does at each turn.
func BenchmarkFleet(b *testing.B) {
	all := make([]*machine.Machine, 100_000)
	for i := range all {
		m := planned()
		m.ID, m.NICs[0].MAC = fmt.Sprint(i), machine.MAC{2, 0, 0, byte(i >> 16), byte(i >> 8), byte(i)}
		m.NICs[0].Switch, m.NICs[0].Port = fmt.Sprintf("sw%d", i/48), fmt.Sprint(i%48+1)
		m.NICs[0].SeenSwitch, m.NICs[0].SeenPort = m.NICs[0].Switch, "Ethernet"+m.NICs[0].Port
		m.BMC.MAC = machine.MAC{2, 1, 0, byte(i >> 16), byte(i >> 8), byte(i)}
		m.BMC.Switch = fmt.Sprintf("mgmt%d", i/48)
		by(says(m.NICs[0].MAC, m.NICs[0].Switch+":"+m.NICs[0].SeenPort, ""))(m)
		all[i] = m
	}
	for b.Loop() {
		f := fleetOf(all...)
		for _, m := range all {
			if d := Wrong(m, f); d != nil {
				b.Fatal(d.Sentence)
			}
		}
	}
}
