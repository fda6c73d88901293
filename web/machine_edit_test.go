package web

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

// edited is a desk with a small plan and a machine, and what the machine's form
// sends when only some fields were changed.
func edited(t *testing.T) (b *bench, m *machine.Machine, is func() *machine.Machine, save func(cookie string, version int64, changes ...string) reply) {
	t.Helper()
	b, d := newDesk(t)
	puts(t, d, &machine.Site{Name: "lon6"}, &machine.Rack{Name: "r12", Site: "lon6", Units: 20}, &machine.Rack{Name: "r13", Site: "lon6", Units: 20}, &machine.Role{Name: "web"}, &machine.Team{Name: "search"})
	m = reported(t, d)
	is = func() *machine.Machine {
		t.Helper()
		now, err := d.DB.Machine(m.ID)
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	save = func(cookie string, version int64, changes ...string) reply {
		t.Helper()
		now := is()
		form := []string{"version", strconv.FormatInt(version, 10)}
		for _, e := range b.site.machineForm(now, auth.Admin).all() {
			form = append(form, "was."+e.Name, e.Was, e.Name, e.Value)
		}
		return b.post("/machines/"+now.Name+"/edit", cookie, append(form, changes...)...)
	}
	return b, m, is, save
}

func TestAMachineIsEditedOnItsPage(t *testing.T) {
	b, m, is, save := edited(t)
	admin := b.as(auth.Admin)
	b.get("/machines/FL0001", admin).shows(t, http.StatusOK, "/machines/FL0001/edit")
	page := b.get("/machines/FL0001/edit", admin)
	page.shows(t, http.StatusOK, `name="rack"`, `<option value="r12">`, `name="nic.52:54:00:00:00:01.switch"`, "eth0: port")
	for _, never := range []string{`name="name"`, `name="serial"`} {
		if strings.Contains(page.body, never) {
			t.Errorf("the form offers %s, which the label says", never)
		}
	}
	r := save(admin, m.Version, "rack", "r12", "unit", "3", "role", "web", "tags", "b,a", "note", "loud", "no_power_off", "true",
		"nic.52:54:00:00:00:01.switch", "sw3", "nic.52:54:00:00:00:01.port", "23")
	now := is()
	if r.StatusCode != http.StatusSeeOther || now.Rack != "r12" || now.Unit != 3 || now.Role != "web" || strings.Join(now.Tags, ",") != "a,b" || !now.Flags.NoPowerOff || now.NICs[0].Port != "23" {
		t.Fatalf("save = %d: %s; machine %+v", r.StatusCode, r.body, now)
	}
	save(admin, now.Version, "rack", "r13")
	if now = is(); now.Rack != "r13" || now.Unit != 3 {
		t.Errorf("in another rack, the unit that the form shows = %s u%d", now.Rack, now.Unit)
	}
	for _, tt := range []struct{ name, value, says string }{
		{"unit", "21", "units 1 to 20"},
		{"unit", "top", "Want a whole number."},
		{"rack", "r99", "There is no such rack"},
		{"owner", "serach", "did you mean search?"},
		{"site", "lab", "take it out of the rack first"},
		{"hostname", "A b", "lower-case letters"},
		{"nic.52:54:00:00:00:01.port", "", "give both ends"},
		{"image", "debian-99", "not in the catalogue"},
		{"params", "x", "want name=value"},
	} {
		r := save(admin, now.Version, tt.name, tt.value)
		r.shows(t, http.StatusUnprocessableEntity, `id="wrong-`+tt.name+`"`)
		if !strings.Contains(strings.ToLower(r.body), strings.ToLower(tt.says)) {
			t.Errorf("%s=%s does not say %q: %s", tt.name, tt.value, tt.says, r.body)
		}
	}
	if got := is(); got.Version != now.Version {
		t.Errorf("what was refused changed the machine: %+v", got)
	}
}

func TestATechnicianEditsWhatIsSeenBeforeTheRack(t *testing.T) {
	b, m, is, save := edited(t)
	b.as(auth.Admin)
	tech := b.as(auth.Technician)
	page := b.get("/machines/FL0001/edit", tech)
	page.shows(t, http.StatusOK, `name="rack"`, `name="note"`)
	for _, never := range []string{`name="role"`, `name="owner"`, `name="no_power_off"`} {
		if strings.Contains(page.body, never) {
			t.Errorf("the form of a technician offers %s", never)
		}
	}
	if r := save(tech, m.Version, "rack", "r12", "role", "web"); r.StatusCode != http.StatusSeeOther || is().Rack != "r12" || is().Role != "" {
		t.Errorf("save = %d, machine %+v, want the rack and no role", r.StatusCode, is())
	}
	viewer := b.as(auth.Viewer)
	if r := b.get("/machines/FL0001", viewer); strings.Contains(r.body, "/edit") {
		t.Error("a viewer is offered to edit")
	}
	if r := save(viewer, is().Version, "note", "x"); !denied(r) {
		t.Errorf("save by a viewer = %d", r.StatusCode)
	}
}

// TestTwoPeopleEditOneMachine: what somebody declared meanwhile is shown; what
// the machine did meanwhile disturbs nobody.
func TestTwoPeopleEditOneMachine(t *testing.T) {
	b, m, is, save := edited(t)
	admin := b.as(auth.Admin)
	if r := b.post("/machines/FL0001/lock", admin, "note", "mine"); r.StatusCode != http.StatusSeeOther || is().Version == m.Version {
		t.Fatalf("lock = %d", r.StatusCode)
	}
	if r := save(admin, m.Version, "note", "first"); r.StatusCode != http.StatusSeeOther || is().Note != "first" {
		t.Errorf("save over a lock = %d: %s", r.StatusCode, r.body)
	}
	r := save(admin, m.Version, "was.note", "", "note", "second", "rack", "r12")
	r.shows(t, http.StatusConflict, "root changed it", "Now it says <code>first</code>", "\nsecond</textarea>", `name="rack" value="r12"`)
	if is().Note != "first" || is().Rack != "" {
		t.Errorf("a stale form wrote: %+v", is())
	}
}

func TestRulesAreWrittenOnTheirPage(t *testing.T) {
	b, d := newDesk(t)
	puts(t, d, &machine.Site{Name: "lon6"}, &machine.Role{Name: "web"})
	admin := b.as(auth.Admin)
	for _, form := range [][]string{
		{"name", "light", "match", "subnet=lab", "accept", "true", "site", "lon6"}, {"name", "rest"},
	} {
		if r := b.post("/rules", admin, form...); r.StatusCode != http.StatusSeeOther {
			t.Fatalf("add %v = %d: %s", form, r.StatusCode, r.body)
		}
	}
	order := func() (names []string) {
		for _, r := range b.site.inOrder() {
			names = append(names, r.Name)
		}
		return names
	}
	b.post("/rules/rest/move", admin, "to", "up")
	if got := strings.Join(order(), " "); got != "rest light" {
		t.Errorf("after up: %s", got)
	}
	b.post("/rules/rest/move", admin, "to", "down")
	if got := strings.Join(order(), " "); got != "light rest" {
		t.Errorf("after down: %s", got)
	}
	// What it changes is read before it is saved.
	wide := []string{"name", "wide", "match", "cores>=8", "accept", "false"}
	first := b.post("/rules", admin, wide...)
	first.shows(t, http.StatusOK, "it changes the answer for 1 of 8212 boots, 0 of them destructive", "02:00:00:00:00:07", "the agent, to register")
	seen := regexp.MustCompile(`name="seen" value="([0-9a-f]+)"`).FindStringSubmatch(first.body)
	if seen == nil {
		t.Fatal("the panel does not say what it showed")
	}
	if r := b.post("/rules", admin, append(wide, "seen", seen[1], "try", "yes")...); r.StatusCode != http.StatusOK {
		t.Errorf("tried alone: %d, want 200", r.StatusCode)
	}
	if r := b.post("/rules", admin, append(wide, "seen", seen[1])...); r.StatusCode != http.StatusSeeOther {
		t.Errorf("saved after it was read: %d, want 303", r.StatusCode)
	}
	b.post("/rules/wide/move", admin, "to", "up").shows(t, http.StatusOK, "Move it", "1 of 8212 boots")
	b.post("/rules/wide/delete", admin)
	b.post("/rules", admin, "name", "wide-forbidden", "match", "cores>=8", "try", "yes").shows(t, http.StatusOK, "cannot be saved", "is MQ0012, in use")
	b.post("/rules", admin, "name", "light").shows(t, http.StatusUnprocessableEntity, `id="wrong-name"`, "of this name already")
	b.post("/rules", admin, "name", "x", "match", "vendor=Dell* rak=r1").shows(t, http.StatusUnprocessableEntity, `id="wrong-match"`, "column 14", "did you mean rack?", "\n             ▲")
	b.post("/rules", admin, "name", "x", "accept", "true").shows(t, http.StatusUnprocessableEntity, `id="wrong-site"`, "must say where")
	b.post("/rules", admin, "name", "x", "accept", "true", "site", "mars").shows(t, http.StatusUnprocessableEntity, `id="wrong-site"`, "/plan/sites?name=mars#add")

	was := []string{"was.order", "1", "order", "1", "was.match", "subnet=lab", "was.accept", "true", "accept", "true", "was.site", "lon6", "site", "lon6"}
	if r := b.post("/rules/light/edit", admin, append(was, "match", "cores>=8")...); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("edit = %d: %s", r.StatusCode, r.body)
	}
	b.post("/rules/light/edit", admin, append(was, "match", "cores>=16")...).
		shows(t, http.StatusConflict, "root changed it", "Now it says <code>cores&gt;=8</code>", `value="cores&gt;=16"`)
	b.get("/rules/rest/delete", admin).shows(t, http.StatusOK, "every machine")
	b.post("/rules/rest/delete", admin)
	if got := strings.Join(order(), " "); got != "light" {
		t.Errorf("after remove: %s", got)
	}
	engineer := b.as(auth.Engineer)
	if r := b.get("/rules", engineer); strings.Contains(r.body, "/rules/light/edit") || strings.Contains(r.body, "Add a rule") {
		t.Error("an engineer is offered to change rules")
	}
}

