package api

import (
	"net/http"
	"testing"

	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// everything is evidence for whatever is asked for.
var everything = machine.Evidence{
	machine.GuardEmptyDisks: "t", machine.GuardUnlocked: "t", machine.GuardJob: "t", machine.GuardToken: "t", machine.GuardChecksum: "t",
	machine.GuardHome: "t", machine.GuardDNS: "t", machine.GuardNoJob: "t",
}

func TestHandOver(t *testing.T) {
	b := newBench(t)
	m := b.add(1)
	b.refuses(b.get("/enc/nobody"), http.StatusNotFound, `no machine has the host name "nobody"`)
	become := func(to machine.Status) {
		t.Helper()
		b.must(b.db.Transition(t.Context(), serverdb.Change{Machine: m.ID, From: m.Status, To: to, Who: "test", Why: "test", Evidence: everything, Apply: func(m *machine.Machine) {
			m.Hostname = "lab-web-1"
		}}))
		now, err := b.db.Machine(m.ID)
		b.must(err)
		m = now
	}
	become(machine.Allocated)
	b.refuses(b.get("/enc/"+m.Hostname), http.StatusConflict, "is allocated", "only machines that are installing, configuring or in use are classified")
	become(machine.Installing)
	become(machine.Configuring)
	become(machine.InUse)
	node := read[Node](b, b.get("/enc/"+m.Hostname), http.StatusOK)
	if node.Parameters["firstlight_name"] != m.Name || node.Parameters["firstlight_status"] != "in_use" {
		t.Errorf("node = %+v", node)
	}
	inv := read[Inventory](b, b.get("/inventory?selector=status=in_use"), http.StatusOK)
	if len(inv.Groups["status_in_use"]) != 1 {
		t.Errorf("inventory = %+v", inv)
	}
	targets := read[[]Target](b, b.get("/sd?port=9200"), http.StatusOK)
	if len(targets) != 1 || targets[0].Targets[0] != m.Address().String()+":9200" {
		t.Errorf("targets = %+v", targets)
	}
	b.refuses(b.get("/sd?selector=stauts%3Dheld"), http.StatusUnprocessableEntity, "did you mean status?")
}
