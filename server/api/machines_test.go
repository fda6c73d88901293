package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstlight/agent/report"
	"firstlight/server/auth"
	"firstlight/server/boot"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/serverdb"
)

func TestMachinesByPages(t *testing.T) {
	b := newBench(t)
	for n := 1; n <= 12; n++ {
		b.add(n)
	}
	first := read[List[Machine]](b, b.get("/machines?limit=5&selector=status=available"), http.StatusOK)
	if got, want := names(first), "FL1 FL2 FL3 FL4 FL5"; got != want || first.Total != 12 {
		t.Fatalf("first page = %s of %d, want %s of 12", got, first.Total, want)
	}
	b.add(0) // FL0 comes before what was seen: the next page must not repeat FL5
	second := read[List[Machine]](b, b.get("/machines?limit=5&cursor="+first.NextCursor), http.StatusOK)
	if got, want := names(second), "FL6 FL7 FL8 FL9 FL10"; got != want {
		t.Errorf("second page = %s, want %s", got, want)
	}
	last := read[List[Machine]](b, b.get("/machines?limit=5&cursor="+second.NextCursor), http.StatusOK)
	if got, want := names(last), "FL11 FL12"; got != want || last.NextCursor != "" {
		t.Errorf("last page = %s and cursor %q, want %s and none", got, last.NextCursor, want)
	}
}

func names(l List[Machine]) string {
	var all []string
	for _, m := range l.Items {
		all = append(all, m.Name)
	}
	return strings.Join(all, " ")
}

func TestAMachine(t *testing.T) {
	b := newBench(t)
	b.add(1)
	b.db.Observe(b.id("FL1"), func(o *machine.Observed) { o.Power = "on" })
	got := read[Machine](b, b.get("/machines/"+mac(1).String()), http.StatusOK) // by MAC
	if got.Name != "FL1" || got.Status != "available" || got.Rule != "lab" || got.Address != "10.80.12.101" || got.Observed.Power != "on" {
		t.Errorf("machine = %+v", got)
	}
	want := []Disk{{Name: "vda", Serial: "D1", Bytes: 1 << 33}}
	if diff := cmp.Diff(want, got.Facts.Disks); diff != "" {
		t.Errorf("disks (-want +got):\n%s", diff)
	}
	if list := read[List[Machine]](b, b.get("/machines"), http.StatusOK); list.Items[0].Facts != nil {
		t.Error("a list has facts unasked")
	}
	if list := read[List[Machine]](b, b.get("/machines?facts=true"), http.StatusOK); list.Items[0].Facts == nil {
		t.Error("a list has no facts though asked")
	}
}

// id gives a machine's id.
func (b *bench) id(name string) string {
	b.Helper()
	m, err := b.db.Machine(name)
	b.must(err)
	return m.ID
}

func TestInUseIsSpelledWithALine(t *testing.T) {
	b := newBench(t)
	b.add(1)
	d, _ := readDocument(t)
	var has bool
	for _, s := range d.Components.Schemas["Machine"].Properties["status"].Enum {
		has = has || s == "in_use"
	}
	if !has || len(d.Components.Schemas["Machine"].Properties["status"].Enum) != len(machine.Statuses()) {
		t.Errorf("statuses = %v, want those of package machine", d.Components.Schemas["Machine"].Properties["status"].Enum)
	}
	for _, sel := range []string{"status=in_use", "status=available"} {
		read[List[Machine]](b, b.get("/machines?selector="+sel), http.StatusOK)
	}
}

