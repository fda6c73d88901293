package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"firstlight/server/auth"
	"firstlight/server/operate"
)

// MachinesChange asks for one change of many machines: one of set, lock and
// unlock.
type MachinesChange struct {
	Selector string        `json:"selector" minLength:"1" maxLength:"1024" doc:"Which machines" example:"rack=lon6-r12 status=available"`
	Expected int           `json:"expected" minimum:"1" maximum:"1000" doc:"How many it picks, counted before; another number changes nothing (409)" example:"12"`
	DryRun   bool          `json:"dry_run,omitempty" doc:"Say what would become of each machine, and change nothing"`
	Set      *MachinePatch `json:"set,omitempty" doc:"What changes, as for one machine; also tags"`
	Lock     *LockOrder    `json:"lock,omitempty" doc:"Keep automation away from them"`
	Unlock   *UnlockOrder  `json:"unlock,omitempty" doc:"Let automation at them again"`
}

// TransformSchema gives an example that does something: only one of the three may
// stand in a body.
func (MachinesChange) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.Examples = []any{map[string]any{"selector": "hardwarename=C0MPUT3", "expected": 1, "dry_run": true, "set": map[string]any{"note": "power work on Tuesday"}}}
	return s
}

// MachinesChanged is what became of each machine.
type MachinesChanged struct {
	Written   bool             `json:"written" doc:"False: it was a dry run"`
	Changed   int              `json:"changed" doc:"Machines that are, or would be, different" example:"11"`
	Unchanged int              `json:"unchanged" doc:"That were so already" example:"1"`
	Refused   int              `json:"refused" doc:"That would be refused, in a dry run" example:"0"`
	Items     []MachineVerdict `json:"items" nullable:"false" doc:"By name"`
}

// MachineVerdict is what became of one machine.
type MachineVerdict struct {
	Machine string   `json:"machine" doc:"Hardware name" example:"C0MPUT3"`
	Result  string   `json:"result" enum:"changed,unchanged,refused"`
	Fields  []string `json:"fields,omitempty" doc:"That changed" example:"[\"role\"]"`
	Detail  string   `json:"detail,omitempty" doc:"Why it is refused" example:"machine C0MPUT3 belongs to team search; you are in team db"`
}

type changeInput struct{ Body MachinesChange }

func (c *MachinesChange) bulk() (operate.Bulk, error) {
	b := operate.Bulk{Selector: c.Selector, Expected: c.Expected, Dry: c.DryRun}
	if c.Set != nil {
		var err error
		if b.Set, err = c.Set.changes(); err != nil {
			return b, err
		}
	}
	if c.Lock != nil {
		b.Lock = &c.Lock.Note
	}
	if c.Unlock != nil {
		b.Unlock = &c.Unlock.Note
	}
	return b, nil
}

func (a *API) changeMachines(ctx context.Context, in *changeInput) (MachinesChanged, error) {
	who, _ := auth.From(ctx)
	b, err := in.Body.bulk()
	if err != nil {
		return MachinesChanged{}, err
	}
	all, written, err := a.Desk.Bulk(ctx, who, b)
	if err != nil {
		return MachinesChanged{}, inSelector(in.Body.Selector, err)
	}
	shown := MachinesChanged{Written: written, Items: make([]MachineVerdict, len(all))}
	for i, v := range all {
		shown.add(i, v, a.detail(ctx, v.Err))
	}
	if shown.Refused > 0 && !in.Body.DryRun {
		return shown, a.allRefused(ctx, each(all, func(v operate.Verdict) verdict { return verdict{v.Machine.Name, v.Err} }))
	}
	return shown, nil
}

func (s *MachinesChanged) add(i int, v operate.Verdict, detail string) {
	one := MachineVerdict{Machine: v.Machine.Name, Result: "unchanged"}
	switch {
	case detail != "":
		one.Result, one.Detail = "refused", detail
		s.Refused++
	case len(v.Changed) > 0:
		one.Result, one.Fields = "changed", v.Changed
		s.Changed++
	default:
		s.Unchanged++
	}
	s.Items[i] = one
}

func inSelector(text string, err error) error {
	p := &huma.ErrorModel{}
	if errors.As(inTarget(text, err), &p) {
		p.Errors[0].Location = "body.selector"
		return p
	}
	return err
}

// detail is what a problem says; empty where there is none.
func (a *API) detail(ctx context.Context, err error) string {
	if err == nil {
		return ""
	}
	return a.problem(ctx, err).Error()
}

// verdict is what became of a machine of many.
type verdict struct {
	machine string
	err     error
}

// allRefused answers a request for many machines that was refused as a whole:
// errors has one entry for each machine that is the reason. It is forbidden
// where that is so for each of them.
func (a *API) allRefused(ctx context.Context, all []verdict) error {
	var errs []error
	var names []string
	status := http.StatusForbidden
	for _, v := range all {
		if v.err == nil {
			continue
		}
		p := a.problem(ctx, v.err)
		if p.GetStatus() != status {
			status = http.StatusConflict
		}
		names = append(names, v.machine)
		errs = append(errs, &huma.ErrorDetail{Message: p.Error(), Location: "machines." + v.machine, Value: v.machine})
	}
	first, more := names, ""
	if len(names) > 3 {
		first, more = names[:3], " and others"
	}
	return huma.NewError(status, countOf(len(names), len(all))+" refused, and nothing was changed: "+strings.Join(first, ", ")+more+"; errors says why of each: leave them out, or see to them first", errs...)
}

func countOf(some, all int) string { return fmt.Sprintf("%d of %d machines are", some, all) }