func TestSubnetsAreWrittenOnTheirPage(t *testing.T) {
	b, d := newDesk(t)
	puts(t, d, &machine.Site{Name: "lon6"})
	admin := b.as(auth.Admin)
	hall := []string{"prefix", "10.90.0.0/24", "site", "lon6", "mode", "server", "policy", "observe", "lease", "12h", "ranges", "10.90.0.10-10.90.0.99"}
	if r := b.post("/network", admin, append(hall, "name", "hall")...); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("add = %d: %s", r.StatusCode, r.body)
	}
	b.get("/network", admin).shows(t, http.StatusOK, "10.90.0.0/24", "/network/hall/edit", "of 90")
	b.get("/network/hall/edit", admin).shows(t, http.StatusOK, `value="10.90.0.10-10.90.0.99"`, `value="12h"`)
	b.post("/network", admin, append(hall, "name", "hall")...).shows(t, http.StatusUnprocessableEntity, `id="wrong-name"`, "of this name already")
	b.post("/network", admin, append(hall, "name", "twin")...).shows(t, http.StatusUnprocessableEntity, `id="wrong-prefix"`, "Overlaps 10.90.0.0/24 of subnet hall")
	b.post("/network", admin, append(hall, "name", "x", "prefix", "10.91.0.0/24", "gateway", "router")...).shows(t, http.StatusUnprocessableEntity, `id="wrong-gateway"`, "no address")
	b.post("/network", admin, append(hall, "name", "x", "prefix", "10.91.0.0/24")...).shows(t, http.StatusUnprocessableEntity, `id="wrong-ranges"`, "inside 10.91.0.0/24")

	// What it changes is read before it is saved, and what serves a machine in use is not.
	wide := append(hall, "name", "wide", "prefix", "10.92.0.0/24", "ranges", "")
	first := b.post("/network", admin, wide...)
	first.shows(t, http.StatusOK, "it changes the answer for 1 of 8212 boots", "the agent, to register")
	seen := regexp.MustCompile(`name="seen" value="([0-9a-f]+)"`).FindStringSubmatch(first.body)
	if seen == nil {
		t.Fatal("the panel does not say what it showed")
	}
	if r := b.post("/network", admin, append(wide, "seen", seen[1])...); r.StatusCode != http.StatusSeeOther {
		t.Errorf("saved after it was read: %d, want 303: %s", r.StatusCode, r.body)
	}
	b.post("/network", admin, append(hall, "name", "wide-forbidden", "prefix", "10.93.0.0/24", "try", "yes")...).shows(t, http.StatusOK, "cannot be saved")

	var was []string
	for i := 0; i < len(hall); i += 2 {
		was = append(was, "was."+hall[i], hall[i+1], hall[i], hall[i+1])
	}
	if r := b.post("/network/hall/edit", admin, append(was, "domain", "a.example")...); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("edit = %d: %s", r.StatusCode, r.body)
	}
	b.post("/network/hall/edit", admin, append(was, "domain", "b.example")...).
		shows(t, http.StatusConflict, "root changed it", "Now it says <code>a.example</code>", `value="b.example"`)
	if r := b.get("/network", b.as(auth.Engineer)); strings.Contains(r.body, "/network/hall/edit") || strings.Contains(r.body, "Add a subnet") {
		t.Error("an engineer is offered to change subnets")
	}
}

func TestTheGrammarOnThePageIsTheLanguage(t *testing.T) {
	for _, g := range grammar {
		if _, err := machine.ParseSelector(g.Write); err != nil {
			t.Errorf("the page documents %q, which cannot be read: %v", g.Write, err)
		}
	}
	b := newBench(t, full())
	viewer := b.as(auth.Viewer)
	b.get("/selectors", viewer).shows(t, http.StatusOK, "hardwarename", "in rules only")
	b.get("/machines?q=statsu%3Dheld", viewer).shows(t, http.StatusOK, "column 1", "did you mean status?", `href="/selectors"`)
	b.get("/machines?q=rack%3Dr12", viewer).shows(t, http.StatusOK, "/api/v1/export?format=csv&amp;selector=rack%3Dr12")
}
