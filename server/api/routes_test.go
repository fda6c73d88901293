package api

import (
	"net/http"
	"strings"
	"testing"

	"firstlight/server/auth"
)

// matrix is the least role of each operation, written a second time: a new one
// needs a line here, thought about by somebody. That each is refused to smaller
// ones, through every door, is a test of package server (testdata/access.txt).
var matrix = map[string]auth.Role{
	"GET /sites": auth.Viewer, "GET /sites/{name}": auth.Viewer, "PUT /sites/{name}": auth.Admin, "DELETE /sites/{name}": auth.Admin,
	"GET /rooms": auth.Viewer, "GET /rooms/{name}": auth.Viewer, "PUT /rooms/{name}": auth.Admin, "DELETE /rooms/{name}": auth.Admin,
	"GET /racks": auth.Viewer, "GET /racks/{name}": auth.Viewer, "PUT /racks/{name}": auth.Engineer, "DELETE /racks/{name}": auth.Engineer,
	"GET /types": auth.Viewer, "GET /types/{name}": auth.Viewer, "PUT /types/{name}": auth.Admin, "DELETE /types/{name}": auth.Admin,
	"GET /teams": auth.Viewer, "GET /teams/{name}": auth.Viewer, "PUT /teams/{name}": auth.Admin, "DELETE /teams/{name}": auth.Admin,
	"GET /services": auth.Viewer, "GET /services/{name}": auth.Viewer, "PUT /services/{name}": auth.Engineer, "DELETE /services/{name}": auth.Engineer,
	"GET /roles": auth.Viewer, "GET /roles/{name}": auth.Viewer, "PUT /roles/{name}": auth.Engineer, "DELETE /roles/{name}": auth.Engineer,
	"GET /pools": auth.Viewer, "GET /pools/{name}": auth.Viewer, "PUT /pools/{name}": auth.Engineer, "DELETE /pools/{name}": auth.Engineer,
	"GET /gates": auth.Viewer, "GET /gates/{name}": auth.Viewer, "PUT /gates/{name}": auth.Admin, "DELETE /gates/{name}": auth.Admin,
	"GET /racks/{name}/elevation": auth.Viewer, "GET /racks/{name}/sheet": auth.Viewer, "GET /capacity": auth.Viewer, "PATCH /machines/{ref}": auth.Technician,
	"GET /rules/{name}": auth.Viewer, "PUT /rules/{name}": auth.Admin, "DELETE /rules/{name}": auth.Admin,
	"GET /machines":                auth.Viewer,
	"GET /machines/{ref}":          auth.Viewer,
	"GET /machines/{ref}/timeline": auth.Viewer,
	"GET /machines/{ref}/history":  auth.Viewer,
	"GET /machines/{ref}/boot":     auth.Viewer,
	"GET /machines/{ref}/console":  auth.Viewer,
	"GET /machines/{ref}/issues":   auth.Viewer,
	"GET /issues":                  auth.Viewer,
	"GET /issues/kinds":            auth.Viewer,
	"GET /jobs":                    auth.Viewer,
	"GET /jobs/{id}":               auth.Viewer,
	"GET /images":                  auth.Viewer,
	"GET /images/{name}":           auth.Viewer,
	"GET /subnets":                 auth.Viewer,
	"GET /subnets/{name}":          auth.Viewer,
	"GET /rules":                   auth.Viewer,
	"GET /leases":                  auth.Viewer,
	"GET /strangers":               auth.Viewer,
	"GET /events":                  auth.Viewer,
	"GET /health":                  auth.Viewer,
	"GET /me":                      auth.Viewer,
	"GET /openapi.json":            auth.Viewer,
	"GET /tokens":                  auth.Viewer,
	"POST /tokens":                 auth.Viewer,
	"DELETE /tokens/{id}":          auth.Viewer,

	"POST /machines/bulk":            auth.Technician,
	"POST /imports":                  auth.Technician,
	"POST /adoptions":                auth.Admin,
	"GET /export":                    auth.Viewer,
	"GET /deliveries":                auth.Viewer,
	"GET /deliveries/{name}":         auth.Viewer,
	"GET /deliveries/{name}/handoff": auth.Viewer,
	"POST /deliveries/{name}/close":  auth.Engineer,

	"POST /machines/{ref}/power":   auth.Technician,
	"POST /machines/{ref}/light":   auth.Technician,
	"POST /machines/{ref}/recheck": auth.Technician,

	"POST /machines/{ref}/pass-gate": auth.Engineer,
	"POST /machines/{ref}/ask-gate":  auth.Technician,
	"POST /gates/{name}/secret":      auth.Admin,
	"GET /waits":                     auth.Viewer,
	"POST /waits/{id}/answer":        auth.Nobody,

	"POST /machines/{ref}/accept-port":   auth.Technician,
	"POST /issues/{subject}/{kind}/take": auth.Technician,
	"POST /issues/{subject}/{kind}/drop": auth.Technician,

	"POST /machines/{ref}/broken":   auth.Technician,
	"POST /machines/{ref}/repair":   auth.Technician,
	"POST /machines/{ref}/repaired": auth.Technician,
	"POST /machines/{ref}/undo":     auth.Technician,
	"POST /machines/{ref}/return":   auth.Engineer,
	"POST /machines/{ref}/retire":   auth.Admin,

	"POST /machines/{ref}/lock":    auth.Engineer,
	"POST /machines/{ref}/unlock":  auth.Engineer,
	"POST /machines/{ref}/release": auth.Engineer,
	"GET /machines/{ref}/rules":    auth.Viewer,
	"POST /machines/{ref}/waive":   auth.Admin,
	"POST /machines/{ref}/thaw":    auth.Engineer,
	"POST /jobs":                   auth.Engineer,
	"POST /jobs/{id}/cancel":       auth.Engineer,

	"PUT /subnets/{name}":      auth.Admin,
	"PUT /bmc-logins/{serial}": auth.Admin,
	"GET /audit":               auth.Admin,
	"GET /enc/{certname}":      auth.Viewer,
	"GET /inventory":           auth.Viewer,
	"GET /sd":                  auth.Viewer,
	"GET /backup":              auth.Admin,
	"GET /restored":            auth.Viewer,
	"POST /restored/end":       auth.Admin,
	"GET /audit/export":        auth.Admin,
	"GET /audit/chain":         auth.Admin,

	"GET /users":                 auth.Admin,
	"POST /users":                auth.Admin,
	"GET /users/{name}":          auth.Admin,
	"PUT /users/{name}/role":     auth.Admin,
	"PUT /users/{name}/teams":    auth.Admin,
	"POST /users/{name}/code":    auth.Admin,
	"POST /users/{name}/disable": auth.Admin,
	"POST /users/{name}/enable":  auth.Admin,
	"PUT /me/password":           auth.Viewer,
}

func TestEveryRouteHasTheRoleOfTheMatrix(t *testing.T) {
	d, _ := readDocument(t)
	served := map[string]auth.Role{}
	for path, methods := range d.Paths {
		for method, op := range methods {
			served[strings.ToUpper(method)+" "+path] = auth.Role(op.Role)
		}
	}
	for name, role := range served {
		if want, known := matrix[name]; !known || role != want {
			t.Errorf("%s asks for the role %q, the matrix says %q", name, role, want)
		}
	}
	for name := range matrix {
		if _, ok := served[name]; !ok {
			t.Errorf("%s stands in the matrix and is not served", name)
		}
	}
}

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
