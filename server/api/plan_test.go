package api

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

// plan puts a site, a rack and what machines may be.
func (b *bench) plan() {
	b.Helper()
	for path, body := range map[string]string{"/sites/lon6": `{"title":"London 6"}`, "/teams/search": `{}`, "/services/http": `{"protocol":"tcp","port":80}`} {
		read[map[string]any](b, b.as(auth.Admin, http.MethodPut, path, body), http.StatusOK)
	}
	for path, body := range map[string]string{"/racks/lon6-r12": `{"site":"lon6","units":5}`, "/roles/db": `{"services":["http"]}`} {
		read[map[string]any](b, b.as(auth.Engineer, http.MethodPut, path, body), http.StatusOK)
	}
}

func TestThePlanIsWrittenOverWhatWasRead(t *testing.T) {
	b := newBench(t)
	b.plan()
	r := b.get("/racks/lon6-r12")
	rack, tag := read[Rack](b, r, http.StatusOK), r.Header.Get("ETag")
	if diff := cmp.Diff(Rack{Planned{"lon6-r12", "", 1}, "lon6", "", 5}, rack); diff != "" || tag != `"v1"` {
		t.Errorf("ETag %s, rack (-want +got):\n%s", tag, diff)
	}
	const bigger = `{"site":"lon6","units":6}`
	put := func(text string, headers ...string) reply {
		return b.as(auth.Engineer, http.MethodPut, "/racks/lon6-r12", text, headers...)
	}
	b.refuses(put(bigger), http.StatusPreconditionRequired, "send If-Match")
	b.refuses(put(bigger, "If-None-Match", "*"), http.StatusPreconditionFailed, "there already")
	b.refuses(put(bigger, "If-Match", `"v7"`), http.StatusPreconditionFailed, `it is "v1" by now`)
	b.refuses(put(bigger, "If-Match", `W/"v1"`), http.StatusPreconditionFailed, "by now")
	b.refuses(b.as(auth.Engineer, http.MethodPut, "/racks/new", bigger, "If-Match", "*"), http.StatusPreconditionFailed, "there is none")
	next := put(bigger, "If-Match", `"v9", "v1"`)
	if got := read[Rack](b, next, http.StatusOK); got.Units != 6 || next.Header.Get("ETag") != `"v2"` {
		t.Errorf("rack = %+v, ETag %s", got, next.Header.Get("ETag"))
	}
	if got := read[Rack](b, put(next.body, "If-Match", "*"), http.StatusOK); got.Version != 3 {
		t.Errorf("what was read, put back = %+v", got)
	}
	b.refuses(put(`{"site":"lon7","units":6}`, "If-Match", "*"), http.StatusUnprocessableEntity, "did you mean lon6?")
	b.refuses(put(`{"site":"lon6","units":600}`, "If-Match", "*"), http.StatusUnprocessableEntity, "units", "1 to 60")
	b.refuses(put(`{"name":"other","site":"lon6","units":6}`, "If-Match", "*"), http.StatusUnprocessableEntity, "path's lon6-r12")
	b.refuses(b.get("/racks/lon6-r13"), http.StatusNotFound, "did you mean lon6-r12?", "GET /api/v1/racks")
	drop := func(path string, headers ...string) reply {
		return b.as(auth.Admin, http.MethodDelete, path, "", headers...)
	}
	b.refuses(drop("/sites/lon6"), http.StatusConflict, "rack lon6-r12")
	b.refuses(drop("/racks/lon6-r12", "If-Match", `"v1"`), http.StatusPreconditionFailed, "by now")
	for _, path := range []string{"/racks/lon6-r12", "/sites/lon6"} {
		if r := drop(path); r.StatusCode != http.StatusNoContent {
			t.Errorf("DELETE %s = %d %s", path, r.StatusCode, r.body)
		}
	}
	b.refuses(drop("/sites/lon6"), http.StatusNotFound, "lon6")
}

