package operate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"firstlight/agent/report"
	"firstlight/server/auth"
	"firstlight/server/delivery"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// List is a list of machines that somebody brings.
type List struct {
	Text     []byte   // CSV or JSON
	Map      []string // HEADING=COLUMN
	Delivery string
	Site     string // of machines whose line names neither site nor rack
	// InUse adopts the machines: they serve already. Reason says why.
	InUse  bool
	Reason string

	DryRun, Partial bool
	// Create adds the racks, and for an admin the sites, that the plan lacks.
	Create   bool
	Progress func(done, total int)
}

// Brought is what became of a list.
type Brought struct {
	*serverdb.Imported
	Read *delivery.List // the list, with what its headings were taken for
}

// Import judges a list and, unless it is a dry run, writes it. Technicians
// bring machines that are expected; machines in use are adopted by admins.
func (d *Desk) Import(ctx context.Context, who auth.User, l List) (*Brought, error) {
	if err := l.may(who); err != nil {
		return nil, err
	}
	m, err := delivery.ParseMap(l.Map)
	if err != nil {
		return nil, &Refused{Field: "map", Value: clip(strings.Join(l.Map, ", ")), Why: err.Error()}
	}
	read, err := delivery.Read(l.Text, m)
	if err != nil {
		return nil, &Refused{Field: "list", Why: err.Error()}
	}
	got, err := d.DB.Import(ctx, serverdb.Import{
		Order: delivery.Order{
			Lines: read.Lines, Delivery: l.Delivery, Site: l.Site, InUse: l.InUse, CreateRacks: l.Create, CreateSites: l.Create && who.Role.Allows(PlanRole(machine.KindSite)),
			May: func(before, after *machine.Machine) error { return mayBring(who, before, after) },
		},
		Who: serverdb.ActorOf(who), Reason: l.Reason, DryRun: l.DryRun, Partial: l.Partial, Progress: l.Progress,
	})
	if err != nil {
		return nil, explainImport(err)
	}
	return &Brought{Imported: got, Read: read}, nil
}

func (l *List) may(who auth.User) error {
	l.Reason = strings.TrimSpace(l.Reason)
	switch {
	case !who.Role.Allows(auth.Technician):
		return &Refused{Why: "lists of machines need the role technician; you are " + string(who.Role), Remedy: "ask an admin for it", Forbidden: true}
	case l.InUse && !who.Role.Allows(auth.Admin):
		return &Refused{Why: "machines that are in use are adopted by admins; you are " + string(who.Role), Remedy: "ask an admin", Forbidden: true}
	case l.InUse:
		_, err := said("reason", l.Reason, whyAdopted)
		return err
	case l.Create && !who.Role.Allows(PlanRole(machine.KindRack)):
		return &Refused{Why: "racks are added with the role engineer; you are " + string(who.Role), Remedy: "import without, or ask one who has it", Forbidden: true}
	}
	return nil
}

// mayBring decides who may declare what: a machine that is only expected is
// anybody's who brings lists, any other an engineer's of its team.
func mayBring(who auth.User, before, after *machine.Machine) error {
	var was machine.Machine
	if before != nil {
		was = *before
		if before.Status != machine.Expected {
			if _, err := may(who, before, auth.Change); err != nil {
				return err
			}
		}
	}
	if after.Owner == was.Owner {
		return nil
	}
	_, err := ownerFor(who, &was, after.Owner)
	return err
}

func explainImport(err error) error {
	var wrong *serverdb.ImportError
	var clash *serverdb.ClashError
	var taken *serverdb.TakenError
	switch {
	case errors.As(err, &wrong):
		return &Refused{Field: wrong.Field, Value: clip(wrong.Value), Why: wrong.Why}
	case errors.As(err, &clash), errors.As(err, &taken):
		return conflict(err.Error(), "")
	}
	return explain(err)
}

// Adopt takes over the machine whose own system sent a report: an admin's act,
// with a reason.
func (d *Desk) Adopt(ctx context.Context, who auth.User, a *report.Adoption) (*machine.Machine, error) {
	if !who.Role.Allows(auth.Admin) {
		return nil, &Refused{Why: "machines that are in use are adopted by admins; you are " + string(who.Role), Remedy: "ask an admin for a token", Forbidden: true}
	}
	reason, err := said("reason", a.Reason, whyAdopted)
	switch {
	case err != nil:
		return nil, err
	case a.Report.Version != report.Version:
		return nil, &Refused{Field: "report.version", Value: fmt.Sprint(a.Report.Version), Why: fmt.Sprintf("this appliance speaks %d", report.Version), Remedy: "take the agent of this release"}
	case a.Report.OS == nil:
		return nil, &Refused{Field: "report.os", Why: "is missing, so that the machine is not in use", Remedy: "send it from the machine's own system: firstlight-agent report --from-os"}
	}
	m, err := d.DB.Adopt(ctx, serverdb.ActorOf(who), &a.Report, reason)
	return m, explainImport(err)
}

// CloseDelivery says that nothing more of a delivery comes: what is still
// missing becomes retired.
func (d *Desk) CloseDelivery(ctx context.Context, who auth.User, name, note string) error {
	if !who.Role.Allows(auth.Engineer) {
		return &Refused{Why: "deliveries are closed with the role engineer; you are " + string(who.Role), Remedy: "ask one who has it", Forbidden: true}
	}
	return explain(d.DB.CloseDelivery(ctx, serverdb.ActorOf(who), name, clip(strings.TrimSpace(note))))
}