func TestHistoryAndTimeline(t *testing.T) {
	b := newBench(t)
	b.add(1)
	history := read[List[Change]](b, b.get("/machines/FL1/history"), http.StatusOK)
	if n := len(history.Items); n != 2 || history.Items[1].From != "registered" || history.Items[1].To != "available" {
		t.Fatalf("history = %+v, want registered, then available", history.Items)
	}
	if guards := strings.Join(history.Items[1].Guards, " "); !strings.Contains(guards, "not-checked:bmc-answers") {
		t.Errorf("guards = %s, want not-checked:bmc-answers among them", guards)
	}
	read[Machine](b, b.post("/machines/FL1/lock", `{"note":"one"}`), http.StatusOK)
	read[Machine](b, b.post("/machines/FL1/lock", `{"note":"two"}`), http.StatusOK)
	newest := read[Tail[Event]](b, b.get("/machines/FL1/timeline?limit=1"), http.StatusOK)
	older := read[Tail[Event]](b, b.get("/machines/FL1/timeline?limit=1&cursor="+newest.NextCursor), http.StatusOK)
	if len(newest.Items)+len(older.Items) != 2 {
		t.Fatalf("pages have %d and %d rows, want 1 each", len(newest.Items), len(older.Items))
	}
	got := []string{newest.Items[0].Text, older.Items[0].Text, newest.Items[0].Machine, newest.Items[0].Who, newest.Items[0].Source}
	if diff := cmp.Diff([]string{"Locked: two", "Locked: one", "FL1", "ada", "people"}, got); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}

func TestBootIsExplained(t *testing.T) {
	b := newBench(t)
	b.add(1)
	known := read[Boot](b, b.get("/machines/FL1/boot"), http.StatusOK)
	want := Boot{
		Machine: "FL1", Request: BootRequest{MAC: mac(1).String(), UUID: "11111111-0000-0000-0000-000000000001", Serial: "FL1", Platform: "bios", Stage: "ipxe", Subnet: "lab"},
		Answer: BootAnswer{Target: "agent", Mode: "idle", Address: true, Why: "it is available and waits for an owner"},
		Script: "#!ipxe\n# agent for 52:54:00:00:00:01\nkernel vmlinuz firstlight.session=… quiet\nboot\n",
	}
	if len(known.Boots) != 1 || known.Boots[0].Verdict != "right" || known.Boots[0].Why != "The agent runs." || len(known.Boots[0].Steps) != 1 || known.Boots[0].Steps[0].Name != "agent" {
		t.Errorf("its boots are %+v, want one, of which its report was seen", known.Boots)
	}
	known.Boots = nil
	if diff := cmp.Diff(want, known); diff != "" {
		t.Errorf("boot of a machine (-want +got):\n%s", diff)
	}
	stranger := read[Boot](b, b.get("/machines/52-54-00-00-00-C8/boot"), http.StatusOK)
	if stranger.Machine != "" || stranger.Answer.Mode != "register" || stranger.Request.Subnet != "lab" {
		t.Errorf("boot of a stranger = %+v, want it registered on lab", stranger)
	}
}

func TestBootIsSimulated(t *testing.T) {
	b := newBench(t)
	b.add(1)
	got := read[BootSimulation](b, b.get("/boot/simulation?machine=FL1&firmware=bios"), http.StatusOK)
	if len(got.Steps) != 3 || got.Steps[0].Gets != "snponly.efi by TFTP from 10.80.12.1" || got.Boot.Machine != "FL1" || got.Boot.Request.Platform != "bios" || got.Boot.Script == "" {
		t.Errorf("simulation = %+v, want three steps of FL1 and its script", got)
	}
}

func TestBootSaysWhyThereIsNoScript(t *testing.T) {
	b := newBench(t)
	b.add(1)
	b.api.Desk.Render = func(boot.Request, boot.Known, boot.Answer, *machine.Subnet) (string, error) {
		return "", fmt.Errorf("the boot image has no kernel")
	}
	got := read[Boot](b, b.get("/machines/FL1/boot"), http.StatusOK)
	if got.Answer.Target != "agent" || !strings.Contains(got.Problem, "the boot image has no kernel") {
		t.Errorf("boot = %+v, want the answer and the problem", got)
	}
}

func TestLog(t *testing.T) {
	b := newBench(t)
	m := b.add(1)
	for _, part := range []string{"agent starts\nlink up", "reported"} {
		b.must(b.db.Do(b.Context(), func(w *serverdb.Write) error {
			return w.Event(journal.Event{Machine: m.ID, Source: journal.Log, Text: "x", Details: map[string]string{journal.DetailLog: part}})
		}))
	}
	for query, want := range map[string][]string{"": {"agent starts", "link up", "reported"}, "?lines=2": {"link up", "reported"}} {
		got := read[Log](b, b.get("/machines/FL1/log"+query), http.StatusOK)
		if diff := cmp.Diff(want, got.Lines); diff != "" {
			t.Errorf("log%s (-want +got):\n%s", query, diff)
		}
	}
}

