package web

import (
	"net/http"
	"strings"
	"testing"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

func TestTheSheetHasWhatIsCabled(t *testing.T) {
	c := full()
	mac := machine.MAC{0x52, 0x54, 0, 0xff, 0, 7}
	c.change("MQ0007", func(m *machine.Machine) {
		m.NICs, m.BMC.MAC = []machine.NIC{{MAC: machine.MAC{0x52, 0x54, 0, 0, 7, 7}, Switch: "sw7", Port: "31"}}, mac
	})
	b := newBench(t, c)
	r := b.get("/racks/r12/sheet", b.as(auth.Viewer))
	if r.StatusCode != http.StatusOK {
		t.Fatalf("GET the sheet = %d", r.StatusCode)
	}
	for _, want := range []string{"Rack r12", "52:54:00:00:07:07", "sw7 31", mac.String(), "27–42", "24–26", "21 machines", "rear"} {
		if !strings.Contains(r.body, want) {
			t.Errorf("the sheet does not have %q", want)
		}
	}
	if n := strings.Count(r.body, ">MQ0012<"); n != 1 {
		t.Errorf("MQ0012, which fills both faces, stands on %d lines, want one", n)
	}
}
