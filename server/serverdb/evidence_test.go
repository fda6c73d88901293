package serverdb

import (
	"strings"
	"testing"
	"time"

	"firstlight/agent/report"
	"firstlight/server/machine"
	"firstlight/server/trust"
)

// A boot is proven by the relay and by LLDP where both speak of it: what was seen
// before its token was made says nothing.
func TestWhatABootHasShown(t *testing.T) {
	d := open(t, file(t), accept(""))
	says := blank(1)
	says.NICs[0].Neighbour = &report.Neighbour{Chassis: "00:1c:73:00:00:01", ChassisKind: "mac", System: "sw3", Port: "Ethernet31", PortKind: "name"}
	m := arrive(t, d, says, 101)
	mac := m.BootMAC()
	if got := d.Shown(m); got != (trust.Evidence{}) {
		t.Errorf("a boot that never enrolled has shown %s", got)
	}
	plan := func(m *machine.Machine) error { m.NICs[0].Switch, m.NICs[0].Port = "sw3", "31"; return nil }
	if err := d.Edit(t.Context(), m.ID, 0, "test", "", plan); err != nil {
		t.Fatal(err)
	}
	shown := func() trust.Evidence {
		t.Helper()
		m, err := d.Machine(m.ID)
		if err != nil {
			t.Fatal(err)
		}
		return d.Shown(m)
	}
	boots := func() {
		t.Helper()
		now := d.Now()
		d.Observe(m.ID, func(o *machine.Observed) { o.BootAt = now })
		if err := d.Enrol(t.Context(), mac, takes(trust.Enrolment{Token: now.String(), Issued: now.UnixNano(), Key: "k", At: now, From: "10.80.12.101"})); err != nil {
			t.Fatal(err)
		}
	}
	asks := func() {
		d.Relayed(machine.Relayed{MAC: mac, Relay: rackRelay, Circuit: []byte("sw3:Ethernet31"), At: d.Now()})
	}
	const how = "eth0 in sw3/Ethernet31 by LLDP and its relay (option 82)"
	asks()
	for _, step := range []struct {
		name      string
		do        func()
		rung      trust.Rung
		how, lack string
	}{
		{"the relay spoke before it booted", boots, trust.Token, "", "no DHCP relay said since the boot"},
		{"the relay speaks", asks, trust.Token, "", "the relay alone says"},
		{"the agent hears the switch", func() { arrive(t, d, says, 101) }, trust.Position, how, ""},
		{"it boots anew", boots, trust.Token, "", "no DHCP relay said since the boot"},
		{"both speak again", func() { asks(); arrive(t, d, says, 101) }, trust.Position, how, ""},
	} {
		step.do()
		got := shown()
		if got.Rung() != step.rung || got.Position.How != step.how || !strings.Contains(got.Position.Lacks, step.lack) || (step.lack == "") != (got.Position.Lacks == "") {
			t.Errorf("%s: %+v; want the rung %s by %q, or that it lacks %q", step.name, got, step.rung, step.how, step.lack)
		}
	}
	if got := d.Position(m, machine.MAC{2, 9}, time.Time{}); !got.At.IsZero() {
		t.Errorf("an interface of nobody is proven to be in %s", got.How)
	}
}
