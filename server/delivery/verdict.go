package delivery

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"firstlight/server/machine"
)

// Result is what becomes of a line.
type Result string

// Results.
const (
	New       Result = "new"
	Update    Result = "update"
	Unchanged Result = "unchanged"
	Refused   Result = "refused"
)

// Verdict is what a line would do, or why it may not.
type Verdict struct {
	Line    int      `json:"line"`
	Result  Result   `json:"result"`
	Machine string   `json:"machine"` // name; of a refused line what it names, if anything
	Changes []Change `json:"changes,omitempty"`
	Faults  []Fault  `json:"faults,omitempty"`

	// Before and After are the record; Before is nil of a new machine.
	Before, After *machine.Machine `json:"-"`
}

// Change is one declared field before and after.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Judgement is the verdict on a whole list.
type Judgement struct {
	Verdicts []Verdict
	// Missing are the sites and racks that the list names and the plan lacks.
	// They are faults of its lines, unless the order was to create them.
	Missing []machine.Plan
}

// Count tells how many lines have a result.
func (j *Judgement) Count(r Result) (n int) {
	for i := range j.Verdicts {
		if j.Verdicts[i].Result == r {
			n++
		}
	}
	return n
}

func (v *Verdict) refuse(faults ...Fault) {
	v.Result, v.Faults, v.Changes = Refused, append(v.Faults, faults...), nil
}

// changes compares what people declare of a machine before and after.
func changes(before, after *machine.Machine) (all []Change) {
	was, is := before.DeclaredFields(), after.DeclaredFields()
	for _, field := range machine.Changed(before, after) {
		all = append(all, Change{field, say(was[field]), say(is[field])})
	}
	for field := range was {
		if _, still := is[field]; !still {
			all = append(all, Change{field, say(was[field]), ""})
		}
	}
	if before.UUID != after.UUID {
		all = append(all, Change{"uuid", before.UUID, after.UUID})
	}
	slices.SortFunc(all, func(a, b Change) int { return strings.Compare(a.Field, b.Field) })
	return all
}

func say(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case int, bool:
		return fmt.Sprint(v)
	default:
		b, err := json.Marshal(v)
		if err != nil || string(b) == "{}" || string(b) == "null" {
			return ""
		}
		return string(b)
	}
}

// Moves tells whether the line gives up something that another machine may
// get in the same list.
func (v *Verdict) Moves() bool {
	if v.Result != Update {
		return false
	}
	keeps := claimsOf(v.After)
	return slices.ContainsFunc(claimsOf(v.Before), func(c claim) bool { return !slices.Contains(keeps, c) })
}
