package machine

import (
	"fmt"
	"time"
)

// Wait is a machine before a gate. It is on disk before its request goes out,
// and stays for a while after the machine went on: an answer that comes twice
// can then be told from one that nobody asked for.
type Wait struct {
	// ID names it in the request and in the answer (UUIDv7).
	ID       string    `json:"nonce"`
	Machine  string    `json:"machine"` // id
	Gate     string    `json:"gate"`
	Title    string    `json:"title"`
	From     Status    `json:"from"`
	To       Status    `json:"to"`
	Since    time.Time `json:"since"`
	Deadline time.Time `json:"deadline"`

	Sent   int       `json:"sent"` // how often the request went out
	SentAt time.Time `json:"sent_at,omitzero"`
	Error  string    `json:"error,omitempty"` // of the last attempt
	// TakenAt is when the system outside took the request.
	TakenAt time.Time `json:"taken_at,omitzero"`

	OpenedAt time.Time `json:"opened_at,omitzero"`
	OpenedBy string    `json:"opened_by,omitempty"`
	Why      string    `json:"why,omitempty"`     // of a person who passed it
	Refused  string    `json:"refused,omitempty"` // the answer was no, with this reason
	LateAt   time.Time `json:"late_at,omitzero"`  // the deadline passed without an answer
	EndedAt  time.Time `json:"ended_at,omitzero"` // the machine went on, or back
}

// WaitState is how far a wait has come.
type WaitState string

// States of a wait.
const (
	WaitAsking  WaitState = "asking"  // the request has not arrived
	WaitAsked   WaitState = "asked"   // it was taken, and not answered
	WaitOpen    WaitState = "open"    // the machine may go on
	WaitRefused WaitState = "refused" // the answer was no
	WaitLate    WaitState = "late"    // there was none in time
	WaitOver    WaitState = "over"    // the machine is not before the gate any more
)

// State tells how far it has come.
func (w *Wait) State() WaitState {
	switch {
	case !w.EndedAt.IsZero():
		return WaitOver
	case !w.OpenedAt.IsZero():
		return WaitOpen
	case w.Refused != "":
		return WaitRefused
	case !w.LateAt.IsZero():
		return WaitLate
	case !w.TakenAt.IsZero():
		return WaitAsked
	default:
		return WaitAsking
	}
}

// Text says what is waited for at a time: "switch VLAN, 40 s".
func (w *Wait) Text(now time.Time) string {
	switch w.State() {
	case WaitOpen, WaitOver:
		return w.Title + ", open"
	case WaitRefused:
		return w.Title + ", refused: " + w.Refused
	case WaitLate:
		return fmt.Sprintf("%s, no answer within %s", w.Title, span(w.Deadline.Sub(w.Since)))
	default: // its time runs
	}
	text := fmt.Sprintf("%s, %s", w.Title, span(max(w.Deadline.Sub(now), 0)))
	if w.Error != "" {
		text += " (" + w.Error + ")"
	}
	return text
}

// span spells a time in whole units: 40 s, 12 min, 3 h.
func span(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Round(time.Second).Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	default:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
}

// Holds tells whether a machine, with its facts, must pass the gate for a change of
// status. A selector that cannot be read holds all.
func (p *Gate) Holds(m *Machine, from, to Status) bool {
	if p.From != from || p.To != to {
		return false
	}
	sel, err := ParseSelector(p.Match)
	return err != nil || sel.Match(m)
}
