package boot

import (
	"encoding/json"
	"fmt"

	"firstlight/server/machine"
)

// Record is a decision with what it rested on, as the journal keeps it: enough
// to decide anew.
type Record struct {
	Request Request        `json:"request"`
	Answer  Answer         `json:"answer"`
	Policy  machine.Policy `json:"policy,omitempty"` // of the subnet, for who was not known
	Clash   string         `json:"clash,omitempty"`
	Machine string         `json:"machine,omitempty"` // id
	Status  machine.Status `json:"status,omitempty"`
	Owned   bool           `json:"owned,omitempty"`
	Locked  bool           `json:"locked,omitempty"`
	Fenced  bool           `json:"fenced,omitempty"`
	Note    string         `json:"fence_note,omitempty"`
	Version int64          `json:"version,omitempty"`
	NoImage bool           `json:"no_image,omitempty"`
	// Overlays are those that were chosen, by what named them.
	Overlays []Overlay    `json:"overlays,omitempty"`
	Job      *machine.Job `json:"job,omitempty"`
}

// NewRecord keeps of what is known only what Decide reads: the rest of a machine
// and the steps of a job change all the time.
func NewRecord(r Request, a Answer, k Known) Record {
	rec := Record{Request: r, Answer: a, Policy: k.Policy, Clash: k.Clash, NoImage: k.NoImage}
	if a.Overlays != "" {
		rec.Overlays = naming(r.Card, wanted(r.Card, k.Overlays))
	}
	if m := k.Machine; m != nil {
		rec.Machine, rec.Status, rec.Owned, rec.Locked, rec.Policy = m.ID, m.Status, m.Owned, m.Flags.Locked, ""
		rec.Fenced, rec.Note = m.Flags.Fenced, m.Flags.FenceNote
	}
	if j := k.Job; j != nil {
		rec.Job = &machine.Job{ID: j.ID, Action: j.Action, Status: j.Status, Machine: j.Machine, Token: machine.Token{Expires: j.Token.Expires}}
	}
	return rec
}

// naming leaves of overlays the one card that they were chosen for: a driver has
// some hundred of them.
func naming(card string, all []Overlay) []Overlay {
	var short []Overlay
	for _, o := range all {
		one := Overlay{Driver: o.Driver}
		if card != "" {
			one.PCI = []string{card}
		}
		short = append(short, one)
	}
	return short
}

// Known is what was known then, as far as Decide reads it.
func (r *Record) Known() Known {
	k := Known{Policy: r.Policy, Clash: r.Clash, NoImage: r.NoImage, Job: r.Job, Overlays: r.Overlays}
	if r.Machine != "" {
		k.Machine = &machine.Machine{ID: r.Machine, Status: r.Status, Owned: r.Owned, Flags: machine.Flags{Locked: r.Locked, Fenced: r.Fenced, FenceNote: r.Note}}
	}
	return k
}

// ReadRecord reads a Record out of the journal's text.
func ReadRecord(inputs string) (*Record, error) {
	r := &Record{}
	if err := json.Unmarshal([]byte(inputs), r); err != nil {
		return nil, fmt.Errorf("read what a boot decision rested on: %w", err)
	}
	return r, nil
}
