package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

// secretData is a secret that is shown once, on the page that made it.
type secretData struct{ Title, Secret, Says string }

// accountRow is an account with the state that it is shown in.
type accountRow struct {
	auth.Account
	State string
}

type peopleData struct {
	Accounts []accountRow
	Tokens   []auth.Token
	Roles    []auth.Role
	Self     string
	Secret   *secretData
	Error    string
}

type accountData struct {
	User   auth.User
	Tokens []auth.Token
	Roles  []auth.Role // up to the user's own
	Secret *secretData
	Error  string
}

func (s *Site) people(r *http.Request) (view, error) {
	u, _ := auth.From(r.Context())
	accounts, err := s.People.Accounts(r.Context())
	if err != nil {
		return view{}, fmt.Errorf("list accounts: %w", err)
	}
	tokens, err := s.People.Tokens(r.Context(), "")
	if err != nil {
		return view{}, fmt.Errorf("list tokens: %w", err)
	}
	d := peopleData{Tokens: tokens, Roles: auth.Roles(), Self: u.Name}
	for _, a := range accounts {
		d.Accounts = append(d.Accounts, accountRow{a, s.States.Tag(a)})
	}
	return view{title: "People", template: "people", data: d}, nil
}

// showPeople shows the page with a new secret or a refusal.
func (s *Site) showPeople(w http.ResponseWriter, r *http.Request, secret *secretData, cause error) error {
	if cause != nil && !readable(cause) {
		return cause
	}
	if cause == nil && secret == nil {
		http.Redirect(w, r, "/people", http.StatusSeeOther)
		return nil
	}
	v, err := s.people(r)
	if err != nil {
		return err
	}
	d, _ := v.data.(peopleData)
	d.Secret, v.data = secret, d
	status := http.StatusOK
	if cause != nil {
		d.Error, d.Secret, status = sentence(cause.Error()), nil, http.StatusUnprocessableEntity
	}
	v.data = d
	return s.render(w, r, status, v)
}

func (s *Site) invite(w http.ResponseWriter, r *http.Request) error {
	u, _ := auth.From(r.Context())
	name := r.PostFormValue("name")
	code, err := s.People.Invite(r.Context(), u, name, auth.Role(r.PostFormValue("role")), auth.ParseTeams(r.PostFormValue("teams")))
	return s.showPeople(w, r, codeFor(name, code), err)
}

// onAccount does something to the account that the address names, as it was
// shown.
func (s *Site) onAccount(form func(*http.Request) (view, error), do func(ctx context.Context, r *http.Request, name string) (*secretData, error)) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		of, err := s.accountOf(r)
		if err != nil {
			return err
		}
		ctx, err := s.resting(r, of)
		var secret *secretData
		if err == nil {
			secret, err = do(ctx, r, of.Name)
		}
		if err != nil && (form != nil && !readable(err) || s.States.Overtaken(err)) {
			return s.again(w, r, of, form, err)
		}
		return s.showPeople(w, r, secret, err)
	}
}

// accountOf finds the account that an address names.
func (s *Site) accountOf(r *http.Request) (auth.Account, error) {
	name := r.PathValue("name")
	all, err := s.People.Accounts(r.Context())
	if err != nil {
		return auth.Account{}, fmt.Errorf("list accounts: %w", err)
	}
	at := slices.IndexFunc(all, func(a auth.Account) bool { return a.Name == name })
	if at < 0 {
		return auth.Account{}, fmt.Errorf("account %.64q: %w", name, machine.ErrNotFound)
	}
	return all[at], nil
}

func (s *Site) newCode(w http.ResponseWriter, r *http.Request) error {
	return s.onAccount(nil, func(ctx context.Context, r *http.Request, name string) (*secretData, error) {
		code, err := s.People.NewCode(ctx, userOf(r), name)
		return codeFor(name, code), err
	})(w, r)
}

func codeFor(name, code string) *secretData {
	return &secretData{
		"One-time code for " + name, code,
		"It sets the password of " + name + " once, within a day. It is not shown again.",
	}
}

func (s *Site) setRole(w http.ResponseWriter, r *http.Request) error {
	return s.onAccount(nil, func(ctx context.Context, r *http.Request, name string) (*secretData, error) {
		return nil, s.People.SetRole(ctx, userOf(r), name, auth.Role(r.PostFormValue("role")))
	})(w, r)
}

func (s *Site) setTeams(w http.ResponseWriter, r *http.Request) error {
	return s.onAccount(nil, func(ctx context.Context, r *http.Request, name string) (*secretData, error) {
		return nil, s.People.SetTeams(ctx, userOf(r), name, auth.ParseTeams(r.PostFormValue("teams")))
	})(w, r)
}

