package api

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/auth"
	"firstlight/server/health"
)

// account makes the account that requests of tests come from, and gives a
// session of it.
func (b *bench) account() string {
	b.Helper()
	code, err := b.people.FirstCode(b.Context())
	b.must(err)
	session, err := b.people.Redeem(b.Context(), netip.MustParseAddr("192.0.2.7"), code, "ada", "correct horse battery staple")
	b.must(err)
	return session
}

func TestMe(t *testing.T) {
	b := newBench(t)
	got := read[Me](b, b.as(auth.Technician, http.MethodGet, "/me", ""), http.StatusOK)
	if diff := cmp.Diff(Me{Name: "ada", Role: "technician", Teams: []string{"team-search"}, Address: "192.0.2.7"}, got); diff != "" {
		t.Errorf("me (-want +got):\n%s", diff)
	}
}

func TestHealthIsThatOfTheWorstPart(t *testing.T) {
	b := newBench(t)
	got := read[Health](b, b.get("/health"), http.StatusOK)
	if got.State != "degraded" || got.Version != "dev" || time.Since(got.Now).Abs() > time.Minute {
		t.Errorf("health = %+v", got)
	}
	if diff := cmp.Diff([]health.Status{{Name: "dhcp", State: health.Degraded, Detail: "answers on eth1 only"}}, got.Parts); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
}

// TestATokenFromItsMakingToItsEnd goes through auth's own middleware, as
// programs do.
func TestATokenFromItsMakingToItsEnd(t *testing.T) {
	b := newBench(t)
	b.account()
	made := read[NewToken](b, b.post("/tokens", `{"label":"nightly","role":"viewer","lifetime_seconds":3600}`), http.StatusCreated)
	if made.Account != "ada" || made.Role != "viewer" || made.Expires.Sub(made.CreatedAt) != time.Hour {
		t.Errorf("token = %+v", made)
	}
	door := b.people.Middleware(b.api)
	ask := func(method, path string) reply {
		r := httptest.NewRequestWithContext(t.Context(), method, Prefix+path, nil)
		r.Header.Set("Authorization", "Bearer "+made.Secret)
		w := httptest.NewRecorder()
		door.ServeHTTP(w, r)
		return reply{w.Result(), w.Body.String()}
	}
	if me := read[Me](b, ask(http.MethodGet, "/me"), http.StatusOK); me.Token != made.ID || me.Role != "viewer" {
		t.Errorf("me = %+v, want a viewer by token %s", me, made.ID)
	}
	b.refuses(ask(http.MethodGet, "/audit"), http.StatusForbidden, "needs the role admin")
	b.refuses(ask(http.MethodDelete, "/tokens/"+made.ID+"?account=grace"), http.StatusForbidden, "admin")

	list := b.get("/tokens")
	if got := read[List[Token]](b, list, http.StatusOK); got.Total != 1 || got.Items[0].ID != made.ID || got.Items[0].UsedAt == nil {
		t.Errorf("tokens = %+v, want the one, used", got)
	}
	if strings.Contains(list.body, made.Secret) {
		t.Error("the list shows the token's text")
	}
	if r := b.as(auth.Viewer, http.MethodDelete, "/tokens/"+made.ID, ""); r.StatusCode != http.StatusNoContent || r.body != "" {
		t.Errorf("DELETE = %d %s, want 204", r.StatusCode, r.body)
	}
	b.refuses(ask(http.MethodGet, "/me"), http.StatusUnauthorized, "log in")
	b.refuses(b.as(auth.Viewer, http.MethodDelete, "/tokens/"+made.ID, ""), http.StatusNotFound, "ada has no token", "GET /api/v1/tokens")
}

func TestWhoMayNotMakeTokens(t *testing.T) {
	b := newBench(t)
	const order = `{"label":"x","role":"admin","lifetime_seconds":3600}`
	b.refuses(b.post("/tokens", order), http.StatusConflict, "ada is not an account") // it came through the socket
	b.account()
	b.refuses(b.as(auth.Viewer, http.MethodPost, "/tokens", order), http.StatusUnprocessableEntity, `role "admin"`, "up to your own, viewer")
	b.refuses(b.as(auth.Viewer, http.MethodGet, "/tokens?all=true", ""), http.StatusForbidden, "admin")
	r := httptest.NewRequestWithContext(auth.With(t.Context(), auth.User{Name: "ada", Role: auth.Admin, Token: "t"}), http.MethodPost, Prefix+"/tokens", strings.NewReader(order))
	w := httptest.NewRecorder()
	b.api.ServeHTTP(w, r)
	b.refuses(reply{w.Result(), w.Body.String()}, http.StatusForbidden, "a token cannot make tokens")
}
