package machine

import "time"

// UndoWithin is how long an act of a person can be taken back.
const UndoWithin = 10 * time.Minute

// Undo is how the last act of a person on a machine is taken back, and what was
// before it.
type Undo struct {
	Act  string    `json:"act"`  // its verb: lock, unlock, broken, repair
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
}

// Undoes makes the record of an act on m, which comes with its next version.
func (m *Machine) Undoes(act, by, did, does string, at time.Time) *Undo {
	return &Undo{
		Act: act, By: by, Did: did, Does: does, At: at, Version: m.Version + 1,
		Status: m.Status, Reason: m.Reason, Sentence: m.Sentence, Flags: m.Flags, Handling: m.Handling,
	}
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