func TestPower(t *testing.T) {
	b := newBench(t)
	b.add(1)
	got := read[Machine](b, b.as(auth.Technician, http.MethodPost, "/machines/FL1/power", `{"action":"cycle"}`), http.StatusOK)
	if got.Observed.Power != "on" {
		t.Errorf("power = %q, want on", got.Observed.Power)
	}
	read[Machine](b, b.post("/machines/FL1/lock", `{"note":"disk under investigation"}`), http.StatusOK)
	for _, action := range []string{"on", "off", "cycle"} {
		b.refuses(b.post("/machines/FL1/power", `{"action":"`+action+`"}`), http.StatusConflict, "locked (disk under investigation)", "unlock it first")
	}
	read[Machine](b, b.post("/machines/FL1/unlock", ""), http.StatusOK)
	b.bmc.fails = oob.ErrUnreachable
	b.refuses(b.post("/machines/FL1/power", `{"action":"off"}`), http.StatusBadGateway, "power off of machine FL1", "the BMC does not answer")
	b.bmc.login = oob.ErrNoLogin
	b.refuses(b.post("/machines/FL1/power", `{"action":"off"}`), http.StatusConflict, "no BMC with a known log-in", "by hand")
}

func TestLight(t *testing.T) {
	b := newBench(t)
	b.add(1)
	for _, tt := range []struct{ action, want string }{{"blink", "blinking"}, {"on", "lit"}, {"off", "off"}} {
		got := read[Machine](b, b.as(auth.Technician, http.MethodPost, "/machines/FL1/light", `{"action":"`+tt.action+`"}`), http.StatusOK)
		if got.Observed.Light != tt.want || got.Observed.LightAt == nil {
			t.Errorf("after light %s it is %+v, want %s", tt.action, got.Observed, tt.want)
		}
	}
	b.awaitPicked("light=off", 1)
	b.refuses(b.post("/machines/FL1/light", `{"action":"green"}`), http.StatusUnprocessableEntity, "body.action", "on, off, blink")
	b.bmc.fails = oob.ErrUnreachable
	b.refuses(b.post("/machines/FL1/light", `{"action":"on"}`), http.StatusBadGateway, "light on of machine FL1", "the BMC does not answer")
	b.bmc.fails = oob.ErrUnsupported
	b.refuses(b.post("/machines/FL1/light", `{"action":"on"}`), http.StatusConflict, "look for the machine with serial number FL1")
	b.bmc.login = oob.ErrNoLogin
	b.refuses(b.post("/machines/FL1/light", `{"action":"on"}`), http.StatusConflict, "no BMC with a known log-in", "firstlight bmc set FL1")
}

// awaitPicked waits until a selector picks so many machines: what was observed is
// written in batches, and lists are read from what was written.
func (b *bench) awaitPicked(selector string, want int) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		got := read[List[Machine]](b, b.get("/machines?selector="+selector), http.StatusOK).Total
		if got == want {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			b.Fatalf("%s picks %d machines, want %d", selector, got, want)
		}
	}
}

func TestRulesAreTried(t *testing.T) {
	b := newBench(t)
	b.add(1)
	got := read[Trial](b, b.get("/machines/FL1/rules"), http.StatusOK)
	if !got.Accepted || got.Machine != "FL1" || len(got.Rules) == 0 || !got.Rules[0].Decides || got.Rules[0].Why == "" {
		t.Errorf("trial = %+v", got)
	}
	b.refuses(b.get("/machines/nobody/rules"), http.StatusNotFound, "nobody")
}

func TestReleaseAndRecheck(t *testing.T) {
	b := newBench(t)
	b.add(1, report.Content{Device: "vda", Kind: "filesystem", Type: "ext4", Label: "pgdata"})
	b.refuses(b.post("/machines/FL1/release", `{"name":"fl1"}`), http.StatusUnprocessableEntity, "type FL1")
	got := read[Machine](b, b.post("/machines/FL1/release", `{"name":"FL1"}`), http.StatusOK)
	if got.Status != "available" {
		t.Errorf("status after release = %s, want available", got.Status)
	}
	b.refuses(b.post("/machines/FL1/release", `{"name":"FL1"}`), http.StatusConflict, "FL1 is available")
	b.refuses(b.post("/machines/FL1/recheck", ""), http.StatusConflict, "FL1 is available")
}

