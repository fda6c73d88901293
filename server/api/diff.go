package api

import (
	"context"
	"time"

	"firstlight/server/auth"
	"firstlight/server/machine"
	"firstlight/server/operate"
	"firstlight/server/replay"
)

// BootDiffAsk proposes one change: a rule, a rule to remove, a subnet, a set of
// DHCP options or a change of machines.
type BootDiffAsk struct {
	SinceSeconds int64           `json:"since_seconds,omitempty" minimum:"1" maximum:"315360000" doc:"How far back boots are looked at; absent: 30 days" example:"2592000"`
	Rule         *RulePut        `json:"rule,omitempty" doc:"Added or changed, with its name"`
	DropRule     string          `json:"drop_rule,omitempty" maxLength:"63" doc:"Name of a rule that is removed"`
	Subnet       *SubnetPut      `json:"subnet,omitempty" doc:"Added or changed, with its name"`
	Options      *OptionSet      `json:"options,omitempty" doc:"A set of DHCP options, added or changed, with its name"`
	Machines     *MachinesChange `json:"machines,omitempty" doc:"Changed as in change-machines"`
}

// BootDiff is what a change does to the boots that there were.
type BootDiff struct {
	Boots       int          `json:"boots" doc:"That were looked at" example:"8212"`
	Decisions   int          `json:"decisions" doc:"Of which they are made" example:"24636"`
	Changed     int          `json:"changed" doc:"Boots that would get another answer" example:"14"`
	Destructive int          `json:"destructive" doc:"Of those, boots that would be served an installer and were not" example:"0"`
	Forbidden   bool         `json:"forbidden" doc:"One of them is a machine in use: the change cannot be saved"`
	Items       []BootChange `json:"items" nullable:"false" doc:"What cannot be saved first, then what installs"`
}

// BootChange is what becomes different for one who boots.
type BootChange struct {
	MAC         string    `json:"mac" example:"52:54:00:12:34:56"`
	Machine     string    `json:"machine,omitempty" doc:"Absent: nobody knows the interface" example:"C0MPUT3"`
	Subnet      string    `json:"subnet,omitempty" example:"lab"`
	Before      string    `json:"before" example:"its own disk"`
	After       string    `json:"after" example:"the agent, to register"`
	Boots       int       `json:"boots" example:"3"`
	Last        time.Time `json:"last"`
	Destructive bool      `json:"destructive"`
	InUse       string    `json:"in_use,omitempty" doc:"The machine in use that it is; absent: none" example:"C0MPUT3"`
}

type diffInput struct{ Body BootDiffAsk }

func (a *API) diffBoots(ctx context.Context, in *diffInput) (BootDiff, error) {
	p, err := in.Body.proposal()
	if err != nil {
		return BootDiff{}, err
	}
	who, _ := auth.From(ctx)
	d, err := a.Desk.Diff(ctx, who, p, time.Duration(in.Body.SinceSeconds)*time.Second)
	if err != nil {
		return BootDiff{}, err
	}
	return BootDiff{
		Boots: d.Boots, Decisions: d.Decisions, Changed: d.Changed, Destructive: d.Destructive, Forbidden: len(d.Forbidden()) > 0,
		Items: filled(each(d.Changes, func(c replay.Change) BootChange {
			return BootChange{
				MAC: c.MAC.String(), Machine: c.Machine, Subnet: c.Subnet, Before: c.Before, After: c.After, Boots: c.Boots, Last: c.Last,
				Destructive: c.Destructive, InUse: c.InUse,
			}
		})),
	}, nil
}

// proposal reads what is asked; that it is one change, the desk sees.
func (b *BootDiffAsk) proposal() (p operate.Proposal, err error) {
	p.DropRule = b.DropRule
	if r := b.Rule; r != nil {
		rule := machine.Rule(*r)
		p.Rule = &rule
	}
	if b.Subnet != nil {
		if p.Subnet, err = b.Subnet.subnet(b.Subnet.Name); err != nil {
			return p, err
		}
	}
	if o := b.Options; o != nil {
		p.Options, _ = readPlan(*o, o.Name).(*machine.OptionSet)
	}
	if b.Machines != nil {
		bulk, err := b.Machines.bulk()
		if err != nil {
			return p, err
		}
		p.Bulk = &bulk
	}
	return p, nil
}