// TestEveryListShowsWhatItReads: an item that the API shows can be put back, and
// says the same then.
func TestEveryListShowsWhatItReads(t *testing.T) {
	b := newBench(t)
	b.plan()
	for kind, body := range map[machine.PlanKind]string{
		machine.KindRoom: `{"site":"lon6"}`, machine.KindType: `{"vendor":"Dell*","memory_bytes":1024,"disks":[{"count":2,"bytes":480000000000,"transport":"sata"}]}`,
		machine.KindPool:   `{"site":"lon6","role":"db"}`,
		machine.KindGate:   `{"title":"switch VLAN","from":"allocated","to":"installing","url":"https://vlan.example.net/","deadline_seconds":40}`,
		machine.KindTeam:   `{"contact":"#x"}`,
		machine.KindOption: `{"options":[{"option":"mtu","value":"9000"},{"option":"224","value":"hex:0102"}],"match":"role=db","priority":5}`,
	} {
		path := PlanPath(kind) + "/one"
		first := b.as(auth.Admin, http.MethodPut, path, body)
		want := read[map[string]any](b, first, http.StatusOK)
		p, version, err := ReadPlan(kind, []byte(first.body))
		if err != nil || version != 1 || p.Key() != "one" {
			t.Errorf("ReadPlan(%s) = %v, %d, %v", kind, p, version, err)
		}
		again := read[map[string]any](b, b.as(auth.Admin, http.MethodPut, path, first.body, "If-Match", "*"), http.StatusOK)
		want["version"] = again["version"]
		if diff := cmp.Diff(want, again); diff != "" {
			t.Errorf("%s put back (-want +got):\n%s", kind, diff)
		}
		if got := read[List[any]](b, b.get(PlanPath(kind)), http.StatusOK); got.Total == 0 {
			t.Errorf("the list of %ss is empty", kind)
		}
	}
}

func TestAMachineIsPatched(t *testing.T) {
	b := newBench(t)
	b.plan()
	b.add(1)
	r := b.get("/machines/FL1")
	tag := r.Header.Get("ETag")
	patch := func(text string, headers ...string) reply {
		return b.as(auth.Engineer, http.MethodPatch, "/machines/FL1", text, headers...)
	}
	const place = `{"rack":"lon6-r12","unit":2,"height":2,"role":"db","add_tags":["b","a"],"params":{"tier":"gold"},"nics":{"eth0":{"switch":"sw1","port":"7"}},"no_power_off":true}`
	got := read[Machine](b, patch(place, "If-Match", tag), http.StatusOK)
	if got.Site != "lon6" || got.Unit != 2 || got.Tags[0] != "a" || got.Params["tier"] != "gold" || got.NICs[0].Port != "7" || !got.Flags.NoPowerOff {
		t.Errorf("machine = %+v", got)
	}
	b.refuses(patch(place, "If-Match", tag), http.StatusPreconditionFailed, "machine FL1", "by now")
	got = read[Machine](b, patch(`{"role":"","params":{"tier":""},"remove_tags":["a"],"no_power_off":false,"height":0}`), http.StatusOK)
	if got.Role != "" || len(got.Params) != 0 || len(got.Tags) != 1 || got.Flags.NoPowerOff || got.Height != 0 || got.Rack != "lon6-r12" {
		t.Errorf("machine = %+v", got)
	}
	b.refuses(patch(`{"rak":"x"}`), http.StatusUnprocessableEntity, "did you mean rack?")
	b.refuses(patch(`{"rack":"lon6-r13"}`), http.StatusUnprocessableEntity, "did you mean lon6-r12?")
	b.refuses(patch(`{"unit":9}`), http.StatusUnprocessableEntity, "units 1 to 5")
	b.refuses(patch(`{}`), http.StatusUnprocessableEntity, "nothing is to be changed")
	b.refuses(patch(`{"tags":["x"],"add_tags":["y"]}`), http.StatusUnprocessableEntity, "add_tags")
	b.refuses(b.as(auth.Technician, http.MethodPatch, "/machines/FL1", `{"role":"db"}`), http.StatusForbidden, "another role")
	if got := read[Machine](b, b.as(auth.Technician, http.MethodPatch, "/machines/FL1", `{"unit":1,"note":"loud"}`), http.StatusOK); got.Note != "loud" {
		t.Errorf("machine = %+v", got)
	}
	b.add(2)
	b.refuses(b.as(auth.Engineer, http.MethodPatch, "/machines/FL2", `{"rack":"lon6-r12","unit":1}`), http.StatusConflict, "belongs to machine FL1")
}

