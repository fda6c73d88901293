package web

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"firstlight/server/auth"
	"firstlight/server/machine"
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
