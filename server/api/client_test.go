package api

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// program is a folder where the public tools of testdata/client work on the
// document as it is served.
type program struct {
	*testing.T
	dir     string
	modules string // node_modules, in the cache
}

const served = "openapi.json"

func newProgram(t *testing.T, document string) program {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("SKIPPED, " + tool + " is needed: apt-get install nodejs npm")
		}
	}
	p := program{T: t, dir: t.TempDir()}
	p.modules = strings.TrimSpace(p.run("../../.tools/npm", "testdata/client"))
	p.must(os.CopyFS(p.dir, os.DirFS("testdata/client")))
	p.must(os.WriteFile(filepath.Join(p.dir, served), []byte(document), 0o600))
	return p
}

func (p program) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// run gives what a command of this folder writes to standard output.
func (p program) run(name string, args ...string) string {
	p.Helper()
	return p.finish(exec.CommandContext(p.Context(), name, args...))
}

// node runs a script in the program's folder.
func (p program) node(env []string, script string, args ...string) string {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "node", append([]string{script}, args...)...)
	c.Dir, c.Env = p.dir, append(os.Environ(), append(env, "NODE_PATH="+p.modules)...)
	return p.finish(c)
}

func (p program) finish(c *exec.Cmd) string {
	p.Helper()
	var complaint strings.Builder
	c.Stderr = &complaint
	out, err := c.Output()
	if err != nil {
		p.Fatalf("%s: %v\n%s%s", c, err, out, complaint.String())
	}
	return string(out)
}

// TestAPublicLinterFindsNothing, and that it would find something.
func TestAPublicLinterFindsNothing(t *testing.T) {
	document := newBench(t).get("/openapi.json").body
	p := newProgram(t, document)
	if found := p.node(nil, "lint.cjs", served); found != "" {
		t.Errorf("the linter finds:\n%s", found)
	}
	spoiled := strings.Replace(document, `"operationId": "get-me",`, "", 1)
	p.must(os.WriteFile(filepath.Join(p.dir, served), []byte(spoiled), 0o600))
	if found := p.node(nil, "lint.cjs", served); !strings.Contains(found, "(operation-operationId)") {
		t.Errorf("without an operation id the linter finds %q, want that", found)
	}
}

// TestTheLockNamesNoRegistry: where packages come from is for whoever installs
// them to say; what they hold is pinned by their hashes.
func TestTheLockNamesNoRegistry(t *testing.T) {
	text, err := os.ReadFile("testdata/client/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct{ Resolved, Integrity string }
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		t.Fatal(err)
	}
	for name, one := range lock.Packages {
		if one.Resolved != "" || one.Integrity == "" && name != "" {
			t.Errorf("%q: resolved %q, integrity %q; want the hash alone (npm config set omit-lockfile-registry-resolved true)", name, one.Resolved, one.Integrity)
		}
	}
}

// saw is what the generated client saw of the appliance.
type saw struct {
	Token                   string
	Me                      Me
	Names                   [][]string
	Machine                 Machine
	Missing, Wrong, Refused struct {
		Status           int
		Detail, Location string
	}
	Job     Job
	History List[Change]
	Event   string
}

// TestAGeneratedClientWorks generates a client from the document that is
// served, compiles a program against its types, and lets it work over TLS.
func TestAGeneratedClientWorks(t *testing.T) {
	b := newBench(t)
	for n := 1; n <= 6; n++ {
		b.add(n)
	}
	server := httptest.NewTLSServer(b.people.Middleware(b.api))
	t.Cleanup(server.Close)
	t.Cleanup(b.api.Close)
	p := newProgram(t, b.get("/openapi.json").body)
	p.node(nil, p.modules+"/@hey-api/openapi-ts/bin/index.cjs", "--input", served, "--output", "gen", "--client", "@hey-api/client-fetch", "--silent")
	p.node(nil, p.modules+"/typescript/bin/tsc", "--project", ".")
	authority := filepath.Join(p.dir, "ca.pem")
	p.must(os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600))
	out := p.node([]string{"NODE_EXTRA_CA_CERTS=" + authority, "FIRSTLIGHT_URL=" + server.URL, "SESSION=" + b.account()}, "out/client.js")
	var got saw
	d := json.NewDecoder(strings.NewReader(out))
	d.DisallowUnknownFields()
	p.must(d.Decode(&got))
	b.judge(got)
}

func (b *bench) judge(got saw) {
	b.Helper()
	if got.Me.Token != got.Token || got.Me.Role != "engineer" || got.Token == "" {
		b.Errorf("the token %q is shown as %+v", got.Token, got.Me)
	}
	if diff := cmp.Diff([][]string{{"FL1", "FL3"}, {"FL4", "FL5"}, {"FL6"}}, got.Names); diff != "" {
		b.Errorf("pages of the machines that are available (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(read[Machine](b, b.get("/machines/FL1"), 200), got.Machine); diff != "" {
		b.Errorf("machine (-asked here +client):\n%s", diff)
	}
	if got.Missing.Status != 404 || !strings.Contains(got.Missing.Detail, "list those that there are") {
		b.Errorf("a machine that there is not = %+v", got.Missing)
	}
	if got.Wrong.Status != 422 || got.Wrong.Location != "query.selector" || !strings.Contains(got.Wrong.Detail, "status") {
		b.Errorf("a selector that cannot be read = %+v", got.Wrong)
	}
	if got.Refused.Status != 403 || !strings.Contains(got.Refused.Detail, "a token cannot make tokens") {
		b.Errorf("a token that makes tokens = %+v", got.Refused)
	}
	if diff := cmp.Diff(read[Job](b, b.get("/jobs/"+got.Job.ID), 200), got.Job); diff != "" {
		b.Errorf("job (-asked here +client):\n%s", diff)
	}
	if diff := cmp.Diff(read[List[Change]](b, b.get("/machines/FL2/history"), 200), got.History); diff != "" {
		b.Errorf("history (-asked here +client):\n%s", diff)
	}
	if got.Job.Machine != "FL2" || got.Job.User != "ada" || got.Event == "" {
		b.Errorf("job %+v and event %q, want those of FL2", got.Job, got.Event)
	}
}
