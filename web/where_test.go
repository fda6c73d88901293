package web

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"firstlight/server/auth"
	"firstlight/server/machine"
	"firstlight/server/trust"
)

func TestWhereAMachineIsShown(t *testing.T) {
	b := newBench(t, full())
	m := b.canned.machines[0]
	n := &m.NICs[0]
	n.Switch, n.Port, n.SeenSwitch, n.SeenPort = "sw3", "31", "sw3", "Ethernet31"
	m.Observed.Relayed = []machine.Relayed{{MAC: n.MAC, Relay: netip.MustParseAddr("10.1.3.1"), Circuit: []byte("sw3:Ethernet33")}}
	r := b.get(machineURL(m), b.as(auth.Viewer))
	if r.StatusCode != http.StatusOK {
		t.Fatalf("the page is answered %d: %s", r.StatusCode, r.body)
	}
	for _, words := range []string{
		"<td>sw3/31</td><td>sw3/Ethernet31</td>", "<div>sw3/Ethernet33 <span class=\"note\">10.1.3.1</span></div>",
		"Of eth0, LLDP says sw3/Ethernet31 and its relay (option 82) sw3/Ethernet33; plan says sw3/31: follow the cable",
	} {
		if !strings.Contains(r.body, words) {
			t.Errorf("the page does not say %q", words)
		}
	}
}

// The page says how far the boot has proven itself, and what the place lacks.
func TestHowFarABootHasProvenItselfIsShown(t *testing.T) {
	at := trust.Proof{At: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC), How: "eth0 in sw3/31 by LLDP and its relay (option 82)"}
	for _, tt := range []struct {
		shown trust.Evidence
		want  string
	}{
		{trust.Evidence{Token: at, Position: at}, "The boot has proven itself as far as <strong>position</strong>: eth0 in sw3/31 by LLDP and its relay (option 82)."},
		{trust.Evidence{Token: at, Position: trust.Proof{Lacks: "plan its switch and port"}}, "as far as <strong>token</strong>. No place: plan its switch and port."},
		{trust.Evidence{Token: at, Contested: "two speak"}, "as far as <strong>none</strong>: two speak."},
	} {
		b := newBench(t, full())
		b.canned.evidence = tt.shown
		if r := b.get(machineURL(b.canned.machines[0]), b.as(auth.Viewer)); !strings.Contains(r.body, tt.want) {
			t.Errorf("the page does not say %q", tt.want)
		}
	}
}
