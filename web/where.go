package web

import (
	"firstlight/server/discovery"
	"firstlight/server/machine"
	"firstlight/server/whereabouts"
)

// cableData is one cable, and who says where it is.
type cableData struct {
	Name, Plan, LLDP, Wrong string
	Relays                  []whereabouts.Sighting
}

// where are the cables of which anything is said.
func (s *Site) where(m *machine.Machine) (all []cableData) {
	for _, c := range whereabouts.Of(m, whereabouts.NewFleet(s.Data.Machines)).Cables {
		d := cableData{Name: c.Name, Plan: discovery.At(c.Switch, c.Port)}
		for _, seen := range c.Seen {
			if seen.Leg == whereabouts.LLDP {
				d.LLDP = seen.Place()
			} else {
				d.Relays = append(d.Relays, seen)
			}
		}
		if c.Disagreement != nil {
			d.Wrong = c.Disagreement.Sentence
		}
		if d.Plan != "" || len(c.Seen) > 0 {
			all = append(all, d)
		}
	}
	return all
}