func TestPatchOfWords(t *testing.T) {
	changes := map[string]string{
		"rack": "r12", "unit": "3", "tags": "+x,-y", "param.tier": "gold", "nic.eth0.port": "7", "no_power_off": "yes", "role": "",
	}
	p, err := PatchOf(changes)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.changes()
	changes["no_power_off"], changes["tags"] = "true", "+x,-y,"
	if diff := cmp.Diff(changes, got); diff != "" || err != nil {
		t.Errorf("changes = %v (-want +got):\n%s", err, diff)
	}
	for _, bad := range []map[string]string{{"unit": "top"}, {"rak": "x"}, {"no_power_off": "x"}} {
		if _, err := PatchOf(bad); err == nil {
			t.Errorf("PatchOf(%v) took it", bad)
		}
	}
}

func TestElevationAndCapacity(t *testing.T) {
	b := newBench(t)
	b.plan()
	b.add(1)
	read[Machine](b, b.as(auth.Engineer, http.MethodPatch, "/machines/FL1", `{"rack":"lon6-r12","unit":2,"height":2,"face":"rear"}`), http.StatusOK)
	e := read[Elevation](b, b.get("/racks/lon6-r12/elevation"), http.StatusOK)
	if len(e.Units) != 5 || e.Units[0].Unit != 5 || e.Units[2].Front != nil || e.Units[2].Rear == nil || !e.Units[2].Rear.Top || e.Units[3].Rear.Top {
		t.Errorf("elevation = %+v", e)
	}
	sheet := read[List[SheetLine]](b, b.get("/racks/lon6-r12/sheet"), http.StatusOK).Items
	if at := slices.IndexFunc(sheet, func(l SheetLine) bool { return l.Name == "FL1" }); at < 1 || sheet[at].Serial != "FL1" || len(sheet[at].NICs) != 1 || sheet[at].Top != 3 || !sheet[0].Free || sheet[0].Top != 5 {
		t.Errorf("sheet = %+v", sheet)
	}
	b.refuses(b.get("/racks/none/sheet"), http.StatusNotFound, `rack "none"`)
	b.refuses(b.get("/racks/none/elevation"), http.StatusNotFound, `rack "none"`)
	c := read[List[Capacity]](b, b.get("/capacity"), http.StatusOK)
	if len(c.Items) != 1 || c.Items[0].Site != "lon6" || c.Items[0].Free != 1 || c.Items[0].ByStatus["available"] != 1 {
		t.Errorf("capacity = %+v", c)
	}
}

func TestRulesArePut(t *testing.T) {
	b := newBench(t)
	put := func(name, text string, headers ...string) reply {
		return b.as(auth.Admin, http.MethodPut, "/rules/"+name, text, headers...)
	}
	if r := read[Rule](b, put("second", `{"match":"cores>=8"}`), http.StatusOK); r.Order != 2 || r.Accept {
		t.Errorf("a new rule = %+v, want it second, holding", r)
	}
	b.refuses(put("second", `{}`), http.StatusPreconditionRequired, "If-Match")
	tag := b.get("/rules/second").Header.Get("ETag")
	if r := read[Rule](b, put("second", `{"match":"cores>=8","order":1}`, "If-Match", tag), http.StatusOK); r.Order != 1 {
		t.Errorf("moved = %+v, want it first", r)
	}
	b.refuses(put("second", `{}`, "If-Match", tag), http.StatusPreconditionFailed, "by now")
	b.refuses(put("third", `{"accept":true,"site":"mars"}`), http.StatusUnprocessableEntity, `site "mars": there is no such site`)
	b.refuses(put("third", `{"accept":true,"site":"lab","role":"node","image":"debian-99"}`), http.StatusUnprocessableEntity, "not in the catalogue")
	if rules := read[List[Rule]](b, b.get("/rules"), http.StatusOK).Items; rules[0].Name != "second" || rules[1].Order != 2 {
		t.Errorf("rules = %+v", rules)
	}
	if r := b.as(auth.Admin, http.MethodDelete, "/rules/second", ""); r.StatusCode != http.StatusNoContent {
		t.Errorf("DELETE = %d", r.StatusCode)
	}
	b.refuses(b.get("/rules/secnd"), http.StatusNotFound, "secnd")
}
