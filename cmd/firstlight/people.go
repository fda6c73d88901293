package main

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"firstlight/cmd/firstlight/client"
	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

type tokenCmd struct {
	Ls     tokenLsCmd     `cmd:"" help:"List API tokens."`
	Create tokenCreateCmd `cmd:"" help:"Make an API token; asks for your password and prints the token once."`
	Revoke tokenRevokeCmd `cmd:"" help:"End an API token at once."`
}

type tokenLsCmd struct {
	remote
	listFlags
	All bool `help:"Those of every account; for admins."`
}

// Run lists tokens.
func (c *tokenLsCmd) Run(ctx context.Context, h *host) error {
	l := listing[api.Token]{columns: tokenColumns, read: whole[api.Token]("/tokens", queryOf("all", yes(c.All, "true")))}
	return l.run(ctx, h, &c.remote, c.listFlags)
}

var tokenColumns = []output.Column[api.Token]{
	{Name: "id", Value: func(t api.Token) any { return t.ID }},
	{Name: "account", Value: func(t api.Token) any { return t.Account }},
	{Name: "role", Value: func(t api.Token) any { return t.Role }},
	{Name: "created_at", Head: "CREATED", Wide: true, Value: func(t api.Token) any { return t.CreatedAt }},
	{Name: "expires", Value: func(t api.Token) any { return t.Expires }},
	{Name: "used_at", Head: "USED", Value: func(t api.Token) any {
		if t.UsedAt == nil {
			return "never"
		}
		return *t.UsedAt
	}},
	{Name: "label", Value: func(t api.Token) any { return t.Label }},
}

type tokenCreateCmd struct {
	remote
	Label string        `arg:"" help:"What it is for, such as 'nightly inventory'."`
	Name  string        `placeholder:"ACCOUNT" help:"Your account; asked for when left out."`
	Role  string        `enum:"viewer,technician,engineer,admin" default:"viewer" help:"The most that it allows: viewer, technician, engineer or admin."`
	Life  time.Duration `default:"24h" help:"How long it is good, at most 2160h (90 days)."`
}

// Run makes a token. A token makes no tokens, so that one that leaked ends with
// its life: the person has to log in.
func (c *tokenCreateCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	who, err := askLogin(ctx, h, c.Name)
	if err != nil {
		return err
	}
	s, err := a.Login(ctx, who)
	if err != nil {
		return err
	}
	made, err := s.NewToken(ctx, api.TokenOrder{Label: c.Label, Role: c.Role, LifetimeSeconds: int64(c.Life / time.Second)})
	if err != nil {
		return err
	}
	h.note("token %s is good until %s; it is not shown again", made.ID, output.Clock(made.Expires))
	return h.say("%s", made.Secret)
}

// askLogin asks for what is needed to log in.
func askLogin(ctx context.Context, h *host, name string) (client.Who, error) {
	who := client.Who{Name: name}
	var err error
	if who.Name == "" {
		if who.Name, err = h.ask(ctx, "Account: "); err != nil {
			return who, err
		}
	}
	who.Password, err = h.askSecret(ctx, "Password: ")
	return who, err
}

type tokenRevokeCmd struct {
	remote
	ID      string `arg:"" complete:"token" help:"Id of a token."`
	Account string `help:"Whose it is; yours, when left out."`
}

// Run ends a token.
func (c *tokenRevokeCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	path := "/tokens/" + url.PathEscape(c.ID)
	if c.Account != "" {
		path += "?" + url.Values{"account": {c.Account}}.Encode()
	}
	if _, err := a.Do(ctx, http.MethodDelete, path, nil, nil); err != nil {
		return err
	}
	return h.say("token %s is no longer good", c.ID)
}
