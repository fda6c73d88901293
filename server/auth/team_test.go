package auth_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/auth"
)

var root = auth.User{Name: "root", Role: auth.Admin}

// member adds an account with a password and logs it in.
func (b *bench) member(name string, role auth.Role, teams ...string) string {
	b.t.Helper()
	code, err := b.Invite(b.t.Context(), root, name, role, teams)
	if err != nil {
		b.t.Fatal(err)
	}
	secret, err := b.Redeem(b.t.Context(), here, code, name, good)
	if err != nil {
		b.t.Fatal(err)
	}
	return secret
}

func TestTeamsFollowTheAccountAtOnce(t *testing.T) {
	b := newBench(t)
	b.admin()
	secret := b.member("anna", auth.Engineer, "web", "db", "web")
	anna, err := b.who(secret)
	if diff := cmp.Diff([]string{"db", "web"}, anna.Teams); diff != "" || err != nil {
		t.Errorf("teams (-want +got):\n%s, %v", diff, err)
	}
	all, _, err := b.NewToken(t.Context(), anna, "all", auth.Engineer, nil, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	one, _, err := b.NewToken(t.Context(), anna, "one", auth.Engineer, []string{"db"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = b.NewToken(t.Context(), anna, "other", auth.Engineer, []string{"db", "search"}, time.Hour)
	b.refused("NewToken of a team of others", err, `team "search": you are not in it: name some of yours (db, web)`)
	for _, step := range []struct {
		has, all, one []string
	}{
		{[]string{"db", "web"}, []string{"db", "web"}, []string{"db"}},
		{[]string{"search", "web"}, []string{"search", "web"}, []string{}},
		{nil, nil, nil},
	} {
		if err := b.SetTeams(t.Context(), root, "anna", step.has); err != nil {
			t.Fatal(err)
		}
		for what, want := range map[string][]string{all: step.all, one: step.one} {
			u, err := b.bearer(what)
			if err != nil || strings.Join(u.Teams, " ") != strings.Join(want, " ") {
				t.Errorf("teams by token = %v, %v; want %v of an account in %v", u.Teams, err, want, step.has)
			}
		}
	}
}

func TestTeamsAreNames(t *testing.T) {
	b := newBench(t)
	b.admin()
	for _, name := range []string{"", "Search", "team search", "-x", "x-", strings.Repeat("x", 64), "té"} {
		b.refused("SetTeams("+name+")", b.SetTeams(t.Context(), root, "root", []string{name}), "lower-case letters, digits and inner dashes")
	}
	many := make([]string, 33)
	for i := range many {
		many[i] = "t" + strings.Repeat("x", i)
	}
	b.refused("SetTeams of 33", b.SetTeams(t.Context(), root, "root", many), "at most 32")
	if diff := cmp.Diff([]string{"a", "b", "c"}, auth.ParseTeams(" a, b\tc ,")); diff != "" {
		t.Errorf("ParseTeams (-want +got):\n%s", diff)
	}
	if err := b.SetTeams(t.Context(), root, "nobody", nil); !errors.Is(err, auth.ErrNotFound) {
		t.Errorf("SetTeams of nobody = %v, want ErrNotFound", err)
	}
}

func TestNobodyIsCalledAsAPartOfFirstlight(t *testing.T) {
	b := newBench(t)
	code, err := b.FirstCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Redeem(t.Context(), here, code, "local", good)
	b.refused("Redeem(local)", err, "a part of Firstlight is called so")
	b.admin()
	_, err = b.Invite(t.Context(), root, "agent", auth.Viewer, nil)
	b.refused("Invite(agent)", err, "a part of Firstlight is called so")
}

// TestTwoAdminsCannotDemoteEachOther lets both try at the same time.
func TestTwoAdminsCannotDemoteEachOther(t *testing.T) {
	for range 20 {
		b := newBench(t)
		b.admin()
		b.member("anna", auth.Admin)
		var both sync.WaitGroup
		errs := make([]error, 2)
		for i, name := range []string{"root", "anna"} {
			both.Go(func() { errs[i] = b.SetRole(t.Context(), root, name, auth.Viewer) })
		}
		both.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("demoted both or none: %v, %v", errs[0], errs[1])
		}
	}
}

// TestAShutOutDuringALogInHolds shuts an account out while its password is
// being hashed; the log-in must not write it back as it was.
func TestAShutOutDuringALogInHolds(t *testing.T) {
	b := newBench(t)
	b.admin()
	b.member("anna", auth.Engineer)
	for range 10 {
		var login sync.WaitGroup
		login.Go(func() { _, _ = b.Login(t.Context(), here, "anna", good) })
		if err := b.SetDisabled(t.Context(), root, "anna", true); err != nil {
			t.Fatal(err)
		}
		login.Wait()
		if a, err := b.Account(t.Context(), "anna"); err != nil || !a.Disabled {
			t.Fatalf("account = %+v, %v; want it shut out", a, err)
		}
		if err := b.SetDisabled(t.Context(), root, "anna", false); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhatChangesOnAnAccountIsAuditedFieldByField(t *testing.T) {
	b := newBench(t)
	b.admin()
	b.member("anna", auth.Engineer, "db")
	if err := errors.Join(
		b.SetTeams(t.Context(), root, "anna", []string{"db", "web"}),
		b.SetRole(t.Context(), root, "anna", auth.Technician),
		b.SetDisabled(t.Context(), root, "anna", true),
	); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`add account:  → {"role":"engineer","teams":["db"]}`,
		`set teams: {"teams":["db"]} → {"teams":["db","web"]}`,
		`set role: {"role":"engineer"} → {"role":"technician"}`,
		`disable account:  → {"disabled":true}`,
	}
	var got []string
	for _, e := range b.store.Entries() {
		if e.Object == "anna" && (e.Before != "" || strings.HasPrefix(e.After, "{")) {
			got = append(got, e.What+": "+e.Before+" → "+e.After)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}
}
