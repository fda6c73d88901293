package web

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

func TestActionsReachTheAppliance(t *testing.T) {
	c := full()
	b := newBench(t, c)
	cookie := b.as(auth.Admin)
	for _, test := range []struct {
		path string
		form []string
		want string
	}{
		{"/machines/MQ0010/install", []string{"typed", "MQ0010", "image", "debian-12"}, "root install MQ0010 debian-12"},
		{"/machines/MQ0009/release", []string{"typed", " MQ0009 "}, "root release MQ0009 MQ0009"},
		{"/machines/MQ0009/recheck", nil, "root recheck MQ0009"},
		{"/machines/MQ0009/waive", []string{"note", " a module is on its way "}, "root waive MQ0009 a module is on its way"},
		{"/machines/MQ0000/power", []string{"typed", "MQ0000", "verb", "cycle"}, "root power MQ0000 cycle"},
		{"/machines/MQ0000/light", []string{"verb", "blink"}, "root light MQ0000 blink"},
		{"/machines/MQ0010/broken", []string{"reason", "doa", "note", " no POST "}, "root broken MQ0010 doa no POST"},
		{"/machines/MQ0016/repair", []string{"disks", "shred"}, "root repair MQ0016 shred "},
		{"/machines/MQ0017/repaired", []string{"note", "new disk"}, "root repaired MQ0017 new disk"},
		{"/machines/MQ0016/return", nil, "root return MQ0016 "},
		{"/machines/MQ0010/erase", []string{"typed", "MQ0010", "note", "next team"}, "root erase MQ0010 MQ0010 next team"},
		{"/machines/MQ0009/check", []string{"for", "30m"}, "root check MQ0009 30m0s "},
		{"/machines/MQ0016/unfence", []string{"typed", "MQ0016", "note", "shredded"}, "root unfence MQ0016 MQ0016 shredded"},
		{"/machines/MQ0010/retire", []string{"typed", "MQ0010", "note", "sold"}, "root retire MQ0010 MQ0010 sold"},
		{"/machines/MQ0022/undo", nil, "root undo MQ0022"},
		{"/machines/MQ0000/lock", []string{"note", "disk swap"}, "root lock MQ0000 disk swap"},
		{"/machines/MQ0022/unlock", nil, "root unlock MQ0022"},
		{"/machines/MQ0000/bmc", []string{"address", "10.9.9.9", "user", "op", "password", "calvin"}, "root bmc MQ0000 10.9.9.9 op"},
		{"/machines/MQ0010/adopt-bmc", []string{"address", "DHCP"}, "root adopt-bmc MQ0010 true"},
		{"/machines/MQ0010/adopt-bmc", nil, "root adopt-bmc MQ0010 as it is"},
		{"/machines/MQ0010/adopt-bmc", []string{"address", "10.80.99.3/24", "gateway", "10.80.99.1"}, "root adopt-bmc MQ0010 false 10.80.99.3/24 10.80.99.1"},
		{"/jobs/13fd7feb-95ae-4b0c-b6ff-1f8d1b3ab9c1/cancel", []string{"typed", "MQ0012"}, "root cancel 13fd7feb-95ae-4b0c-b6ff-1f8d1b3ab9c1"},
	} {
		c.asked = nil
		r := b.post(test.path, cookie, test.form...)
		if diff := cmp.Diff([]string{test.want}, c.asked); diff != "" || r.StatusCode != http.StatusSeeOther {
			t.Errorf("POST %s = %d, asked (-want +got):\n%s", test.path, r.StatusCode, diff)
		}
	}
}

func TestAWrongNameStopsEverythingDangerous(t *testing.T) {
	c := full()
	b := newBench(t, c)
	cookie := b.as(auth.Admin)
	for _, path := range []string{"/machines/MQ0010/install", "/machines/MQ0009/release", "/machines/MQ0000/power", "/machines/MQ0010/retire", "/machines/MQ0010/erase", "/machines/MQ0016/unfence", "/jobs/13fd7feb-95ae-4b0c-b6ff-1f8d1b3ab9c1/cancel"} {
		for _, typed := range []string{"", "mq0010", "MQ00"} {
			r := b.post(path, cookie, "typed", typed, "verb", "off", "image", "debian-12")
			if r.StatusCode != http.StatusConflict || !strings.Contains(r.body, "The name typed is") || len(c.asked) > 0 {
				t.Errorf("POST %s with %q typed = %d, asked %v, want 409, the reason and nothing done", path, typed, r.StatusCode, c.asked)
			}
		}
	}
}

