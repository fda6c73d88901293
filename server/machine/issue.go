package machine

import (
	"maps"
	"time"
)

// IssueKind names what may be wrong.
type IssueKind string

// Issue is something that asks for a person: what is wrong, the evidence, and
// what to do. It is computed, opens with its cause and closes with it.
type Issue struct {
	Kind     IssueKind `json:"kind"`
	Subject  string    `json:"subject"`           // a machine's id, or the name of another thing
	Machine  string    `json:"machine,omitempty"` // id, where it is about one
	Name     string    `json:"name"`              // of the subject, for people
	Sentence string    `json:"sentence"`
	// Evidence is what it rests on, by name.
	Evidence map[string]string `json:"evidence,omitempty"`
	Since    time.Time         `json:"since"`
	// Taken is who said "I have this one", and when.
	Taken   string    `json:"taken,omitempty"`
	TakenAt time.Time `json:"taken_at,omitzero"`
}

// IssueRef names an open issue: no subject has two of one kind.
type IssueRef struct {
	Subject string
	Kind    IssueKind
}

// Ref names it.
func (i *Issue) Ref() IssueRef { return IssueRef{i.Subject, i.Kind} }

// Clone copies i so that the copy may be changed.
func (i *Issue) Clone() *Issue {
	c := *i
	c.Evidence = maps.Clone(i.Evidence)
	return &c
}

// Delivery is an order of machines that is expected or has come.
type Delivery struct {
	Name      string    `json:"name"` // the order's number
	Site      string    `json:"site,omitempty"`
	Note      string    `json:"note,omitempty"`
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
	Version   int64     `json:"version"`
	// Lines is how many machines its list has.
	Lines int `json:"lines"`
	// ClosedAt is when somebody said that nothing more of it will come.
	ClosedAt time.Time `json:"closed_at,omitzero"`
	ClosedBy string    `json:"closed_by,omitempty"`
}
