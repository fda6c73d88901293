// Package authtest holds the contract that every auth.Store keeps, and a Store
// in memory for tests. Only tests may import it.
package authtest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/auth"
)

// Contract runs the whole contract against stores made by open. Times are
// whole milliseconds in UTC: a store need not keep more.
func Contract(t *testing.T, open func(*testing.T) auth.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, auth.Store){
		"absent is ErrNotFound":                       absent,
		"an account is what was written":              accounts,
		"a name is taken once":                        taken,
		"a code is redeemed once":                     codeOnce,
		"one of two who redeem wins":                  codeRace,
		"a new code replaces the account's old one":   codeReplaced,
		"the first admin's code dies with an account": firstAdminOnly,
		"a session lives until deleted":               sessions,
		"an account's sessions end together":          sessionsOf,
		"tokens are listed and deleted by account":    tokens,
		"sweeping takes what has ended":               sweep,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

var (
	now   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	later = now.Add(time.Hour)
	d1    = auth.Digest{1}
	d2    = auth.Digest{2}
	anna  = auth.Account{Name: "anna", Role: auth.Engineer, Password: "$argon2id$x", CreatedAt: now, CreatedBy: "root"}
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t *testing.T, what string, err, sentinel error) {
	t.Helper()
	if !errors.Is(err, sentinel) {
		t.Errorf("%s = %v, want an error that is %q", what, err, sentinel)
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func absent(t *testing.T, s auth.Store) {
	ctx := t.Context()
	_, err := s.Account(ctx, "anna")
	want(t, "Account(absent)", err, auth.ErrNotFound)
	want(t, "UpdateAccount(absent)", s.UpdateAccount(ctx, anna), auth.ErrNotFound)
	for _, d := range []auth.Digest{{}, d1} {
		_, err = s.Code(ctx, d)
		want(t, "Code(absent)", err, auth.ErrNotFound)
		_, err = s.Session(ctx, d)
		want(t, "Session(absent)", err, auth.ErrNotFound)
		_, err = s.Token(ctx, d)
		want(t, "Token(absent)", err, auth.ErrNotFound)
		want(t, "Redeem(absent)", s.Redeem(ctx, d, anna), auth.ErrNotFound)
	}
	want(t, "TouchSession(absent)", s.TouchSession(ctx, d1, now), auth.ErrNotFound)
	want(t, "TouchToken(absent)", s.TouchToken(ctx, d1, now), auth.ErrNotFound)
	must(t, s.DeleteSession(ctx, d1))
	must(t, s.DeleteToken(ctx, "anna", "x"))
}

func accounts(t *testing.T, s auth.Store) {
	ctx := t.Context()
	bert := auth.Account{Name: "bert", Role: auth.Viewer, CreatedAt: now}
	must(t, s.CreateAccount(ctx, bert))
	must(t, s.CreateAccount(ctx, anna))
	changed := anna
	changed.Role, changed.Disabled, changed.LoginAt = auth.Admin, true, later
	must(t, s.UpdateAccount(ctx, changed))
	got, err := s.Account(ctx, "anna")
	must(t, err)
	same(t, "Account", got, changed)
	all, err := s.Accounts(ctx)
	must(t, err)
	same(t, "Accounts", all, []auth.Account{changed, bert})
	must(t, s.Record(ctx, auth.Entry{At: now, Who: "anna", What: "log in"}))
}

func taken(t *testing.T, s auth.Store) {
	must(t, s.CreateAccount(t.Context(), anna))
	want(t, "CreateAccount(taken)", s.CreateAccount(t.Context(), anna), auth.ErrTaken)
}

func codeOnce(t *testing.T, s auth.Store) {
	ctx := t.Context()
	code := auth.Code{Digest: d1, Expires: later}
	must(t, s.PutCode(ctx, code))
	got, err := s.Code(ctx, d1)
	must(t, err)
	same(t, "Code", got, code)
	must(t, s.Redeem(ctx, d1, anna))
	want(t, "second Redeem", s.Redeem(ctx, d1, anna), auth.ErrNotFound)
	written, err := s.Account(ctx, "anna")
	must(t, err)
	same(t, "Account", written, anna)
}

func codeRace(t *testing.T, s auth.Store) {
	must(t, s.PutCode(t.Context(), auth.Code{Digest: d1, Expires: later}))
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { errs[i] = s.Redeem(t.Context(), d1, anna) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		}
	}
	if won != 1 {
		t.Errorf("%d of %d won the code, want 1: %v", won, len(errs), errs)
	}
}

func codeReplaced(t *testing.T, s auth.Store) {
	ctx := t.Context()
	must(t, s.CreateAccount(ctx, anna))
	must(t, s.PutCode(ctx, auth.Code{Digest: d1, Account: "anna", Expires: later}))
	must(t, s.PutCode(ctx, auth.Code{Digest: d2, Account: "anna", Expires: later}))
	want(t, "Redeem(replaced)", s.Redeem(ctx, d1, anna), auth.ErrNotFound)
	changed := anna
	changed.Password = "$argon2id$y"
	must(t, s.Redeem(ctx, d2, changed))
	got, err := s.Account(ctx, "anna")
	must(t, err)
	same(t, "Account", got, changed)
}

func firstAdminOnly(t *testing.T, s auth.Store) {
	ctx := t.Context()
	must(t, s.PutCode(ctx, auth.Code{Digest: d1, Expires: later}))
	must(t, s.CreateAccount(ctx, anna))
	want(t, "Redeem with an account", s.Redeem(ctx, d1, auth.Account{Name: "mallory", Role: auth.Admin}), auth.ErrTaken)
	_, err := s.Account(ctx, "mallory")
	want(t, "Account(mallory)", err, auth.ErrNotFound)
}

func sessions(t *testing.T, s auth.Store) {
	ctx := t.Context()
	session := auth.Session{Digest: d1, Account: "anna", Address: "::1", CreatedAt: now, SeenAt: now, Expires: later}
	must(t, s.CreateSession(ctx, session))
	session.SeenAt = now.Add(time.Minute)
	must(t, s.TouchSession(ctx, d1, session.SeenAt))
	got, err := s.Session(ctx, d1)
	must(t, err)
	same(t, "Session", got, session)
	must(t, s.DeleteSession(ctx, d1))
	_, err = s.Session(ctx, d1)
	want(t, "Session(deleted)", err, auth.ErrNotFound)
}

func sessionsOf(t *testing.T, s auth.Store) {
	ctx := t.Context()
	must(t, s.CreateSession(ctx, auth.Session{Digest: d1, Account: "anna", Expires: later}))
	must(t, s.CreateSession(ctx, auth.Session{Digest: d2, Account: "bert", Expires: later}))
	must(t, s.DeleteSessionsOf(ctx, "anna"))
	_, err := s.Session(ctx, d1)
	want(t, "Session(anna)", err, auth.ErrNotFound)
	_, err = s.Session(ctx, d2)
	must(t, err)
}

func tokens(t *testing.T, s auth.Store) {
	ctx := t.Context()
	old := auth.Token{Digest: d1, ID: "a", Account: "anna", Label: "ci <b>", Role: auth.Viewer, CreatedAt: now, Expires: later}
	young := auth.Token{Digest: d2, ID: "b", Account: "bert", Label: "cli", Role: auth.Admin, CreatedAt: later, Expires: later}
	must(t, s.CreateToken(ctx, old))
	must(t, s.CreateToken(ctx, young))
	must(t, s.TouchToken(ctx, d1, later))
	old.UsedAt = later
	got, err := s.Token(ctx, d1)
	must(t, err)
	same(t, "Token", got, old)
	all, err := s.Tokens(ctx, "")
	must(t, err)
	same(t, "Tokens of all", all, []auth.Token{young, old})
	must(t, s.DeleteToken(ctx, "bert", "a"))
	must(t, s.DeleteToken(ctx, "bert", "b"))
	all, err = s.Tokens(ctx, "anna")
	must(t, err)
	same(t, "Tokens of anna", all, []auth.Token{old})
	all, err = s.Tokens(ctx, "bert")
	must(t, err)
	same(t, "number of bert's tokens", len(all), 0)
}

func sweep(t *testing.T, s auth.Store) {
	ctx := t.Context()
	must(t, s.CreateSession(ctx, auth.Session{Digest: d1, Account: "anna", Expires: now}))
	must(t, s.CreateSession(ctx, auth.Session{Digest: d2, Account: "anna", Expires: later}))
	must(t, s.CreateToken(ctx, auth.Token{Digest: d1, ID: "a", Account: "anna", Expires: now}))
	must(t, s.PutCode(ctx, auth.Code{Digest: d1, Account: "anna", Expires: now}))
	must(t, s.Sweep(ctx, now.Add(time.Minute)))
	_, err := s.Session(ctx, d1)
	want(t, "Session(ended)", err, auth.ErrNotFound)
	_, err = s.Token(ctx, d1)
	want(t, "Token(ended)", err, auth.ErrNotFound)
	_, err = s.Code(ctx, d1)
	want(t, "Code(ended)", err, auth.ErrNotFound)
	_, err = s.Session(ctx, d2)
	must(t, err)
}
