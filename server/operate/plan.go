package operate

import (
	"context"
	"errors"
	"fmt"

	"firstlight/server/auth"
	"firstlight/server/declare"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// PlanRole is the smallest role that may change a list of the plan. What decides
// over all machines, and who owns them, is an admin's; racks come and go with
// machines, and roles, services and pools are what engineers work with.
func PlanRole(kind machine.PlanKind) auth.Role {
	switch kind {
	case machine.KindRack, machine.KindService, machine.KindRole, machine.KindPool:
		return auth.Engineer
	default:
		return auth.Admin
	}
}

// PutPlan adds or changes an item of the plan; version is as in serverdb.PutPlan.
func (d *Desk) PutPlan(ctx context.Context, who auth.User, p machine.Plan, version int64) (serverdb.PlanItem, error) {
	ref := machine.PlanRef{Kind: p.Kind(), Name: p.Key()}
	by, err := d.mayPlan(who, ref)
	if err != nil {
		return serverdb.PlanItem{}, err
	}
	if role, ok := p.(*machine.Role); ok && role.Team != "" && !who.InTeam(role.Team) && !who.Role.Allows(auth.Admin) {
		return serverdb.PlanItem{}, &Refused{Field: "team", Value: role.Team, Why: "you are in " + inTeams(who), Remedy: "give the role to one of your teams, or ask an admin", Forbidden: true}
	}
	row, err := d.DB.PutPlan(ctx, by, p, version)
	return row, explainPlan(err, declare.Plan(p.Kind()))
}

// DropPlan takes an item out of the plan, unless something rests on it.
func (d *Desk) DropPlan(ctx context.Context, who auth.User, ref machine.PlanRef, version int64) error {
	by, err := d.mayPlan(who, ref)
	if err != nil {
		return err
	}
	return explainPlan(d.DB.DropPlan(ctx, by, ref, version), declare.Plan(ref.Kind))
}

// mayPlan decides whether somebody may change an item. A role that a team owns,
// and the pools of it, are that team's.
func (d *Desk) mayPlan(who auth.User, ref machine.PlanRef) (serverdb.Actor, error) {
	by := serverdb.ActorOf(who)
	if want := PlanRole(ref.Kind); !who.Role.Allows(want) {
		return by, &Refused{Why: fmt.Sprintf("the list of %ss is changed with the role %s; you are %q", ref.Kind, want, who.Role), Remedy: "ask one who has it", Forbidden: true}
	}
	var team string
	if old, err := d.DB.PlanOf(ref); err == nil {
		team = d.teamOf(old.Item)
	}
	if team == "" || who.InTeam(team) {
		return by, nil
	}
	if who.Role.Allows(auth.Admin) {
		by.Note = "acting on what another team owns: " + team
		return by, nil
	}
	return by, &Refused{Why: fmt.Sprintf("%s belongs to team %s; you are in %s", ref, team, inTeams(who)), Remedy: "ask that team or an admin", Forbidden: true}
}

// teamOf is the team that owns an item, empty where all do.
func (d *Desk) teamOf(p machine.Plan) string {
	switch p := p.(type) {
	case *machine.Role:
		return p.Team
	case *machine.Pool:
		if role := d.DB.Role(p.Role); role != nil {
			return role.Team
		}
	}
	return ""
}

// explainPlan gives what ServerDb refuses the form that the doors know, with the
// field that it is about. A version that is not there any more stays
// serverdb.ErrConflict: what to do then depends on the door.
func explainPlan[T any](err error, fields []declare.Field[T]) error {
	var field *machine.FieldError
	var unknown *serverdb.UnknownError
	var used *serverdb.InUseError
	var taken *serverdb.TakenError
	switch {
	case errors.As(err, &field):
		return &Refused{Field: field.Field, Value: clip(field.Value), Why: field.Want}
	case errors.As(err, &unknown):
		return &Refused{Field: fieldFor(unknown.Item.Kind, fields), Value: clip(unknown.Item.Name), Why: "there is no such " + string(unknown.Item.Kind), Remedy: unknown.Remedy()}
	case errors.As(err, &taken):
		return &Refused{Field: takenField(taken), Value: clip(taken.Value), Why: "belongs to machine " + taken.Other, Remedy: "change that one first, or give another", Conflict: true}
	case errors.As(err, &used):
		return conflict(err.Error(), "")
	}
	return err
}

// fieldFor is the field whose values come from a list of the plan.
func fieldFor[T any](kind machine.PlanKind, fields []declare.Field[T]) string {
	for _, f := range fields {
		if f.Names == kind {
			return f.Name
		}
	}
	return string(kind)
}

// takenField is the field of what belongs to another machine.
func takenField(e *serverdb.TakenError) string {
	if field := map[string]string{"host name": "hostname", "place": "unit"}[e.Field]; field != "" {
		return field
	}
	return e.Field
}
