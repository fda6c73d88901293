package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

// userCmd is who may log in, as what, and for which teams.
type userCmd struct {
	Ls      userLsCmd      `cmd:"" help:"List accounts."`
	Add     userAddCmd     `cmd:"" help:"Add an account; prints the one-time code that sets its password."`
	Role    userRoleCmd    `cmd:"" help:"Set what an account may do."`
	Teams   userTeamsCmd   `cmd:"" help:"Set whose machines an account may act on."`
	Code    userCodeCmd    `cmd:"" help:"Print a new one-time code that sets an account's password."`
	Disable userDisableCmd `cmd:"" help:"Shut an account out at once, with its sessions and tokens."`
	Enable  userEnableCmd  `cmd:"" help:"Let an account in again."`
}

type userLsCmd struct {
	remote
	listFlags
}

// Run lists accounts.
func (c *userLsCmd) Run(ctx context.Context, h *host) error {
	l := listing[api.User]{columns: userColumns, read: whole[api.User]("/users", nil)}
	return l.run(ctx, h, &c.remote, c.listFlags)
}

var userColumns = []output.Column[api.User]{
	{Name: "name", Value: func(u api.User) any { return u.Name }},
	{Name: "role", Value: func(u api.User) any { return u.Role }},
	{Name: "teams", Value: func(u api.User) any { return strings.Join(u.Teams, ", ") }},
	{Name: "state", Value: func(u api.User) any { return u.State }},
	{Name: "login_at", Head: "LAST LOG-IN", Value: func(u api.User) any {
		if u.LoginAt == nil {
			return "never"
		}
		return *u.LoginAt
	}},
	{Name: "created_at", Head: "CREATED", Wide: true, Value: func(u api.User) any { return u.CreatedAt }},
	{Name: "created_by", Head: "BY", Wide: true, Value: func(u api.User) any { return u.CreatedBy }},
}

// userRef names one account.
type userRef struct {
	remote
	Name string `arg:"" help:"Name of the account."`
}

func (u userRef) path(verb string) string { return "/users/" + url.PathEscape(u.Name) + verb }

// change asks for a change of the account as it was read, which is given to ask,
// and says how it is then.
func (u userRef) change(ctx context.Context, h *host, method, verb string, ask func(api.User) any) error {
	a, err := u.open(h)
	if err != nil {
		return err
	}
	var is api.User
	tag, err := a.Tag(ctx, u.path(""), &is)
	if err != nil {
		return err
	}
	if _, err := a.Write(ctx, method, u.path(verb), condition(tag), ask(is), &is); err != nil {
		return err
	}
	return u.print(h, is)
}

func (u userRef) print(h *host, is api.User) error {
	return h.say("%s: %s, %s, teams: %s", is.Name, is.Role, is.State, teamsText(is.Teams))
}

func teamsText(teams []string) string {
	if len(teams) == 0 {
		return "none"
	}
	return strings.Join(teams, ", ")
}

type userRoleCmd struct {
	userRef
	Role string `arg:"" enum:"viewer,technician,engineer,admin" help:"viewer, technician, engineer or admin."`
}

// Run sets a role.
func (c *userRoleCmd) Run(ctx context.Context, h *host) error {
	return c.change(ctx, h, http.MethodPut, "/role", func(api.User) any { return api.RoleOrder{Role: c.Role} })
}

type userTeamsCmd struct {
	userRef
	Teams  []string `arg:"" optional:"" help:"All teams that it shall be in; shows them when no team and no flag is given."`
	Add    []string `placeholder:"TEAM" help:"Teams to add to those that it is in."`
	Remove []string `placeholder:"TEAM" help:"Teams to take away."`
	None   bool     `help:"In no team from now on."`
}

// Run sets teams, or adds to and takes from those that there are.
func (c *userTeamsCmd) Run(ctx context.Context, h *host) error {
	relative := len(c.Add)+len(c.Remove) > 0
	if len(c.Teams) > 0 && (relative || c.None) || relative && c.None {
		return usage("give either all teams, or --add and --remove, or --none")
	}
	if len(c.Teams) == 0 && !c.None && !relative {
		return c.show(ctx, h)
	}
	return c.change(ctx, h, http.MethodPut, "/teams", func(is api.User) any {
		if !relative {
			return api.TeamsOrder{Teams: append([]string{}, c.Teams...)}
		}
		teams := slices.DeleteFunc(append(is.Teams, c.Add...), func(t string) bool { return slices.Contains(c.Remove, t) })
		return api.TeamsOrder{Teams: append([]string{}, teams...)}
	})
}

func (c *userTeamsCmd) show(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var is api.User
	if _, err := a.Get(ctx, c.path(""), nil, &is); err != nil {
		return err
	}
	return c.print(h, is)
}

// nothing is what is sent with a verb that needs no more.
func nothing(api.User) any { return nil }

type userDisableCmd struct{ userRef }

// Run shuts an account out.
func (c *userDisableCmd) Run(ctx context.Context, h *host) error {
	return c.change(ctx, h, http.MethodPost, "/disable", nothing)
}

type userEnableCmd struct{ userRef }

// Run lets an account in again.
func (c *userEnableCmd) Run(ctx context.Context, h *host) error {
	return c.change(ctx, h, http.MethodPost, "/enable", nothing)
}

type userAddCmd struct {
	userRef
	Role  string   `enum:"viewer,technician,engineer,admin" default:"viewer" help:"What it may do: viewer, technician, engineer or admin."`
	Teams []string `name:"team" placeholder:"TEAM" help:"Whose machines it may act on."`
	As    string   `placeholder:"ACCOUNT" help:"Your account, to log in with; asked for when left out."`
}

// Run adds an account.
func (c *userAddCmd) Run(ctx context.Context, h *host) error {
	return c.letIn(ctx, h, c.As, "/users", api.UserOrder{Name: c.Name, Role: c.Role, Teams: c.Teams})
}

type userCodeCmd struct {
	userRef
	As string `placeholder:"ACCOUNT" help:"Your account, to log in with; asked for when left out."`
}

// Run prints a new code.
func (c *userCodeCmd) Run(ctx context.Context, h *host) error {
	return c.letIn(ctx, h, c.As, c.path("/code"), nil)
}

// letIn asks for a one-time code and prints it. A token lets nobody in, so that
// what one that leaked made does not outlive it: then the person logs in.
func (u userRef) letIn(ctx context.Context, h *host, as, path string, body any) error {
	a, err := u.open(h)
	if err != nil {
		return err
	}
	var me api.Me
	if _, err := a.Get(ctx, "/me", nil, &me); err != nil {
		return err
	}
	do := a.Do
	if me.Token != "" {
		who, err := askLogin(ctx, h, as)
		if err != nil {
			return err
		}
		s, err := a.Login(ctx, who)
		if err != nil {
			return err
		}
		defer s.End(ctx)
		do = s.Do
	}
	var made api.UserCode
	if _, err := do(ctx, http.MethodPost, path, body, &made); err != nil {
		return err
	}
	h.note("%s sets a password once with: firstlight login --code %s; the code is good until %s and not shown again", made.Name, made.Name, output.Clock(made.Expires))
	return h.say("%s", made.Code)
}
