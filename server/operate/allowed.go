package operate

import (
	"fmt"
	"strings"

	"firstlight/server/auth"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// allowed finds the machine that a reference means and decides whether somebody
// may do an act to it. It is the one place that does: every verb that has a
// machine begins here, and names whom it gives in the audit.
func (d *Desk) allowed(who auth.User, ref string, a auth.Act) (*machine.Machine, serverdb.Actor, error) {
	m, err := d.find(ref)
	if err != nil {
		return nil, serverdb.Actor{}, err
	}
	by, err := may(who, m, a)
	return m, by, err
}

func may(who auth.User, m *machine.Machine, a auth.Act) (serverdb.Actor, error) {
	by := serverdb.ActorOf(who)
	ok, foreign := who.May(a, m.Owner, m.Status == machine.InUse)
	switch {
	case foreign:
		by.Note = "acting on another team's machine: its owner is " + m.Owner
	case ok:
	case !who.Role.Allows(auth.Technician), a == auth.Change && !who.Role.Allows(auth.Engineer):
		return by, &Refused{Why: fmt.Sprintf("this needs another role; you are %q", who.Role), Remedy: "ask an admin for it", Forbidden: true}
	default:
		return by, notYours(who, m)
	}
	return by, nil
}

// notYours says whose the machine is, and whose the one is who asks.
func notYours(who auth.User, m *machine.Machine) error {
	if m.Owner == "" {
		return &Refused{
			Why:    fmt.Sprintf("machine %s is in use and no team owns it, so that only an engineer may cut its power; you are %s", m.Name, who.Role),
			Remedy: "ask an engineer or an admin", Forbidden: true,
		}
	}
	return &Refused{
		Why:    fmt.Sprintf("machine %s belongs to team %s; you are in %s", m.Name, m.Owner, inTeams(who)),
		Remedy: fmt.Sprintf("ask team %s or an admin, or ask an admin to put you into the team: firstlight user teams %s --add %s", m.Owner, who.Name, m.Owner), Forbidden: true,
	}
}

func inTeams(who auth.User) string {
	switch len(who.Teams) {
	case 0:
		return "no team"
	case 1:
		return "team " + who.Teams[0]
	}
	return "teams " + strings.Join(who.Teams, ", ")
}

// ownerFor decides whose a machine becomes that somebody orders: the team that
// the order names, else the one that owns it already, else the only team of
// whoever orders. People give machines to their own teams; admins to any.
func ownerFor(who auth.User, m *machine.Machine, owner string) (string, error) {
	switch {
	case owner == "" && m.Owner != "":
		return m.Owner, nil
	case owner == "" && len(who.Teams) == 1:
		return who.Teams[0], nil
	case owner == "":
		return "", nil
	}
	if err := auth.CheckTeam(owner); err != nil {
		return "", &Refused{Field: "owner", Value: clip(owner), Why: "is no team's name", Remedy: "want 1 to 63 lower-case letters, digits and inner dashes, such as search"}
	}
	if !who.InTeam(owner) && !who.Role.Allows(auth.Admin) {
		return "", &Refused{Field: "owner", Value: owner, Why: "you are in " + inTeams(who), Remedy: "give the machine to one of your teams, or ask an admin", Forbidden: true}
	}
	return owner, nil
}
