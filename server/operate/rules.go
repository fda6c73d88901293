package operate

import (
	"context"

	"firstlight/server/auth"
	"firstlight/server/declare"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// PutRule adds or changes a rule and puts it at its place; see serverdb.PutRule.
func (d *Desk) PutRule(ctx context.Context, who auth.User, r *machine.Rule, found func(*machine.Rule) error) error {
	if err := adminOfRules(who); err != nil {
		return err
	}
	if err := d.harmless(ctx, who, Proposal{Rule: r}); err != nil {
		return err
	}
	return explainPlan(d.DB.PutRule(ctx, serverdb.ActorOf(who), r, found), declare.Rule())
}

// DropRule takes a rule out of the list.
func (d *Desk) DropRule(ctx context.Context, who auth.User, name string, found func(*machine.Rule) error) error {
	if err := adminOfRules(who); err != nil {
		return err
	}
	if err := d.harmless(ctx, who, Proposal{DropRule: name}); err != nil {
		return err
	}
	return explainPlan(d.DB.DropRule(ctx, serverdb.ActorOf(who), name, found), declare.Rule())
}

// adminOfRules: a rule installs machines unasked.
func adminOfRules(who auth.User) error {
	if who.Role.Allows(auth.Admin) {
		return nil
	}
	return &Refused{Why: "rules are changed with the role admin; you are " + string(who.Role), Remedy: "ask an admin", Forbidden: true}
}
