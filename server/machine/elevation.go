package machine

import (
	"slices"
	"time"
)

// Elevation is a rack as it is seen from both sides.
type Elevation struct {
	Rack *Rack
	Rows []RackRow // from the top down
	// Unplaced are machines of the rack whose unit nobody said, by name.
	Unplaced []*Machine
}

// RackRow is one unit of a rack: who fills it on each face, nil for nobody.
type RackRow struct {
	Unit        int
	Front, Rear *Machine
}

// Elevate draws a rack with those of some machines that stand in it. It has at
// least the units that the rack has, and those that its machines say they fill.
func Elevate(rack *Rack, all []*Machine) Elevation {
	e := Elevation{Rack: rack}
	at := map[Place]*Machine{}
	top := rack.Units
	for _, m := range all {
		places := m.Places()
		if m.Rack != rack.Name || m.Status == Retired {
			continue
		}
		if len(places) == 0 {
			e.Unplaced = append(e.Unplaced, m)
		}
		for _, p := range places {
			at[p], top = m, max(top, p.Unit)
		}
	}
	for u := top; u > 0; u-- {
		e.Rows = append(e.Rows, RackRow{u, at[Place{rack.Name, Front, u}], at[Place{rack.Name, Rear, u}]})
	}
	slices.SortFunc(e.Unplaced, func(a, b *Machine) int { return CompareNames(a.Name, b.Name) })
	return e
}

// Top tells whether a unit is the highest of those that a machine fills.
func (m *Machine) Top(unit int) bool { return unit == m.Unit+max(m.Height, 1)-1 }

// Left estimates how long the work on a machine still takes: from how far its
// current step has come, or, where a step tells nothing of that, as long as it
// has (bound). Zero where nothing moves.
func Left(m *Machine, j *Job, now time.Time) (left time.Duration, bound bool) {
	var step *Step
	if j != nil && j.Status.Open() {
		step = j.Current()
	}
	if step == nil || step.StartedAt.IsZero() {
		limit, moves := m.Status.Transient()
		if !moves {
			return 0, false
		}
		return max(0, m.Since.Add(limit).Sub(now)), true
	}
	spent := now.Sub(step.StartedAt)
	if p := m.Observed.Progress; p > 0.02 && p < 1 && spent > 0 {
		return time.Duration(float64(spent) * (1 - p) / p), false
	}
	if step.Deadline.IsZero() {
		return 0, false
	}
	return max(0, step.Deadline.Sub(now)), true
}