func TestARefusalIsShownWhereItWasAsked(t *testing.T) {
	c := full()
	b := newBench(t, c)
	cookie := b.as(auth.Admin)
	c.refuse = &machine.GuardError{Name: "MQ0010", From: machine.Available, To: machine.Allocated, Guard: machine.GuardEmptyDisks}
	r := b.post("/machines/MQ0010/install", cookie, "typed", "MQ0010", "image", "debian-12")
	if r.StatusCode != http.StatusConflict || !strings.Contains(r.body, "Machine MQ0010 cannot become allocated: empty-disks is not proven.") {
		t.Errorf("refused install = %d %s, want 409 and the guard", r.StatusCode, r.body)
	}
	c.refuse = errors.New("BMC 10.9.12.29: connection refused")
	r = b.post("/machines/MQ0009/recheck", cookie)
	if r.StatusCode != http.StatusConflict || !strings.Contains(r.body, "connection refused") {
		t.Errorf("refused re-check = %d %s, want 409 and what the BMC said", r.StatusCode, r.body)
	}
}

func TestButtonsFitTheStatusAndTheRole(t *testing.T) {
	b := newBench(t, full())
	for _, tt := range []struct {
		role auth.Role
		name string
		want string
	}{
		{auth.Engineer, "MQ0010", "Edit Install… Power… Blink light Lock… Broken… Check hardware… Erase…"},           // available
		{auth.Engineer, "MQ0009", "Edit Check again Power… Light off Lock… Broken… Release… Check hardware… Erase…"}, // held for its disks
		{auth.Engineer, "MQ0000", "Edit Power… Blink light Lock… Broken… Erase…"},                                    // in use
		{auth.Engineer, "MQ0012", "Edit Power… Blink light Lock…"},                                                   // installing, the write has begun
		{auth.Engineer, "MQ0022", "Edit Power… Blink light Unlock Broken…"},                                          // locked
		{auth.Engineer, "MQ0007", "Edit Lock…"},                                                                      // expected: no BMC known
		{auth.Technician, "MQ0009", "Edit Check again Power… Light off Broken… Check hardware…"},
		{auth.Technician, "MQ0010", "Edit Power… Blink light Broken… Check hardware…"},
		{auth.Technician, "MQ0016", "Edit Power… Blink light Repair…"},                         // broken
		{auth.Engineer, "MQ0016", "Edit Power… Blink light Lock… Repair… Back in use… Erase…"}, // and somebody's
		{auth.Technician, "MQ0017", "Edit Power… Blink light Repaired… Broken…"},               // in repair
		{auth.Admin, "MQ0010", "Edit Install… Power… Blink light Lock… Broken… Retire… Check hardware… Erase…"},
		{auth.Admin, "MQ0007", "Edit Lock… Retire…"}, // expected
		{auth.Admin, "MQ0000", "Edit Power… Blink light Lock… Broken… Erase…"},
		{auth.Admin, "MQ0019", "Edit Power… Blink light Lock…"}, // retired
		{auth.Viewer, "MQ0009", ""},
		{auth.Viewer, "MQ0022", ""},
	} {
		head := regexp.MustCompile(`(?s)<div class="buttons">.*?</div>`).FindString(b.get("/machines/"+tt.name, b.cookie(tt.role)).body)
		var got []string
		for _, m := range regexp.MustCompile(`(?:<button>|">)([A-Z][a-z …]+)</`).FindAllStringSubmatch(head, -1) {
			got = append(got, m[1])
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("buttons of %s for a %s = %q, want %q", tt.name, tt.role, strings.Join(got, " "), tt.want)
		}
	}
}

func TestUndoIsOfferedToWhoMay(t *testing.T) {
	c := full()
	b := newBench(t, c)
	const says = "tech locked it"
	for _, tt := range []struct {
		role auth.Role
		want bool
	}{{auth.Viewer, false}, {auth.Technician, false}, {auth.Engineer, true}, {auth.Admin, true}} {
		body := b.get("/machines/MQ0022", b.cookie(tt.role)).body
		if got := strings.Contains(body, says) && strings.Contains(body, "Undo unlocks it.") && strings.Contains(body, "<button>Undo</button>"); got != tt.want {
			t.Errorf("undo is offered to a %s: %v, want %v", tt.role, got, tt.want)
		}
	}
	c.change("MQ0022", func(m *machine.Machine) { m.Version++ })
	if strings.Contains(b.get("/machines/MQ0022", b.cookie(auth.Admin)).body, says) {
		t.Error("undo is offered after something happened to the machine")
	}
}

