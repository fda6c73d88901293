package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"firstlight/server/auth"
	"firstlight/server/health"
)

func (a *API) me(ctx context.Context, _ *struct{}) (Me, error) {
	u, _ := auth.From(ctx)
	return Me{Name: u.Name, Role: string(u.Role), Teams: filled(u.Teams), Token: u.Token, Address: u.Address}, nil
}

type tokensInput struct {
	All bool `query:"all" doc:"Those of every account; for admins"`
}

func (a *API) tokens(ctx context.Context, in *tokensInput) (List[Token], error) {
	u, _ := auth.From(ctx)
	account := u.Name
	if in.All {
		if !u.Role.Allows(auth.Admin) {
			return List[Token]{}, huma.Error403Forbidden("query.all true: the tokens of others need the role admin; you are " + string(u.Role))
		}
		account = ""
	}
	all, err := a.People.Tokens(ctx, account)
	if err != nil {
		return List[Token]{}, err
	}
	return whole(all, showToken), nil
}

type tokenInput struct {
	Body TokenOrder
}

func (a *API) newToken(ctx context.Context, in *tokenInput) (NewToken, error) {
	u, _ := auth.From(ctx)
	if err := a.mayHaveTokens(ctx, u); err != nil {
		return NewToken{}, err
	}
	secret, t, err := a.People.NewToken(ctx, u, in.Body.Label, auth.Role(in.Body.Role), in.Body.Teams, time.Duration(in.Body.LifetimeSeconds)*time.Second)
	if err != nil {
		return NewToken{}, err
	}
	return NewToken{Token: showToken(t), Secret: secret}, nil
}

// mayHaveTokens refuses those whose token would never be good: a token acts for
// an account, and whoever comes through the socket has none.
func (a *API) mayHaveTokens(ctx context.Context, u auth.User) error {
	if u.Token != "" {
		return huma.Error403Forbidden("a token cannot make tokens: log in and make it there")
	}
	all, err := a.People.Accounts(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(x auth.Account) bool { return x.Name == u.Name }) {
		return huma.Error409Conflict(u.Name + " is not an account, and a token acts for one: log in as a person and make it there")
	}
	return nil
}

type tokenIDInput struct {
	ID      string `path:"id" maxLength:"64" doc:"Id of a token" example:"3f1c0f6f2b10"`
	Account string `query:"account" maxLength:"64" doc:"Whose it is; absent: yours. Another's needs the role admin" example:"ada"`
}

func (a *API) deleteToken(ctx context.Context, in *tokenIDInput) error {
	u, _ := auth.From(ctx)
	account := u.Name
	if in.Account != "" {
		account = in.Account
	}
	if account != u.Name && !u.Role.Allows(auth.Admin) {
		return huma.Error403Forbidden("query.account \"" + in.Account + "\": another's token needs the role admin; you are " + string(u.Role))
	}
	all, err := a.People.Tokens(ctx, account)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(t auth.Token) bool { return t.ID == in.ID }) {
		return huma.NewError(http.StatusNotFound, account+" has no token \""+in.ID+"\": list them with GET "+Prefix+"/tokens")
	}
	return a.People.RevokeToken(ctx, u, account, in.ID)
}

func (a *API) health(ctx context.Context, _ *struct{}) (Health, error) {
	h := Health{State: string(health.OK), Version: a.Version, Now: a.Now().UTC(), Parts: filled(a.Health.Check(ctx))}
	for _, p := range h.Parts {
		if p.State == health.Failed || p.State == health.Degraded && h.State == string(health.OK) {
			h.State = string(p.State)
		}
	}
	return h, nil
}
