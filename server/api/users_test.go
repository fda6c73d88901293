package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firstlight/server/auth"
)

func TestAUserFromTheInvitationToTheShutOut(t *testing.T) {
	b := newBench(t)
	b.account()
	made := read[UserCode](b, b.post("/users", `{"name":"grace","role":"engineer","teams":["web","search"]}`), http.StatusCreated)
	want := User{Name: "grace", Role: "engineer", Teams: []string{"search", "web"}, State: "invited", CreatedBy: "ada"}
	times := cmpopts.IgnoreTypes(time.Time{}, (*time.Time)(nil))
	if diff := cmp.Diff(want, made.User, times); diff != "" {
		t.Errorf("made (-want +got):\n%s", diff)
	}
	if life := time.Until(made.Expires); life < 23*time.Hour || life > 24*time.Hour {
		t.Errorf("the code is good for %s, want a day", life)
	}
	b.redeems("grace", made.Code)
	for _, step := range []struct {
		method, path, body string
		change             func(*User)
	}{
		{http.MethodGet, "", "", func(u *User) { u.State = "active" }},
		{http.MethodPut, "/role", `{"role":"technician"}`, func(u *User) { u.Role = "technician" }},
		{http.MethodPut, "/teams", `{"teams":[]}`, func(u *User) { u.Teams = []string{} }},
		{http.MethodPut, "/teams", `{"teams":["db"]}`, func(u *User) { u.Teams = []string{"db"} }},
		{http.MethodPost, "/disable", "", func(u *User) { u.State = "disabled" }},
		{http.MethodPost, "/enable", "", func(u *User) { u.State = "active" }},
	} {
		step.change(&want)
		old := b.get("/users/grace").Header.Get("ETag")
		got := read[User](b, b.as(auth.Admin, step.method, "/users/grace"+step.path, step.body, "If-Match", old), http.StatusOK)
		if step.method != http.MethodGet && step.path != "/teams" {
			b.refuses(b.as(auth.Admin, step.method, "/users/grace"+step.path, step.body, "If-Match", old), http.StatusPreconditionFailed, "account grace", "by now, not "+old)
		}
		if diff := cmp.Diff(want, got, times); diff != "" {
			t.Errorf("after %s %s (-want +got):\n%s", step.method, step.path, diff)
		}
	}
	again := read[UserCode](b, b.post("/users/grace/code", ""), http.StatusCreated)
	b.redeems("grace", again.Code)
	list := b.get("/users")
	all := read[List[User]](b, list, http.StatusOK)
	if len(all.Items) != 2 || all.Items[0].Name != "ada" || all.Items[1].LoginAt == nil {
		t.Errorf("users = %+v", all)
	}
	if strings.Contains(list.body, "argon2id") {
		t.Error("the list shows a password's hash")
	}
}

func (b *bench) redeems(name, code string) {
	b.Helper()
	_, err := b.people.Redeem(b.Context(), netip.MustParseAddr("192.0.2.7"), code, name, "correct horse battery staple")
	b.must(err)
}

func TestWhatIsRefusedOfUsers(t *testing.T) {
	b := newBench(t)
	b.account() // ada, the last admin
	for _, tt := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{http.MethodPut, "/users/ada/role", `{"role":"viewer"}`, 422, "ada is the last admin: make another account an admin first"},
		{http.MethodPost, "/users/ada/disable", "", 422, "ada is the last admin"},
		{http.MethodPost, "/users", `{"name":"ada","role":"viewer"}`, 422, "there is such an account already"},
		{http.MethodPost, "/users", `{"name":"local","role":"viewer"}`, 422, "a part of Firstlight is called so"},
		{http.MethodPost, "/users", `{"name":"Ada B","role":"viewer"}`, 422, "body.name"},
		{http.MethodPost, "/users", `{"name":"bob","role":"root"}`, 422, "body.role"},
		{http.MethodPost, "/users", `{"name":"bob","role":"viewer","teams":["Team Search"]}`, 422, `team "Team Search": want 1 to 63`},
		{http.MethodPut, "/users/ada/teams", `{"teams":["-"]}`, 422, `team "-"`},
		{http.MethodGet, "/users/nobody", "", 404, "nobody"},
		{http.MethodPut, "/users/nobody/role", `{"role":"viewer"}`, 404, "nobody"},
		{http.MethodPost, "/users/nobody/code", "", 404, "nobody"},
		{http.MethodPut, "/me/password", `{"old":"guess","new":"four words for gates"}`, 422, "old password is wrong"},
	} {
		b.refuses(b.as(auth.Admin, tt.method, tt.path, tt.body, "If-Match", "*"), tt.status, tt.says)
	}
	for _, path := range []string{"/users", "/users/ada/code"} {
		r := httptest.NewRequestWithContext(auth.With(t.Context(), auth.User{Name: "ada", Role: auth.Admin, Token: "t"}), http.MethodPost, Prefix+path, strings.NewReader(`{"name":"bob","role":"admin"}`))
		w := httptest.NewRecorder()
		b.api.ServeHTTP(w, r)
		b.refuses(reply{w.Result(), w.Body.String()}, http.StatusForbidden, "a token cannot let people in")
	}
}

func TestAPasswordIsChangedByWhoeverKnowsTheOldOne(t *testing.T) {
	b := newBench(t)
	b.account()
	const next = "four words for gates"
	body := fmt.Sprintf(`{"old":"correct horse battery staple","new":%q}`, next)
	if r := b.as(auth.Viewer, http.MethodPut, "/me/password", body); r.StatusCode != http.StatusNoContent {
		t.Errorf("PUT /me/password = %d %s", r.StatusCode, r.body)
	}
	if _, err := b.people.Login(t.Context(), netip.MustParseAddr("192.0.2.7"), "ada", next); err != nil {
		t.Errorf("Login with the new password = %v", err)
	}
}