func TestBrokenRepairedAndRetired(t *testing.T) {
	b := newBench(t)
	b.add(1)
	technician := func(verb, body string) Machine {
		t.Helper()
		return read[Machine](b, b.as(auth.Technician, http.MethodPost, "/machines/FL1/"+verb, body), http.StatusOK)
	}
	broken := technician("broken", `{"reason":"memory","note":"DIMM B2"}`)
	if broken.Status != "broken" || broken.Reason != "memory" || broken.Sentence != "marked broken by ada because of its memory: DIMM B2" {
		t.Errorf("broken machine = %+v", broken)
	}
	if u := broken.Undo; u == nil || u.By != "ada" || u.Did != "marked it broken" || u.Does != "has it checked again" || time.Until(u.Until) > machine.UndoWithin {
		t.Errorf("undo = %+v", u)
	}
	if again := technician("undo", ""); again.Status != "available" || again.Undo != nil {
		t.Errorf("after undo it is %s with %+v", again.Status, again.Undo)
	}
	b.refuses(b.post("/machines/FL1/undo", ""), http.StatusConflict, "nothing to undo on machine FL1")
	technician("broken", `{"reason":"doa"}`)
	if m := technician("repair", `{"disks":"wipe"}`); m.Status != "repairing" || m.Handling != "wipe" {
		t.Errorf("in repair it is %s with its disks to %s", m.Status, m.Handling)
	}
	if m := technician("repaired", ""); m.Status != "registered" || m.Handling != "" || m.Facts != nil {
		t.Errorf("repaired, it is %s with its disks to %q and %v", m.Status, m.Handling, m.Facts)
	}
	b.add(1) // it reports
	b.refuses(b.post("/machines/FL1/return", `{"note":"fine"}`), http.StatusConflict, "FL1 is available")
	b.refuses(b.post("/machines/FL1/retire", `{"name":"FL2"}`), http.StatusUnprocessableEntity, "type FL1")
	if m := read[Machine](b, b.post("/machines/FL1/retire", `{"name":"FL1","note":"sold"}`), http.StatusOK); m.Status != "retired" || m.Address != "" {
		t.Errorf("retired, it is %s with address %s", m.Status, m.Address)
	}
}

func TestReasonsOfTheDocumentAreThoseOfTheModel(t *testing.T) {
	d, _ := readDocument(t)
	for schema, want := range map[string][]string{
		"BrokenOrder.reason": machine.BrokenReasons(),
		"RepairOrder.disks":  {string(machine.HandlingKeep), string(machine.HandlingWipe), string(machine.HandlingShred)},
		"Machine.handling":   {string(machine.HandlingKeep), string(machine.HandlingWipe), string(machine.HandlingShred)},
	} {
		name, field, _ := strings.Cut(schema, ".")
		var got []string
		for _, v := range d.Components.Schemas[name].Properties[field].Enum {
			got = append(got, fmt.Sprint(v))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", schema, diff)
		}
	}
}

func TestWhatWasDoneIsAudited(t *testing.T) {
	b := newBench(t)
	b.add(1)
	read[Machine](b, b.post("/machines/FL1/lock", `{"note":"why"}`), http.StatusOK)
	got := read[Tail[AuditEntry]](b, b.get("/audit?limit=1"), http.StatusOK)
	want := []AuditEntry{{Who: "ada", Address: "192.0.2.7", What: "lock", Object: "FL1", After: "why"}}
	if age := time.Since(got.Items[0].At); age < 0 || age > time.Minute {
		t.Errorf("audited %s ago, want now", age)
	}
	if got.Items[0].Hash == "" || got.Items[0].ID == 0 || got.NextCursor == "" {
		t.Errorf("audit = %+v, want id, hash and a cursor for the older ones", got)
	}
	got.Items[0].ID, got.Items[0].At, got.Items[0].Hash = 0, time.Time{}, ""
	if diff := cmp.Diff(want, got.Items); diff != "" {
		t.Errorf("audit (-want +got):\n%s", diff)
	}
}