// askShutOut is the dialog before somebody is shut out.
func (s *Site) askShutOut(r *http.Request) (view, error) {
	of, err := s.accountOf(r)
	if err != nil {
		return view{}, err
	}
	name := of.Name
	return confirmView(confirm{
		Title: "Shut out " + name, Of: of, Action: "/people/" + name + "/disabled", Back: "/people", Button: "Shut out", Danger: true, Must: name,
		Sends: []detail{{"disabled", "yes"}},
		Says: []string{
			"The sessions of " + name + " end at once, and its password, codes and tokens open nothing any more. Jobs that it started go on.",
			"An admin can let it in again.",
		},
	}), nil
}

func (s *Site) setDisabled(w http.ResponseWriter, r *http.Request) error {
	form, shut := s.askShutOut, r.PostFormValue("disabled") == "yes"
	if !shut {
		form = nil
	}
	return s.onAccount(form, func(ctx context.Context, r *http.Request, name string) (*secretData, error) {
		if err := typed(r, name); shut && err != nil {
			return nil, err
		}
		return nil, s.People.SetDisabled(ctx, userOf(r), name, shut)
	})(w, r)
}

func (s *Site) account(r *http.Request) (view, error) {
	u, _ := auth.From(r.Context())
	tokens, err := s.People.Tokens(r.Context(), u.Name)
	if err != nil {
		return view{}, fmt.Errorf("list tokens of %s: %w", u.Name, err)
	}
	d := accountData{User: u, Tokens: tokens}
	for _, role := range auth.Roles() {
		if u.Role.Allows(role) {
			d.Roles = append(d.Roles, role)
		}
	}
	return view{title: "Account", template: "account", data: d}, nil
}

func (s *Site) newToken(w http.ResponseWriter, r *http.Request) error {
	u, _ := auth.From(r.Context())
	days, err := strconv.Atoi(r.PostFormValue("days"))
	if err != nil {
		days = 0 // refused below, with the bounds
	}
	plain, token, cause := s.People.NewToken(r.Context(), u, r.PostFormValue("label"), auth.Role(r.PostFormValue("role")),
		auth.ParseTeams(strings.Join(r.PostForm["teams"], ",")), time.Duration(days)*24*time.Hour)
	return s.showAccount(w, r, &secretData{"Token for " + token.Label, plain, "Send it as “Authorization: Bearer …”. It is not shown again."}, cause)
}

// showAccount shows the page with a new secret or a refusal.
func (s *Site) showAccount(w http.ResponseWriter, r *http.Request, secret *secretData, cause error) error {
	if cause != nil && !readable(cause) {
		return cause
	}
	v, err := s.account(r)
	if err != nil {
		return err
	}
	d, _ := v.data.(accountData)
	d.Secret = secret
	status := http.StatusOK
	if cause != nil {
		d.Error, d.Secret, status = sentence(cause.Error()), nil, http.StatusUnprocessableEntity
	}
	v.data = d
	return s.render(w, r, status, v)
}

// changePassword ends all sessions of the one who asks, and begins a new one
// here.
func (s *Site) changePassword(w http.ResponseWriter, r *http.Request) error {
	u, _ := auth.From(r.Context())
	secret, err := s.People.ChangePassword(r.Context(), u, auth.ClientAddress(r), r.PostFormValue("old"), r.PostFormValue("password"))
	if err != nil {
		return s.showAccount(w, r, nil, err)
	}
	s.People.SetCookie(w, secret)
	http.Redirect(w, r, "/account", http.StatusSeeOther)
	return nil
}

// askRevoke is the dialog before a token ends.
func (s *Site) askRevoke(r *http.Request) (view, error) {
	u, _ := auth.From(r.Context())
	owner, back := u.Name, "/account"
	if other := r.URL.Query().Get("account"); other != "" && other != u.Name && u.Role.Allows(auth.Admin) {
		owner, back = other, "/people"
	}
	tokens, err := s.People.Tokens(r.Context(), owner)
	if err != nil {
		return view{}, fmt.Errorf("list tokens of %.64q: %w", owner, err)
	}
	at := slices.IndexFunc(tokens, func(t auth.Token) bool { return t.ID == r.PathValue("id") })
	if at < 0 {
		return view{}, fmt.Errorf("token %.64q of %.64q: %w", r.PathValue("id"), owner, machine.ErrNotFound)
	}
	return confirmView(confirm{
		Title: "Revoke the token for " + tokens[at].Label, Action: "/account/tokens/" + tokens[at].ID + "/revoke", Back: back,
		Button: "Revoke", Danger: true, Sends: []detail{{"account", owner}},
		Says: []string{
			"Programs that use this " + string(tokens[at].Role) + "'s token of " + owner + " are refused from now on. Jobs that they started go on.",
			"It cannot be brought back; a new one is made in a minute.",
		},
	}), nil
}

func (s *Site) revokeToken(w http.ResponseWriter, r *http.Request) error {
	u, _ := auth.From(r.Context())
	owner, back := u.Name, "/account"
	if other := r.PostFormValue("account"); other != "" && other != u.Name {
		owner, back = other, "/people"
	}
	if err := s.People.RevokeToken(r.Context(), u, owner, r.PathValue("id")); err != nil {
		return err
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}
