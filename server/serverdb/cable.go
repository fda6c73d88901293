package serverdb

import (
	"fmt"

	"firstlight/agent/report"
	"firstlight/server/discovery"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// moves are the rows of the interfaces that were seen on a switch for the first
// time, or elsewhere than before.
func moves(m *machine.Machine, before []machine.NIC, r *report.Report) (all []journal.Event) {
	was := map[machine.MAC]string{}
	for _, n := range before {
		was[n.MAC] = discovery.At(n.SeenSwitch, n.SeenPort)
	}
	for _, n := range m.NICs {
		now, then := discovery.At(n.SeenSwitch, n.SeenPort), was[n.MAC]
		if now == then {
			continue
		}
		text := fmt.Sprintf("%s is in %s", discovery.NICName(n), now)
		if then != "" {
			text = fmt.Sprintf("%s moved from %s to %s", discovery.NICName(n), then, now)
		}
		all = append(all, journal.Event{Machine: m.ID, MAC: n.MAC, Source: journal.Agent, Text: text, Details: discovery.Said(r, n.MAC)})
	}
	return all
}
