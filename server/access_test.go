package server

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstlight/images/bootimage"
	"firstlight/images/bootimage/bootimagetest"
	"firstlight/server/api"
	"firstlight/server/auth"
	"firstlight/server/config"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestWhoMayCallWhichRoute (W-02) generates the routes of every door from its
// router, asks each as everybody, and holds the answers against a table that a
// person has read. A route without a row fails; so does a row without a route.
func TestWhoMayCallWhichRoute(t *testing.T) {
	const golden = "testdata/access.txt"
	d := newDoors(t)
	var rows []string
	for _, r := range d.routes(t) {
		row := d.row(t, r)
		rows = append(rows, row)
		r.holds(t, row)
	}
	slices.Sort(rows)
	got := header() + strings.Join(rows, "")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("who may call what differs from %s; if it is meant, write it anew with go test ./server -run %s -update and read it (-want +got):\n%s", golden, t.Name(), diff)
	}
}

// callers are the columns of the table.
var callers = []string{"nobody", "viewer", "technician", "engineer", "admin", "local root"}

func header() string {
	text := fmt.Sprintf("%-8s %-8s %-44s", "door", "method", "path")
	for _, c := range callers {
		text += fmt.Sprintf(" %-10s", c)
	}
	return strings.TrimRight(text, " ") + "\n"
}

// doors are those of an appliance that listens nowhere.
type doors struct {
	people, local, machines http.Handler
	appliance               *Appliance
}

func newDoors(t *testing.T) doors {
	t.Helper()
	c := &config.Config{
		State: t.TempDir(), HTTPPort: 80, Retention: time.Hour, People: config.People{Listen: "127.0.0.1:0"},
		Interfaces: []config.Interface{{Name: "lo", Address: netip.MustParseAddr("10.80.12.1")}},
	}
	c.Site.Name, c.Site.Domain = "lon6", "lon6.example"
	images := bootimagetest.Files([]byte("kernel"), []byte("initramfs"), bootimage.Architectures...)
	loaders := fstest.MapFS{"snponly.efi": {Data: []byte("loader")}}
	a := newAppliance(Options{Config: c, BootImages: images, Loaders: loaders, Version: "test", Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { _ = a.Close() })
	if err := a.open(t.Context(), a.parts()[:len(a.parts())-1]); err != nil { // all but listen
		t.Fatal(err)
	}
	a.people.endStreams() // a stream that is allowed ends at once
	return doors{people: a.people.http.Handler, local: a.people.local.Handler, machines: a.http.Handler(), appliance: a}
}

// doorRoute is one route of one door.
type doorRoute struct {
	door, method, path string
	role               string // the least one that the API's document names; "": none, or there is no document
}

// holds asserts that a row refuses every role below the one that the document
// names and lets every other in.
func (r doorRoute) holds(t *testing.T, row string) {
	t.Helper()
	if r.door != "api" {
		return
	}
	verdicts, least := strings.Fields(row)[3:], slices.Index(callers, r.role)
	if r.role == "" { // it rests on something else, such as a signature
		least = 0
	}
	if least < 0 {
		t.Errorf("%s %s has the role %q in the document, want one of %v", r.method, r.path, r.role, callers)
		return
	}
	for i, got := range verdicts {
		if (got == "yes") != (i >= least) {
			t.Errorf("%s %s answers %s with %q; its document says that it takes a %s", r.method, r.path, callers[i], got, r.role)
		}
	}
}

// routes reads them from the routers. What is mounted for the API is replaced
// by what stands in its document, which is made of its router.
func (d doors) routes(t *testing.T) (all []doorRoute) {
	t.Helper()
	for _, text := range d.appliance.people.site.Routes() {
		method, path, _ := strings.Cut(text, " ")
		if !strings.HasPrefix(path, api.Prefix+"/*") {
			all = append(all, doorRoute{door: "people", method: method, path: path})
		}
	}
	var document struct {
		Paths map[string]map[string]struct {
			Role string `json:"x-role"`
		} `json:"paths"`
	}
	written, err := d.appliance.people.programs.Document()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(written, &document); err != nil {
		t.Fatal(err)
	}
	for path, methods := range document.Paths {
		for method, operation := range methods {
			all = append(all, doorRoute{"api", strings.ToUpper(method), api.Prefix + path, operation.Role})
		}
	}
	for _, text := range d.appliance.http.Routes() {
		method, path, _ := strings.Cut(text, " ")
		all = append(all, doorRoute{door: "machines", method: method, path: path})
	}
	if len(all) < 150 {
		t.Errorf("only %d routes were found: the test looks at too little", len(all))
	}
	return all
}

func (d doors) row(t *testing.T, r doorRoute) string {
	t.Helper()
	text := fmt.Sprintf("%-8s %-8s %-44s", r.door, r.method, r.path)
	for _, caller := range callers {
		text += fmt.Sprintf(" %-10s", d.verdict(t, r, caller))
	}
	return strings.TrimRight(text, " ") + "\n"
}

// verdict asks. The request names things that there are not, so that what is
// allowed ends in 404 or 422 and changes nothing.
func (d doors) verdict(t *testing.T, r doorRoute, caller string) string {
	t.Helper()
	// What goes on for as long as it is asked, such as a profile, ends soon.
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	handler := d.people
	switch {
	case r.door == "machines":
		handler = d.machines
	case caller == "local root":
		handler = d.local
	case caller != "nobody":
		ctx = auth.With(ctx, auth.User{Name: caller, Role: auth.Role(caller)})
	}
	var body io.Reader = http.NoBody
	if r.door == "machines" && r.method != http.MethodGet {
		body = strings.NewReader("{}") // a call home that cannot be read is refused before its token
	}
	req := httptest.NewRequestWithContext(ctx, r.method, filled(r.path), body)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, req)
	toLogin := w.Code == http.StatusSeeOther && strings.HasPrefix(w.Header().Get("Location"), "/login?next=")
	switch {
	case toLogin || w.Code == http.StatusUnauthorized:
		return "who?"
	case w.Code == http.StatusForbidden:
		return "no"
	case w.Code >= http.StatusInternalServerError && w.Code != http.StatusServiceUnavailable:
		t.Errorf("%s %s as %s = %d: %s", r.method, r.path, caller, w.Code, w.Body)
	}
	return "yes"
}

// filled is a path with names of nothing in place of its parameters.
func filled(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if strings.HasPrefix(p, ":") || strings.HasPrefix(p, "{") || strings.HasPrefix(p, "*") {
			parts[i] = "none"
		}
	}
	path = strings.Join(parts, "/")
	if strings.HasSuffix(path, "/profile") {
		path += "?seconds=1"
	}
	return path
}
