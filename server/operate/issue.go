package operate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"firstlight/server/auth"
	"firstlight/server/declare"
	"firstlight/server/issue"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
	"firstlight/server/whereabouts"
)

// TakeIssue is "I have this one": others see who has an issue and go after
// another. One that somebody else has is refused, unless it is taken over.
func (d *Desk) TakeIssue(ctx context.Context, who auth.User, subject, kind string, over bool) error {
	ref, err := d.issue(subject, kind)
	if err != nil {
		return err
	}
	return others(d.DB.TakeIssue(ctx, serverdb.ActorOf(who), ref, over), "leave it to them, or take it over")
}

// DropIssue gives an issue back. Only who has it may, or an admin.
func (d *Desk) DropIssue(ctx context.Context, who auth.User, subject, kind string) error {
	ref, err := d.issue(subject, kind)
	if err != nil {
		return err
	}
	return others(d.DB.DropIssue(ctx, serverdb.ActorOf(who), ref, who.Role.Allows(auth.Admin)), "ask them, or take it over")
}

func others(err error, remedy string) error {
	if taken, ok := errors.AsType[*serverdb.OthersError](err); ok {
		return conflict(taken.Error(), remedy)
	}
	return err
}

// issue finds an open one by its subject, or by any name of its machine.
func (d *Desk) issue(subject, kind string) (machine.IssueRef, error) {
	if _, ok := issue.Of(machine.IssueKind(kind)); !ok {
		return machine.IssueRef{}, &Refused{Field: "kind", Value: clip(kind), Why: "is no kind of issue", Remedy: "want one of " + strings.Join(kinds(), ", ")}
	}
	ref := machine.IssueRef{Subject: subject, Kind: machine.IssueKind(kind)}
	if _, err := d.DB.Issue(ref); err == nil {
		return ref, nil
	}
	if m, err := d.find(subject); err == nil {
		ref.Subject = m.ID
	}
	if _, err := d.DB.Issue(ref); err != nil {
		return ref, fmt.Errorf("%.64s has no open issue %s: %w", subject, kind, machine.ErrNotFound)
	}
	return ref, nil
}

func kinds() (all []string) {
	for _, e := range issue.Catalogue() {
		all = append(all, string(e.Kind))
	}
	slices.Sort(all)
	return all
}

// AcceptPort makes the switch ports at which a machine was seen those of the
// plan: the cable stays, and the plan was wrong. A port that is planned for
// another machine is refused with that one's name.
func (d *Desk) AcceptPort(ctx context.Context, who auth.User, name string) error {
	m, by, err := d.allowed(who, name, auth.Handle)
	if err != nil {
		return err
	}
	fleet := whereabouts.NewFleet(d.DB.Machines)
	_, err = d.DB.Set(ctx, m.ID, 0, by, func(m *machine.Machine) error { return acceptSeen(m, fleet) })
	return explainPlan(err, declare.Machine())
}

// acceptSeen plans each cable where it was seen. One that is where the plan has
// it, however that is spelled, is left as people wrote it.
func acceptSeen(m *machine.Machine, f *whereabouts.Fleet) error {
	before, bmc := slices.Clone(m.NICs), m.BMC
	for _, c := range whereabouts.Of(m, f).Cables {
		if c.Agrees() {
			continue
		}
		sw, port, half := c.SeenAt()
		switch {
		case half != "":
			return conflict(fmt.Sprintf("of the cable of %s only %q was seen", c.Name, half), "set both switch and port by hand: firstlight machine set "+m.Name)
		case sw == "":
		case c.BMC:
			m.BMC.Switch, m.BMC.Port = sw, port
		default:
			i := slices.IndexFunc(m.NICs, func(n machine.NIC) bool { return n.MAC == c.MAC })
			m.NICs[i].Switch, m.NICs[i].Port = sw, port
		}
	}
	if slices.Equal(before, m.NICs) && bmc == m.BMC {
		return conflict("machine "+m.Name+" was seen at no other switch port than the plan says", "look at its interfaces")
	}
	return nil
}
