package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"firstlight/server/auth"
)

// UserRef names one account. It is exported for huma, as MachineRef is.
type UserRef struct {
	Name string `path:"name" maxLength:"64" doc:"Name of an account" example:"grace"`
}

// userOrderInput is what shall become of one account.
type userOrderInput[T any] struct {
	UserRef
	Body T
}

func (a *API) users(ctx context.Context, _ *struct{}) (List[User], error) {
	all, err := a.People.Accounts(ctx)
	if err != nil {
		return List[User]{}, err
	}
	return whole(all, showUser), nil
}

func (a *API) user(ctx context.Context, in *UserRef) (User, error) {
	account, err := a.People.Account(ctx, in.Name)
	if err != nil {
		return User{}, err
	}
	return showUser(account), nil
}

func showUser(a auth.Account) User {
	return User{
		Name: a.Name, Role: string(a.Role), Teams: filled(a.Teams), State: a.State(), CreatedAt: a.CreatedAt, CreatedBy: a.CreatedBy,
		LoginAt: showTime(a.LoginAt),
	}
}

type inviteInput struct{ Body UserOrder }

func (a *API) invite(ctx context.Context, in *inviteInput) (UserCode, error) {
	who, err := person(ctx)
	if err != nil {
		return UserCode{}, err
	}
	code, err := a.People.Invite(ctx, who, in.Body.Name, auth.Role(in.Body.Role), in.Body.Teams)
	if err != nil {
		return UserCode{}, err
	}
	return a.showCode(ctx, in.Body.Name, code)
}

func (a *API) newCode(ctx context.Context, in *UserRef) (UserCode, error) {
	who, err := person(ctx)
	if err != nil {
		return UserCode{}, err
	}
	code, err := a.People.NewCode(ctx, who, in.Name)
	if err != nil {
		return UserCode{}, err
	}
	return a.showCode(ctx, in.Name, code)
}

func (a *API) showCode(ctx context.Context, name, code string) (UserCode, error) {
	u, err := a.user(ctx, &UserRef{name})
	return UserCode{User: u, Code: code, Expires: a.Now().Add(auth.CodeLife).UTC()}, err
}

// person refuses tokens where somebody is let in: what a token that leaked made
// would outlive it.
func person(ctx context.Context) (auth.User, error) {
	who, _ := auth.From(ctx)
	if who.Token != "" {
		return who, huma.Error403Forbidden("a token cannot let people in: log in and do it there")
	}
	return who, nil
}

// changed carries out a change of an account and answers with the account.
func (a *API) changed(ctx context.Context, name string, change func(auth.User) error) (User, error) {
	who, _ := auth.From(ctx)
	if err := change(who); err != nil {
		return User{}, err
	}
	return a.user(ctx, &UserRef{name})
}

func (a *API) setRole(ctx context.Context, in *userOrderInput[RoleOrder]) (User, error) {
	return a.changed(ctx, in.Name, func(who auth.User) error { return a.People.SetRole(ctx, who, in.Name, auth.Role(in.Body.Role)) })
}

func (a *API) setTeams(ctx context.Context, in *userOrderInput[TeamsOrder]) (User, error) {
	return a.changed(ctx, in.Name, func(who auth.User) error { return a.People.SetTeams(ctx, who, in.Name, in.Body.Teams) })
}

func (a *API) disable(ctx context.Context, in *UserRef) (User, error) {
	return a.changed(ctx, in.Name, func(who auth.User) error { return a.People.SetDisabled(ctx, who, in.Name, true) })
}

func (a *API) enable(ctx context.Context, in *UserRef) (User, error) {
	return a.changed(ctx, in.Name, func(who auth.User) error { return a.People.SetDisabled(ctx, who, in.Name, false) })
}

type passwordInput struct {
	Body PasswordOrder
}

// setPassword ends every session of whoever asks, this one too: they log in
// with the new password.
func (a *API) setPassword(ctx context.Context, in *passwordInput) error {
	who, err := person(ctx)
	if err != nil {
		return err
	}
	return a.People.SetOwnPassword(ctx, who, in.Body.Old, in.Body.New)
}