// TestAnotherTeamsMachineHasNoButtons holds the page against what the desk would
// refuse; an admin has them all.
func TestAnotherTeamsMachineHasNoButtons(t *testing.T) {
	c := full()
	c.change("MQ0000", func(m *machine.Machine) { m.Owner = "web" })
	b := newBench(t, c)
	for role, want := range map[auth.Role]bool{auth.Technician: false, auth.Engineer: false, auth.Admin: true} {
		page := b.get("/machines/MQ0000", b.cookie(role)).body
		if got := strings.Contains(page, "Power…"); got != want || !strings.Contains(page, "owner web, not your team") {
			t.Errorf("a %s sees the power button: %v, want %v, and whose the machine is", role, got, want)
		}
	}
}

// cookie is that of one account for each role.
func (b *bench) cookie(role auth.Role) string {
	b.t.Helper()
	if b.cookies[role] == "" {
		b.cookies[role] = b.as(role)
	}
	return b.cookies[role]
}

func TestTheDialogNamesTheDiskAndWhatLiesOnIt(t *testing.T) {
	b := newBench(t, full())
	cookie := b.as(auth.Admin)
	for path, want := range map[string][]string{
		"/machines/MQ0010/install": {"S4EVNF0M31", "Nothing found on it.", "debian-12, to disk S4EVNF0M31", "Nothing runs on it."},
		"/machines/MQ0009/release": {"S4EVNF0M31", "ext4 file system &#39;pgdata&#39;, 412 GB used", "Type <code>MQ0009</code>"},
		"/machines/MQ0000/power":   {"Whatever runs on it stops."},
		"/machines/MQ0007/install": {"The agent has not reported its disks yet."},
	} {
		body := b.get(path, cookie).body
		for _, w := range want {
			if !strings.Contains(body, w) {
				t.Errorf("GET %s lacks %q", path, w)
			}
		}
	}
	if body := b.get("/machines/MQ0010/install", cookie).body; strings.Contains(body, "debian-13-arm") {
		t.Error("an arm64 image is offered to an amd64 machine")
	}
}

// checkRevoking ends anna's one token through its dialog, which nobody but she
// and admins see.
func (b *bench) checkRevoking(admin, anna string) {
	b.t.Helper()
	link := regexp.MustCompile(`/account/tokens/([^/"]+)/revoke\?account=anna`).FindStringSubmatch(b.get("/people", admin).body)
	if link == nil {
		b.t.Fatal("an admin sees no token of anna")
	}
	path := "/account/tokens/" + link[1] + "/revoke"
	if r := b.get(path+"?account=anna", b.as(auth.Viewer)); r.StatusCode != http.StatusNotFound {
		b.t.Errorf("the dialog for anna's token is %d to another viewer, want 404", r.StatusCode)
	}
	r := b.get(path, anna)
	if !strings.Contains(r.body, "Revoke the token for ci &lt;b&gt;") || !strings.Contains(r.body, "Programs that use this viewer") {
		b.t.Errorf("the dialog does not say what is revoked: %s", r.body)
	}
	if r := b.post(path, anna, "account", "anna"); r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/account" {
		b.t.Errorf("revoking = %d, want 303 to the account", r.StatusCode)
	}
	if r := b.get(path, anna); r.StatusCode != http.StatusNotFound {
		b.t.Errorf("the dialog for a token that is gone = %d, want 404", r.StatusCode)
	}
}

