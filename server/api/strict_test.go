package api

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"firstlight/server/auth"
)

// TestWhatIsWrongIsNamed holds every kind of bad request against the field,
// value and remedy that its answer must name.
func TestWhatIsWrongIsNamed(t *testing.T) {
	b := newBench(t)
	b.add(1)
	const order = `{"action":"install","target":"name=FL1","params":{"image":"debian-12"}`
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		says                     []string
	}{
		{"an unknown field names the nearest", "POST", "/machines/FL1/lock", `{"nte":"x","note":"y"}`, 422, []string{"body.nte", "did you mean note?"}},
		{"an unknown field inside a field, too", "POST", "/jobs", `{"action":"install","target":"name=FL1","params":{"image":"debian-12","rol":"web"}}`, 422, []string{"body.params.rol", "did you mean role?"}},
		{"and in a list", "PUT", "/subnets/new", `{"prefix":"10.80.12.0/24","site":"lab","ranges":[{"frist":"10.80.12.1","first":"10.80.12.1","last":"10.80.12.2"}]}`, 422, []string{"ranges[0].frist", "did you mean first?"}},
		{"a field like no other lists what there is", "POST", "/jobs", order + `,"completely_else":1}`, 422, []string{"body.completely_else", "there are action, dry_run, expect, owner, params, partial, requester, target"}},
		{"an unknown query parameter names the nearest", "GET", "/machines?selectr=x", "", 422, []string{"query.selectr", "did you mean selector?"}},
		{"a missing field is named", "POST", "/jobs", `{"action":"install","params":{"image":"debian-12"}}`, 422, []string{"target"}},
		{"a value outside the list names the list", "POST", "/machines/FL1/power", `{"action":"explode"}`, 422, []string{"body.action", `"explode"`, "on, off, cycle"}},
		{"a reason that is none names the list", "POST", "/machines/FL1/broken", `{"reason":"gremlins"}`, 422, []string{"body.reason", `"gremlins"`, "disk, memory"}},
		{"a number that is too small", "GET", "/machines?limit=0", "", 422, []string{"query.limit", "0", ">= 1"}},
		{"a word where a number belongs", "GET", "/machines?limit=many", "", 422, []string{"query.limit", `"many"`, "integer"}},
		{"a selector points at the column", "GET", "/machines?selector=statu=held", "", 422, []string{"column 1", "did you mean status?"}},
		{"so does a target", "POST", "/jobs", `{"action":"install","target":"statu=held","params":{"image":"debian-12"}}`, 422, []string{"column 1", "did you mean status?"}},
		{"a target that picks nobody", "POST", "/jobs", `{"action":"install","target":"name=FL9","params":{"image":"debian-12"}}`, 422, []string{"target", `"name=FL9"`, "picks no machine"}},
		{"an image that there is not", "POST", "/jobs", `{"action":"install","target":"name=FL1","params":{"image":"debian-99"}}`, 422, []string{`image "debian-99"`, "listed by"}},
		{"a machine that there is not", "GET", "/machines/FL9", "", 404, []string{`"FL9"`, "GET /api/v1/machines"}},
		{"a job that there is not", "GET", "/jobs/none", "", 404, []string{`job "none"`, "GET /api/v1/jobs"}},
		{"a job to cancel that there is not", "POST", "/jobs/none/cancel", "", 404, []string{`job "none"`, "GET /api/v1/jobs"}},
		{"a machine to check that there is not", "POST", "/machines/FL9/recheck", "", 404, []string{`"FL9"`, "GET /api/v1/machines"}},
		{"an image in the path that there is not", "GET", "/images/none", "", 404, []string{`image "none"`, "GET /api/v1/images"}},
		{"a subnet that there is not", "GET", "/subnets/none", "", 404, []string{`subnet "none"`, "GET /api/v1/subnets"}},
		{"a cursor of somebody else's", "GET", "/leases?cursor=x", "", 422, []string{"query.cursor", `"x"`, "next_cursor"}},
		{"a cursor of a timeline", "GET", "/machines/FL1/timeline?cursor=x", "", 422, []string{"query.cursor", `"x"`}},
		{"a job cursor", "GET", "/jobs?cursor=x", "", 422, []string{"query.cursor", `"x"`}},
		{"a MAC that is none", "GET", "/leases?mac=zz", "", 422, []string{`"zz"`, "six pairs"}},
		{"a MAC that is none to explain", "GET", "/machines/zz/boot", "", 404, []string{`"zz"`, "a MAC such as 52:54:00:12:34:56"}},
		{"a machine to simulate that there is not", "GET", "/boot/simulation?machine=zz", "", 404, []string{`"zz"`, "a MAC such as 52:54:00:12:34:56"}},
		{"a subnet to simulate that there is not", "GET", "/boot/simulation?subnet=mars", "", 422, []string{`subnet "mars"`, "name one of lab"}},
		{"a body that is no JSON", "POST", "/machines/FL1/lock", `{"note":`, 400, []string{"body", "JSON"}},
		{"a body of another kind", "POST", "/machines/FL1/lock", `[]`, 422, []string{"body", "expected object"}},
		{"no body at all", "POST", "/machines/FL1/lock", "", 400, []string{"body", "a JSON object with note"}},
		{"a body without an end", "POST", "/machines/FL1/lock", `{"note":"` + strings.Repeat("x", maxBody) + `"}`, 413, []string{"larger than 65536 bytes"}},
		{"another name than the machine's", "POST", "/machines/FL1/release", `{"name":"FL2"}`, 422, []string{`name "FL2"`, "type FL1"}},
		{"a prefix that is none", "PUT", "/subnets/new", `{"prefix":"10.1","site":"lab"}`, 422, []string{"body.prefix", `"10.1"`, "such as 10.80.12.0/24"}},
		{"host bits in a prefix", "PUT", "/subnets/new", `{"prefix":"10.1.0.1/24","site":"lab"}`, 422, []string{"10.1.0.1/24", "did you mean 10.1.0.0/24?"}},
		{"a prefix that overlaps", "PUT", "/subnets/new", `{"prefix":"10.80.0.0/16","site":"lab"}`, 422, []string{"10.80.0.0/16", "overlaps 10.80.12.0/24 of subnet lab"}},
		{"a gateway that is none", "PUT", "/subnets/new", `{"prefix":"10.1.0.0/24","site":"lab","gateway":"here"}`, 422, []string{"body.gateway", `"here"`}},
		{"another name than the path's", "PUT", "/subnets/new", `{"name":"old","prefix":"10.1.0.0/24","site":"lab"}`, 422, []string{"body.name", `"old"`, "path"}},
		{"a token for ever", "POST", "/tokens", `{"label":"x","role":"viewer","lifetime_seconds":99999999999}`, 422, []string{"lifetime_seconds", "7776000"}},
		{"a stream of a machine that there is not", "GET", "/events?machine=FL9", "", 404, []string{`"FL9"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b.T = t
			p := b.refuses(b.as(auth.Admin, tt.method, tt.path, tt.body), tt.status, tt.says...)
			t.Log(p.Detail)
		})
	}
}

func TestEveryProblemOfARequestIsListed(t *testing.T) {
	b := newBench(t)
	p := b.refuses(b.post("/jobs", `{"action":"instal","target":"","params":{"image":"x"}}`), http.StatusUnprocessableEntity)
	where := map[string]bool{}
	for _, e := range p.Errors {
		where[e.Location] = true
	}
	if !where["body.action"] || !where["body.target"] {
		t.Errorf("errors = %+v, want those of body.action and body.target", p.Errors)
	}
}

func TestFaultsOfOursAreLoggedNotTold(t *testing.T) {
	b := newBench(t)
	m := b.add(1)
	b.must(b.db.Close())
	r := b.get("/machines/" + m.Name + "/history")
	b.refuses(r, http.StatusInternalServerError, "its log says what")
	if strings.Contains(r.body, "sql") || !strings.Contains(b.log.String(), "request failed") {
		t.Errorf("answer %s, log %s: want the cause in the log alone", r.body, b.log)
	}
}

func TestASecretIsNotEchoed(t *testing.T) {
	b := newBench(t)
	type secret struct {
		Password string `json:"password" format:"password" maxLength:"8"`
	}
	keep := serve(func(context.Context, *struct{ Body secret }) (Me, error) { return Me{}, nil })
	b.must(b.api.register(route{http.MethodPost, "/secret", auth.Viewer, "secret", "", keep}))
	r := b.post("/secret", `{"password":"correct horse"}`)
	b.refuses(r, http.StatusUnprocessableEntity, "body.password", "length <= 8")
	if strings.Contains(r.body, "horse") {
		t.Errorf("the problem holds the secret: %s", r.body)
	}
}
