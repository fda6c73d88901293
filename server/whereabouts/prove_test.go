package whereabouts

import (
	"strings"
	"testing"
	"time"

	"firstlight/server/machine"
)

func TestWhatProvesAPlace(t *testing.T) {
	const hour = time.Hour
	heard := func(after time.Duration) func(*machine.Machine) {
		return func(m *machine.Machine) { m.NICs[0].SeenAt = epoch.Add(after) }
	}
	relayed := func(circuit, remote string, after time.Duration) func(*machine.Machine) {
		s := says(eth0, circuit, remote)
		s.At = epoch.Add(after)
		return by(s)
	}
	bmcAt := func(circuit string) func(*machine.Machine) {
		return func(m *machine.Machine) {
			s := says(lom, circuit, "")
			s.At = epoch.Add(-24 * hour)
			m.Observed.Relayed = append(m.Observed.Relayed, s)
		}
	}
	type edits []func(*machine.Machine)
	for _, tt := range []struct {
		name  string
		edits edits
		why   string // "": it is proven
	}{
		{"LLDP and the relay, of this boot", edits{heard(1), relayed("sw3:Ethernet31", "", 1)}, ""},
		{"the relays of both cables, that of the BMC a day ago", edits{unheard, relayed("sw3:Ethernet31", "", 1), bmcAt("mgmt1:7")}, ""},
		{"LLDP alone", edits{heard(1)}, "no DHCP relay said since the boot at 2026-11-27T12:00:00Z in which port NIC1 is"},
		{"a relay that spoke before the boot", edits{heard(1), relayed("sw3:Ethernet31", "", -1)}, "no DHCP relay said since the boot"},
		{"LLDP of an earlier boot", edits{heard(-1), relayed("sw3:Ethernet31", "", 1)}, "the relay alone says that NIC1 is in sw3/Ethernet31: have sw3 speak LLDP"},
		{"LLDP of nobody knows when", edits{relayed("sw3:Ethernet31", "", 1)}, "the relay alone says"},
		{"a relay in numbers", edits{heard(1), relayed("\x00\x04\x00\x64\x01\x1f", "", 1)}, "what the relay says of NIC1 is no place (the relay counts its ports"},
		{"nothing planned", edits{heard(1), unplanned, relayed("sw3:Ethernet31", "", 1)}, "the plan names no port for the interface 02:00:00:00:00:01 that booted: plan its switch and port"},
		{"another port", edits{lldp("sw3", "Ethernet32"), heard(1), relayed("sw3:Ethernet32", "", 1)}, "NIC1 is in sw3/Ethernet32 by LLDP and by its relay"},
		{"another port, by a relay that spoke first and one of before", edits{unheard, func(m *machine.Machine) {
			was, is := says(eth0, "sw3:Ethernet31", ""), says(eth0, "sw3:Ethernet32", "")
			was.At, is.At = epoch.Add(-hour), epoch.Add(1)
			by(is, was)(m)
		}}, "NIC1 is in sw3/Ethernet32 by its relay (option 82), and the plan says sw3/31"},
		{"the BMC elsewhere", edits{heard(1), relayed("sw3:Ethernet31", "", 1), bmcAt("mgmt1:8")}, "BMC is in mgmt1/8"},
		{"a switch that this machine alone calls so", edits{heard(1), relayed("Ethernet31", chassis, 1)}, "that the relay of NIC1 is sw3 says no machine but this one"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := planned()
			for _, edit := range tt.edits {
				edit(m)
			}
			got, why := Of(m, fleetOf(m, neighbour())).Prove(eth0, epoch)
			if (why == "") != (tt.why == "") || !strings.Contains(why, tt.why) || why == "" && (!got.Planned || len(got.Evidence) != 2 || got.Unit != 11) {
				t.Errorf("Prove = %+v, %q; want %q", got, why, tt.why)
			}
		})
	}
}

// What a relay's switch is called is taken from another machine, unless any two
// say otherwise.
func TestANameOfASwitchNeedsAWitness(t *testing.T) {
	m, o := planned(), neighbour()
	m.NICs[0].SeenAt = epoch
	by(says(eth0, "Ethernet31", chassis))(m)
	o.NICs[0].SeenSwitch, o.NICs[0].SeenPort, o.NICs[0].SeenChassis = "sw3", "33", m.NICs[0].SeenChassis
	if _, why := Of(m, fleetOf(m, o)).Prove(eth0, epoch); why != "" {
		t.Errorf("with a witness it is not proven: %s", why)
	}
	o.NICs[0].SeenSwitch = "sw9"
	if _, why := Of(m, fleetOf(m, o)).Prove(eth0, epoch); why == "" {
		t.Error("with a witness of another name it is proven")
	}
}

// An interface that did not boot proves nothing, wherever it is.
func TestAnotherInterfaceIsNoPlace(t *testing.T) {
	m := planned()
	m.NICs[0].SeenAt = epoch
	by(says(eth0, "sw3:Ethernet31", ""))(m)
	if got, why := Of(m, fleetOf(m)).Prove(machine.MAC{2, 9}, epoch); why == "" {
		t.Errorf("Prove of an interface that the machine has not = %+v", got)
	}
}
