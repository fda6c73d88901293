package web

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firstlight/agent/report"
	"firstlight/server/auth"
	"firstlight/server/auth/authtest"
	"firstlight/server/jobs"
	"firstlight/server/machine"
	"firstlight/server/operate"
	"firstlight/server/serverdb"
)

// deskInsight answers from the audit of a real desk, all else from the can.
type deskInsight struct {
	*canned
	desk *operate.Desk
}

func (i deskInsight) Audit(ctx context.Context, q auth.Query) ([]auth.Entry, error) {
	return i.desk.Audit(ctx, q)
}

// newDesk is a site before a real desk on an empty database, as the appliance
// has it.
func newDesk(t *testing.T) (*bench, *operate.Desk) {
	t.Helper()
	db, err := serverdb.Open(t.Context(), filepath.Join(t.TempDir(), "serverdb.sqlite"), serverdb.Options{
		Log: slog.New(slog.DiscardHandler), Now: time.Now, Retention: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Seed(t.Context(), []*machine.Subnet{{
		Name: "lab", Prefix: netip.MustParsePrefix("10.80.12.0/24"), Site: "lab", Mode: "server", Policy: machine.PolicyRegister, Lease: time.Hour,
	}}, nil); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	desk := operate.New(operate.Config{DB: db, Jobs: jobs.New(jobs.Config{DB: db, Log: log, Now: time.Now}), Log: log, Now: time.Now})
	people, err := auth.New(auth.Config{Store: authtest.NewStore(), Random: rand.Reader, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, canned: &canned{}, people: people, log: &strings.Builder{}, cookies: map[auth.Role]string{}}
	b.site, err = New(Config{
		Data: db, Actions: deskActions{desk, b.canned}, Insight: deskInsight{b.canned, desk}, States: b.canned, People: people, PlanRole: operate.PlanRole,
		Log: log, Now: time.Now, API: apiDocument(t), Site: "lon6", Version: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	b.serve()
	return b, desk
}

// deskActions is the desk; lists, of which the wiring changes the words, are
// canned.
type deskActions struct {
	*operate.Desk
	lists *canned
}

func (d deskActions) Bring(ctx context.Context, who auth.User, l List) (*Brought, error) {
	return d.lists.Bring(ctx, who, l)
}

func (d deskActions) Bulk(ctx context.Context, who auth.User, b Bulk) (all []BulkVerdict, written bool, err error) {
	got, written, err := d.Desk.Bulk(ctx, who, operate.Bulk(b))
	for _, v := range got {
		all = append(all, BulkVerdict(v))
	}
	return all, written, err
}

// reported is a machine that told what it is.
func reported(t *testing.T, d *operate.Desk) *machine.Machine {
	t.Helper()
	m, err := d.DB.Report(t.Context(), &report.Report{
		Version: report.Version, Boot: report.Boot{ID: "b", MAC: "52:54:00:00:00:01", Platform: "efi"},
		System: report.System{Vendor: "Firstlight", Serial: "FL0001", UUID: "11111111-0000-0000-0000-000000000001"},
		NICs:   []report.NIC{{Name: "eth0", MAC: "52:54:00:00:00:01", Link: true}},
	}, netip.MustParseAddr("10.80.12.9"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// puts writes items of the plan as an admin.
func puts(t *testing.T, d *operate.Desk, all ...machine.Plan) {
	t.Helper()
	for _, p := range all {
		if _, err := d.PutPlan(t.Context(), auth.User{Name: "grace", Role: auth.Admin}, p, 0); err != nil {
			t.Fatal(err)
		}
	}
}

// shows fails unless a reply has a status and each text, as it reads.
func (r reply) shows(t *testing.T, status int, texts ...string) {
	t.Helper()
	if r.StatusCode != status {
		t.Fatalf("%s %s = %d, want %d: %s", r.Request.Method, r.Request.URL.Path, r.StatusCode, status, r.body)
	}
	for _, text := range texts {
		if !strings.Contains(r.body, text) {
			t.Errorf("%s %s does not show %q: %s", r.Request.Method, r.Request.URL.Path, text, r.body)
		}
	}
}

func TestThePlanIsWrittenOnPages(t *testing.T) {
	b, d := newDesk(t)
	admin := b.as(auth.Admin)
	if r := b.post("/plan/sites", admin, "name", "lon6", "title", "London 6"); r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/plan/sites/lon6" {
		t.Fatalf("add a site = %d to %q: %s", r.StatusCode, r.Header.Get("Location"), r.body)
	}
	b.get("/plan/sites/lon6", admin).shows(t, http.StatusOK, "London 6", "No machine.", "/plan/racks?site=lon6#add")
	b.get("/plan/racks?site=lon6", admin).shows(t, http.StatusOK, `name="site" value="lon6"`, `<option value="lon6">`)

	wrong := b.post("/plan/racks", admin, "name", "r12", "site", "lon7", "units", "many", "note", "two\r\nfeeds")
	wrong.shows(t, http.StatusUnprocessableEntity, `value="many"`, "Want a whole number.", "two\nfeeds", `id="wrong-units"`, "autofocus")
	wrong = b.post("/plan/racks", admin, "name", "r12", "site", "lon7", "units", "42")
	wrong.shows(t, http.StatusUnprocessableEntity, `id="wrong-site"`, "There is no such site: did you mean lon6?", "/plan/sites?name=lon7#add")
	b.post("/plan/racks", admin, "name", "r12", "site", "lon6", "units", "99").shows(t, http.StatusUnprocessableEntity, `id="wrong-units"`, "Want 1 to 60.")
	b.post("/plan/racks", admin, "name", "R 12", "site", "lon6", "units", "42").shows(t, http.StatusUnprocessableEntity, `id="wrong-name"`, "lower-case letters")
	b.post("/plan/sites", admin, "name", "lon6").shows(t, http.StatusUnprocessableEntity, `id="wrong-name"`, "of this name already")

	for _, form := range [][]string{
		{"racks", "name", "r12", "site", "lon6", "units", "42", "note", "two\r\nfeeds"},
		{"services", "name", "http", "protocol", "tcp", "port", "80"},
		{"gates", "name", "vlan", "title", "switch VLAN", "from", "allocated", "to", "installing", "url", "https://net.example/", "deadline", "40s"},
		{"types", "name", "high-io", "memory", "256GiB", "disks", "4x1920GB:nvme"},
		{"teams", "name", "search", "contact", "#search"},
	} {
		if r := b.post("/plan/"+form[0], admin, form[1:]...); r.StatusCode != http.StatusSeeOther {
			t.Errorf("add to %s = %d: %s", form[0], r.StatusCode, r.body)
		}
	}
	if rack := d.DB.Rack("r12"); rack == nil || rack.Note != "two\nfeeds" || rack.Units != 42 {
		t.Errorf("rack = %+v", rack)
	}
	b.post("/plan/gates", admin, "name", "x", "title", "x", "from", "allocated", "to", "installing", "url", "https://n.example/", "deadline", "1s", "match", "rak=r1").
		shows(t, http.StatusUnprocessableEntity, "column 1", "did you mean rack?", "rak=r1\n▲")
}

// TestARolesServicesAreTicked: what is ticked comes, what is not goes.
func TestARolesServicesAreTicked(t *testing.T) {
	b, d := newDesk(t)
	puts(t, d, &machine.Service{Name: "http", Protocol: "tcp", Port: 80}, &machine.Service{Name: "ssh", Protocol: "tcp", Port: 22}, &machine.Role{Name: "web", Services: []string{"http"}})
	admin := b.as(auth.Admin)
	b.get("/plan/roles/web/edit", admin).shows(t, http.StatusOK, `name="services" value="http" checked`, `name="services" value="ssh">`)
	if r := b.post("/plan/roles/web", admin, "version", "1", "was.services", "http", "services", "ssh"); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("save = %d: %s", r.StatusCode, r.body)
	}
	if role := d.DB.Role("web"); strings.Join(role.Services, ",") != "ssh" {
		t.Errorf("services = %v, want ssh", role.Services)
	}
}

// TestTwoPeopleEditOneRack: nothing is written over what another person wrote
// unseen, and nothing that was typed is lost.
func TestTwoPeopleEditOneRack(t *testing.T) {
	b, d := newDesk(t)
	puts(t, d, &machine.Site{Name: "lon6"}, &machine.Rack{Name: "r12", Site: "lon6", Units: 42, Note: "one"})
	admin := b.as(auth.Admin)
	puts(t, d, &machine.Rack{Name: "r12", Site: "lon6", Units: 47, Note: "theirs"})

	form := []string{"version", "1", "was.site", "lon6", "site", "lon6", "was.units", "42", "units", "42", "was.note", "one", "note", "mine"}
	r := b.post("/plan/racks/r12", admin, form...)
	r.shows(t, http.StatusConflict, "grace changed it", "Now it says <code>theirs</code>", "\nmine</textarea>", `name="units" value="47"`, `name="version" value="2"`, `name="was.note" value="theirs"`)
	if rack := d.DB.Rack("r12"); rack.Note != "theirs" {
		t.Errorf("note = %q, want what the other wrote", rack.Note)
	}
	r = b.post("/plan/racks/r12", admin, "version", "2", "was.site", "lon6", "site", "lon6", "was.units", "47", "units", "47", "was.note", "theirs", "note", "mine")
	if rack := d.DB.Rack("r12"); r.StatusCode != http.StatusSeeOther || rack.Note != "mine" || rack.Units != 47 {
		t.Errorf("save again = %d, rack %+v", r.StatusCode, rack)
	}

	if err := d.DropPlan(t.Context(), auth.User{Name: "grace", Role: auth.Admin}, machine.PlanRef{Kind: machine.KindRack, Name: "r12"}, 0); err != nil {
		t.Fatal(err)
	}
	r = b.post("/plan/racks/r12", admin, "version", "3", "was.units", "47", "units", "48", "was.site", "lon6", "site", "lon6")
	r.shows(t, http.StatusConflict, "grace removed it", `name="units" value="48"`, `name="version" value="0"`)
	if r = b.post("/plan/racks/r12", admin, "version", "0", "units", "48", "site", "lon6"); r.StatusCode != http.StatusSeeOther || d.DB.Rack("r12").Units != 48 {
		t.Errorf("add anew = %d: %s", r.StatusCode, r.body)
	}
}

func TestWhatIsInUseStays(t *testing.T) {
	b, d := newDesk(t)
	puts(t, d, &machine.Site{Name: "lon6"}, &machine.Rack{Name: "r12", Site: "lon6", Units: 42})
	root := auth.User{Name: "root", Role: auth.Admin}
	if err := d.PutRule(t.Context(), root, &machine.Rule{Name: "lab", Accept: true, Site: "lon6", Rack: "r12"}, func(*machine.Rule) error { return nil }); err != nil {
		t.Fatal(err)
	}
	admin := b.as(auth.Admin)
	ask := b.get("/plan/sites/lon6/delete", admin)
	ask.shows(t, http.StatusOK, "Rack r12, rule lab")
	if strings.Contains(ask.body, ">Remove</button>") {
		t.Error("what is in use has a button that removes it")
	}
	b.post("/plan/racks/r12/delete", admin, "version", "1").shows(t, http.StatusConflict, "rule lab")
	if err := d.DropRule(t.Context(), root, "lab", func(*machine.Rule) error { return nil }); err != nil {
		t.Fatal(err)
	}
	b.get("/plan/racks/r12/delete", admin).shows(t, http.StatusOK, ">Remove</button>", `name="version" value="1"`)
	b.post("/plan/racks/r12/delete", admin, "version", "7").shows(t, http.StatusConflict, "Grace changed it since this was asked")
	if r := b.post("/plan/racks/r12/delete", admin, "version", "1"); r.StatusCode != http.StatusSeeOther || d.DB.Rack("r12") != nil {
		t.Errorf("remove = %d: %s", r.StatusCode, r.body)
	}
	if r := b.get("/plan/racks/r12", admin); r.StatusCode != http.StatusNotFound {
		t.Errorf("GET of what is gone = %d", r.StatusCode)
	}
}

func TestThePlanShowsButtonsToThoseWhoMay(t *testing.T) {
	b, d := newDesk(t)
	puts(t, d, &machine.Site{Name: "lon6"}, &machine.Rack{Name: "r12", Site: "lon6", Units: 42})
	admin := b.as(auth.Admin)
	for role, want := range map[auth.Role][2]bool{auth.Viewer: {}, auth.Technician: {}, auth.Engineer: {false, true}} {
		cookie := b.as(role)
		for i, path := range []string{"/plan/sites", "/plan/racks"} {
			name := []string{"/lon6", "/r12"}[i]
			if got := strings.Contains(b.get(path, cookie).body, "Add a "); got != want[i] {
				t.Errorf("%s of a %s offers to add: %v", path, role, got)
			}
			if got := strings.Contains(b.get(path+name, cookie).body, ">Edit</a>"); got != want[i] {
				t.Errorf("%s%s of a %s offers to edit: %v", path, name, role, got)
			}
			if got := !denied(b.post(path+name, cookie, "version", "9", "was.note", "x", "units", "42", "site", "lon6")); got != want[i] {
				t.Errorf("%s%s is written by a %s: %v", path, name, role, got)
			}
		}
	}
	r := b.send(t.Context(), http.MethodPost, "/plan/racks/r12/delete", admin, nil, "Sec-Fetch-Site", "cross-site")
	if r.StatusCode != http.StatusForbidden || d.DB.Rack("r12") == nil {
		t.Errorf("POST from elsewhere = %d", r.StatusCode)
	}
}