func TestPeopleAndTokens(t *testing.T) {
	b := newBench(t, full())
	admin := b.as(auth.Admin)
	r := b.post("/people", admin, "name", "anna", "role", "technician")
	code := regexp.MustCompile(`[A-Z2-7]{4}(-[A-Z2-7]{4}){3}`).FindString(r.body)
	if code == "" {
		t.Fatalf("POST /people = %d without a code: %s", r.StatusCode, r.body)
	}
	if again := b.get("/people", admin); strings.Contains(again.body, code) {
		t.Error("the code is shown a second time")
	}
	anna := sessionOf(t, b.post("/login/code", "", "code", code, "name", "anna", "password", password))
	r = b.post("/account/tokens", anna, "label", "ci <b>", "role", "viewer", "days", "7")
	token := regexp.MustCompile(`flt_[A-Za-z0-9_-]{43}`).FindString(r.body)
	if token == "" || strings.Contains(r.body, "ci <b>") {
		t.Fatalf("POST /account/tokens = %d without a token, or with markup: %s", r.StatusCode, r.body)
	}
	if r := b.send(t.Context(), http.MethodGet, "/machines", "", nil, "Authorization", "Bearer "+token); r.StatusCode != http.StatusOK {
		t.Errorf("GET with the token = %d, want 200", r.StatusCode)
	}
	b.checkRevoking(admin, anna)
	for name, form := range map[string][]string{
		"a bigger role": {"label", "x", "role", "admin", "days", "7"}, "no number": {"label", "x", "role", "viewer", "days", "many"},
		"a hundred days": {"label", "x", "role", "viewer", "days", "100"}, "no label": {"role", "viewer", "days", "7"},
	} {
		if r := b.post("/account/tokens", anna, form...); r.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("a token with %s = %d, want 422", name, r.StatusCode)
		}
	}
	if r := b.post("/people/anna/disabled", admin, "disabled", "yes"); r.StatusCode != http.StatusConflict || !strings.Contains(r.body, "Shut out anna") {
		t.Errorf("shutting anna out without typing the name = %d, want the dialog again", r.StatusCode)
	}
	if r := b.post("/people/anna/disabled", admin, "disabled", "yes", "typed", "anna"); r.StatusCode != http.StatusSeeOther {
		t.Errorf("shutting anna out = %d, want 303", r.StatusCode)
	}
	if r := b.get("/", anna); !denied(r) {
		t.Errorf("GET / as anna = %d, want the log-in page", r.StatusCode)
	}
}

func TestWhatWouldBeIsShown(t *testing.T) {
	b := newBench(t, full())
	cookie := b.as(auth.Viewer)
	for path, want := range map[string]string{
		"/rules": "Which rule would a machine get?", "/rules?machine=MQ0009": "MQ0009, on subnet lab: it would be", "/rules?machine=nobody": "role=\"alert\"",
		"/packets/MQ0009": "DISCOVER, class &lt;script&gt;",
		"/network":        "What would a machine be told", "/network?firmware=uefi&arch=x64&subnet=": "snponly.efi by TFTP", "/network?firmware=uefi&subnet=nowhere": "there is no such subnet",
	} {
		if r := b.get(path, cookie); r.StatusCode != http.StatusOK || !strings.Contains(r.body, want) {
			t.Errorf("GET %s = %d without %q", path, r.StatusCode, want)
		}
	}
}

// Of a boot that is tried the DHCP options are shown as the command line and the
// API tell them: name, value, the set that has it and the nearer one that counts.
func TestWhatWouldBeHasItsDHCPOptions(t *testing.T) {
	b := newBench(t, full())
	cookie := b.as(auth.Viewer)
	const none = "No set of <a href=\"/plan/options\">DHCP options</a> applies to it there."
	row := func(option, value, set, by string) string {
		return "<td>" + option + "</td><td class=\"code\">" + value + "</td><td><a href=\"/plan/options\">" + set + "</a>" + by + "</td>"
	}
	for path, want := range map[string]struct{ with, without []string }{
		"/network?machine=MQ0009&firmware=uefi&arch=x64": {with: []string{
			row("mtu", "9000", "storage", ""), row("mtu", "<s>1500</s>", "site", "<span class=\"note\">, overridden by storage</span>"), row("ntp-servers", "10.80.0.3", "site", ""),
		}, without: []string{none}},
		"/network?firmware=uefi&arch=x64":       {with: []string{none}, without: []string{"<td>mtu</td>"}},
		"/network?firmware=uefi&subnet=nowhere": {without: []string{none, "<td>mtu</td>"}},
		"/network":                              {without: []string{none, "<td>mtu</td>"}},
	} {
		r := b.get(path, cookie)
		for _, text := range want.with {
			if !strings.Contains(r.body, text) {
				t.Errorf("GET %s = %d without %q", path, r.StatusCode, text)
			}
		}
		for _, text := range want.without {
			if strings.Contains(r.body, text) {
				t.Errorf("GET %s has %q", path, text)
			}
		}
	}
}
