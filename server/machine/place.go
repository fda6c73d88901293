package machine

import "fmt"

// Place is one unit at one face of a rack.
type Place struct {
	Rack string
	Face Face
	Unit int
}

func (p Place) String() string { return fmt.Sprintf("%s u%d %s", p.Rack, p.Unit, p.Face) }

// Refers gives the items of the plan that the machine's record rests on.
func (m *Machine) Refers() []PlanRef {
	return refers(
		PlanRef{KindSite, m.Site}, PlanRef{KindRack, m.Rack}, PlanRef{KindRole, m.Role}, PlanRef{KindPool, m.Pool},
		PlanRef{KindTeam, m.Owner}, PlanRef{KindType, m.Type},
	)
}

// Places are the units that the machine fills, none where its place is not
// known or it is gone.
func (m *Machine) Places() (all []Place) {
	if m.Rack == "" || m.Unit == 0 || m.Status == Retired {
		return nil
	}
	faces := []Face{m.Face}
	if m.Face == FullDepth {
		faces = []Face{Front, Rear}
	}
	for u := m.Unit; u < m.Unit+max(m.Height, 1); u++ {
		for _, f := range faces {
			all = append(all, Place{m.Rack, f, u})
		}
	}
	return all
}
