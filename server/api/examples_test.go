package api

import (
	"encoding/json"
	"net/http/httptest"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"firstlight/server/auth"
)

// TestExamplesFollowTheirSchemas checks every example with what checks requests.
func TestExamplesFollowTheirSchemas(t *testing.T) {
	b := newBench(t)
	d := b.api.huma.OpenAPI()
	check := func(where string, s *huma.Schema, v any) {
		t.Helper()
		if v == nil {
			t.Errorf("%s has no example", where)
			return
		}
		text, err := json.Marshal(v)
		b.must(err)
		var read any
		b.must(json.Unmarshal(text, &read))
		result := &huma.ValidateResult{}
		huma.Validate(d.Components.Schemas, s, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, read, result)
		for _, e := range result.Errors {
			t.Errorf("example of %s: %v in %s", where, e, text)
		}
	}
	for _, item := range d.Paths {
		for _, op := range operations(item) {
			if op.RequestBody != nil {
				for _, m := range op.RequestBody.Content {
					check("the body of "+op.OperationID, m.Schema, m.Example)
				}
			}
		}
	}
	for name, e := range d.Components.Examples {
		check(name, &huma.Schema{Ref: "#/components/schemas/" + name}, e.Value)
	}
	for name, r := range d.Components.Responses {
		m := r.Content["application/problem+json"]
		check(name, m.Schema, m.Example)
	}
}

// TestSamplesRun hands every command of the document to a shell. What they name
// need not exist, but nothing in them may be wrong.
func TestSamplesRun(t *testing.T) {
	for _, tool := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("SKIPPED, " + tool + " is needed: apt-get install curl")
		}
	}
	b := newBench(t)
	b.report(1, "C0MPUT3")
	b.account()
	b.api.Close() // a stream ends at once
	b.must(b.people.SetTeams(t.Context(), auth.User{Name: "ada", Role: auth.Admin}, "ada", []string{"search"}))
	secret, _, err := b.people.NewToken(t.Context(), auth.User{Name: "ada", Role: auth.Admin}, "samples", auth.Admin, nil, time.Hour)
	b.must(err)
	server := httptest.NewServer(b.people.Middleware(b.api))
	t.Cleanup(server.Close)
	d, _ := readDocument(t)
	for path, methods := range d.Paths {
		for method, op := range methods {
			source := strings.Replace(op.Samples[0].Source, "--cacert ca.crt", `--silent --write-out '\n%{http_code}'`, 1)
			c := exec.CommandContext(t.Context(), "sh", "-c", source)
			c.Env = []string{"TOKEN=" + secret, "FIRSTLIGHT_URL=" + server.URL}
			out, err := c.CombinedOutput()
			status := strings.TrimSpace(string(out[max(0, len(out)-3):]))
			if err != nil || !slices.Contains([]string{"200", "201", "204", "207", "403", "404", "409", "412"}, status) {
				t.Errorf("%s %s: %s\n%v %s", method, path, source, err, out)
			}
		}
	}
}
