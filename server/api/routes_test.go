package api

import (
	"net/http"
	"strings"
	"testing"

	"firstlight/server/auth"
)

func TestARouteWithoutARoleIsNotServed(t *testing.T) {
	b := newBench(t)
	for _, role := range []auth.Role{auth.Nobody, "owner"} {
		err := b.api.register(route{http.MethodGet, "/open", role, "open", "", serve(b.api.me)})
		if err == nil || !strings.Contains(err.Error(), "want viewer, technician, engineer or admin") {
			t.Errorf("register with role %q = %v, want it refused", role, err)
		}
	}
}

func TestWhoMayNotIsToldWhy(t *testing.T) {
	b := newBench(t)
	b.refuses(b.as(auth.Nobody, http.MethodGet, "/machines", ""), http.StatusUnauthorized, "Authorization: Bearer")
	b.refuses(b.as(auth.Viewer, http.MethodPost, "/machines/FL1/power", `{"action":"off"}`), http.StatusForbidden, "needs the role technician", "you are viewer")
}

func TestUnknownPathsAndMethods(t *testing.T) {
	b := newBench(t)
	b.refuses(b.get("/machnes"), http.StatusNotFound, "did you mean /api/v1/machines?")
	r := b.as(auth.Admin, http.MethodDelete, "/machines/FL1", "")
	b.refuses(r, http.StatusMethodNotAllowed, "use GET")
	if got := r.Header.Get("Allow"); got != "GET, PATCH" {
		t.Errorf("Allow = %q, want GET, PATCH (RFC 9110 §15.5.6)", got)
	}
	if got := b.as(auth.Viewer, http.MethodHead, "/machines", "").StatusCode; got != http.StatusOK {
		t.Errorf("HEAD /machines = %d, want 200", got)
	}
}
