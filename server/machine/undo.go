package machine

import (
	"fmt"
	"slices"
	"time"
)

// UndoWithin is how long an act of a person can be taken back.
const UndoWithin = 10 * time.Minute

// Undo is how the last act of a person on a machine is taken back, and what was
// before it.
type Undo struct {
	Act  string    `json:"act"`  // its verb: lock, unlock, place, broken, repair
	By   string    `json:"by"`   // who did it
	Did  string    `json:"did"`  // what was done: "locked it"
	Does string    `json:"does"` // what taking it back does: "unlocks it"
	At   time.Time `json:"at"`
	// Version is the machine's right after the act: any change since then is
	// something that taking the act back would trample on.
	Version int64 `json:"version"`

	Status   Status   `json:"status"`
	Reason   string   `json:"reason,omitempty"`
	Sentence string   `json:"sentence,omitempty"`
	Flags    Flags    `json:"flags"`
	Handling Handling `json:"handling,omitempty"`
	Where    Standing `json:"where"`
}

// Standing is where a machine stands, as its record has it.
type Standing struct {
	Site   string `json:"site,omitempty"`
	Room   string `json:"room,omitempty"`
	Rack   string `json:"rack,omitempty"`
	Unit   int    `json:"unit,omitempty"`
	Height int    `json:"height,omitempty"`
	Face   Face   `json:"face,omitempty"`
}

// Standing is where m stands.
func (m *Machine) Standing() Standing {
	return Standing{m.Site, m.Room, m.Rack, m.Unit, m.Height, m.Face}
}

// Stand puts m where s says.
func (m *Machine) Stand(s Standing) {
	m.Site, m.Room, m.Rack, m.Unit, m.Height, m.Face = s.Site, s.Room, s.Rack, s.Unit, s.Height, s.Face
}

func (s Standing) String() string {
	switch {
	case s.Rack == "":
		return "no rack"
	case s.Unit == 0:
		return "rack " + s.Rack
	default:
		return fmt.Sprintf("rack %s unit %d", s.Rack, s.Unit)
	}
}

// Undoes makes the record of an act on m, which comes with its next version.
func (m *Machine) Undoes(act, by, did, does string, at time.Time) *Undo {
	return &Undo{
		Act: act, By: by, Did: did, Does: does, At: at, Version: m.Version + 1,
		Status: m.Status, Reason: m.Reason, Sentence: m.Sentence, Flags: m.Flags, Handling: m.Handling,
		Where: m.Standing(),
	}
}

// UndoesMove is the record of a move of m to where next stands, nil where more
// changed than that.
func (m *Machine) UndoesMove(next *Machine, changed []string, by string, at time.Time) *Undo {
	for _, field := range changed {
		if !slices.Contains([]string{"site", "room", "rack", "unit", "height", "face"}, field) {
			return nil
		}
	}
	did, does := "put it at "+next.Standing().String(), "puts it back at "+m.Standing().String()
	if next.Rack == "" {
		did = "took it out of its rack"
	}
	if m.Rack == "" {
		does = "takes it out of the rack"
	}
	return m.Undoes("place", by, did, does, at)
}

// Until is when the act cannot be taken back any more.
func (u *Undo) Until() time.Time { return u.At.Add(UndoWithin) }

// Undoable gives the act that can be taken back at a time, nil when there is
// none.
func (m *Machine) Undoable(at time.Time) *Undo {
	if u := m.Undo; u != nil && u.Version == m.Version && at.Before(u.Until()) {
		return u
	}
	return nil
}

// Says is what was done, by whom, and what taking it back does.
func (u *Undo) Says() string { return u.By + " " + u.Did + "; undo " + u.Does }
