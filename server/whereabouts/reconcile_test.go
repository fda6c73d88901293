package whereabouts

import (
	"net/netip"
	"testing"
	"time"

	"firstlight/server/machine"
)

var epoch = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// planned is a machine whose cable is planned, and heard of by LLDP, in sw3/31.
func planned() *machine.Machine {
	return &machine.Machine{
		ID: "1", Name: "C0MPUT3", Status: machine.InUse, Rack: "ams1-r3", Unit: 11,
		NICs: []machine.NIC{{
			Name: "NIC1", MAC: eth0, Switch: "sw3", Port: "31", SeenSwitch: "sw3", SeenPort: "Ethernet31", SeenChassis: machine.MAC{0, 0x1c, 0x73, 0, 0, 1},
		}},
		BMC: machine.BMC{MAC: lom, Switch: "mgmt1", Port: "7"},
	}
}

// neighbour is one whose cable is planned in another port of the same switch.
func neighbour() *machine.Machine {
	return &machine.Machine{
		ID: "2", Name: "web-9", Rack: "ams1-r3", Unit: 12, NICs: []machine.NIC{{Name: "eth0", MAC: machine.MAC{2, 0, 0, 0, 0, 2}, Switch: "sw3", Port: "33"}},
	}
}

func fleetOf(all ...*machine.Machine) *Fleet {
	return NewFleet(func() []*machine.Machine { return all })
}

func says(mac machine.MAC, circuit, remote string) machine.Relayed {
	return machine.Relayed{MAC: mac, Relay: four, Circuit: []byte(circuit), Remote: []byte(remote), Since: epoch, At: epoch}
}

// by gives a machine the words of relays, of each a relay of its own.
func by(all ...machine.Relayed) func(*machine.Machine) {
	return func(m *machine.Machine) {
		for i, r := range all {
			for range i {
				r.Relay = r.Relay.Next()
			}
			m.Observed.Relayed = append(m.Observed.Relayed, r)
		}
	}
}

func lldp(sw, port string) func(*machine.Machine) {
	return func(m *machine.Machine) { m.NICs[0].SeenSwitch, m.NICs[0].SeenPort = sw, port }
}

func unheard(m *machine.Machine) {
	m.NICs[0].SeenSwitch, m.NICs[0].SeenPort, m.NICs[0].SeenChassis = "", "", machine.MAC{}
}

func unplanned(m *machine.Machine) { m.NICs[0].Switch, m.NICs[0].Port = "", "" }

const chassis = "\x00\x06\x00\x1c\x73\x00\x00\x01"

func TestDisagreements(t *testing.T) {
	type edits []func(*machine.Machine)
	for _, tt := range []struct {
		name  string
		edits edits
		want  string
	}{
		{"all as planned", edits{by(says(eth0, "sw3:Ethernet31", ""))}, ""},
		{"LLDP says another port", edits{lldp("sw3", "Ethernet32")}, "NIC1 is in sw3/Ethernet32, plan says sw3/31: move the cable to sw3/31, or accept where it is."},
		{"another machine's", edits{lldp("sw3", "Ethernet33")}, "NIC1 is in sw3/Ethernet33, the port of ams1-r3 unit 12, where web-9 is planned; plan says sw3/31: move the cable to sw3/31."},
		{"both say another port", edits{lldp("sw3", "Ethernet32"), by(says(eth0, "sw3:Et32", ""))}, "NIC1 is in sw3/Ethernet32 by LLDP and by its relay (option 82), plan says sw3/31: move the cable to sw3/31, or accept where it is."},
		{"the relay alone", edits{unheard, by(says(eth0, "sw3:Ethernet32", ""))}, "NIC1 is in sw3/Ethernet32 by its relay (option 82), plan says sw3/31: move the cable to sw3/31, or accept where it is."},
		{"a relay of IPv6", edits{unheard, by(machine.Relayed{MAC: eth0, Relay: six, Circuit: []byte("sw3:Ethernet32"), At: epoch})}, "NIC1 is in sw3/Ethernet32 by its relay (Interface-Id), plan says sw3/31: move the cable to sw3/31, or accept where it is."},
		{"the relay names its switch in the remote id", edits{unheard, by(says(eth0, "Ethernet32", "sw3"))}, "NIC1 is in sw3/Ethernet32 by its relay (option 82), plan says sw3/31: move the cable to sw3/31, or accept where it is."},
		{"LLDP as planned, the relay not", edits{by(says(eth0, "sw3:Ethernet33", ""))}, "Of NIC1, LLDP says sw3/Ethernet31 and its relay (option 82) sw3/Ethernet33; plan says sw3/31: follow the cable, and mend what names its port wrongly."},
		{"by the switch's MAC", edits{by(says(eth0, "Ethernet33", chassis))}, "Of NIC1, LLDP says sw3/Ethernet31 and its relay (option 82) sw3/Ethernet33; plan says sw3/31: follow the cable, and mend what names its port wrongly."},
		{"the relay as planned, LLDP not", edits{lldp("sw3", "Ethernet33"), by(says(eth0, "sw3:31", ""))}, "Of NIC1, LLDP says sw3/Ethernet33 and its relay (option 82) sw3/31; plan says sw3/31: follow the cable, and mend what names its port wrongly."},
		{"neither planned nor alike", edits{unplanned, by(says(eth0, "sw3:Ethernet32", ""))}, "Of NIC1, LLDP says sw3/Ethernet31 and its relay (option 82) sw3/Ethernet32; the plan says nothing: follow the cable, and mend what names its port wrongly."},
		{"not planned", edits{unplanned}, ""},
		{"not planned, in another's port", edits{unplanned, lldp("sw3", "Eth33")}, "NIC1 is in sw3/Eth33, the port of ams1-r3 unit 12, where web-9 is planned; the plan names no port for NIC1: move the cable, or plan it."},
		{"not planned, in another's by the relay", edits{unplanned, unheard, by(says(eth0, "sw3:Eth33", ""))}, "NIC1 is in sw3/Eth33 by its relay (option 82), the port of ams1-r3 unit 12, where web-9 is planned; the plan names no port for NIC1: move the cable, or plan it."},
		{"the BMC", edits{by(says(lom, "mgmt1:Ethernet5", ""))}, "BMC is in mgmt1/Ethernet5 by its relay (option 82), plan says mgmt1/7: move the cable to mgmt1/7, or accept where it is."},
		{"one of two relays is the peer's", edits{by(says(eth0, "sw3:Ethernet48", ""), says(eth0, "sw3:Ethernet31", ""))}, ""},

		{"a port in numbers", edits{unheard, by(says(eth0, "\x00\x04\x00\x64\x01\x21", chassis))}, ""},
		{"no form", edits{unheard, by(says(eth0, "web-7", "sw3"))}, ""},
		{"a VLAN", edits{unheard, by(says(eth0, "sw3:Vlan10", ""))}, ""},
		{"a port of no switch", edits{unheard, by(says(eth0, "Ethernet33", ""))}, ""},
		{"a switch that is not known", edits{unheard, by(says(eth0, "core1:Ethernet33", ""))}, ""},
		{"a remote id that is no switch", edits{unheard, by(says(eth0, "Ethernet33", "web-7"))}, ""},
		{"another set of names", edits{unheard, func(m *machine.Machine) { m.NICs[0].Port = "etp31" }, by(says(eth0, "sw3:Ethernet120", ""))}, ""},
		{"heard directly since", edits{unheard, func(m *machine.Machine) {
			m.Observed.Relayed = []machine.Relayed{{MAC: eth0, At: epoch.Add(3 * time.Hour)}, says(eth0, "sw3:Ethernet33", "")}
		}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := planned()
			for _, edit := range tt.edits {
				edit(m)
			}
			var got string
			for _, c := range Of(m, fleetOf(m, neighbour())).Cables {
				if c.Disagreement != nil {
					got = c.Disagreement.Sentence
				}
			}
			if got != tt.want {
				t.Errorf("it is said %q\nwant %q", got, tt.want)
			}
			if d := Wrong(m, fleetOf(m, neighbour())); (d == nil) != (got == "") || d != nil && d.Sentence != got {
				t.Errorf("at a glance it is said %+v, want %q", d, got)
			}
		})
	}
}

// A relay further up calls all that is behind it one port.
func TestSharedPortIsNoPlace(t *testing.T) {
	m, o := planned(), neighbour()
	unheard(m)
	by(says(eth0, "sw3:Ethernet49", ""))(m)
	if d := Of(m, fleetOf(m, o)).Cables[0].Disagreement; d == nil {
		t.Fatal("one machine behind a port is not in it")
	}
	by(says(o.NICs[0].MAC, "sw3:Ethernet49", ""))(o)
	c := Of(m, fleetOf(m, o)).Cables[0]
	if c.Disagreement != nil || c.Seen[0].Why != "several machines are behind what the relay calls this port" {
		t.Errorf("two behind it: %+v, %q", c.Disagreement, c.Seen[0].Why)
	}
}

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		name    string
		edits   []func(*machine.Machine)
		ok      bool
		planned bool
	}{
		{"LLDP alone", nil, false, false},
		{"LLDP and the relay", []func(*machine.Machine){by(says(eth0, "Ethernet31", chassis))}, true, true},
		{"where nothing is planned", []func(*machine.Machine){unplanned, by(says(eth0, "Ethernet31", chassis))}, true, false},
		{"the relay in numbers", []func(*machine.Machine){by(says(eth0, "\x00\x04\x00\x64\x01\x1f", chassis))}, false, false},
		{"the relay without a switch", []func(*machine.Machine){by(says(eth0, "Ethernet31", ""))}, false, false},
		{"the relays of both cables as planned", []func(*machine.Machine){unheard, by(says(eth0, "sw3:Ethernet31", ""), says(lom, "mgmt1:7", ""))}, true, true},
		{"the BMC elsewhere", []func(*machine.Machine){by(says(eth0, "Ethernet31", chassis), says(lom, "mgmt1:8", ""))}, false, false},
		{"they disagree", []func(*machine.Machine){by(says(eth0, "Ethernet32", chassis))}, false, false},
		{"they agree on another port", []func(*machine.Machine){lldp("sw3", "Ethernet32"), by(says(eth0, "sw3:Ethernet32", ""))}, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := planned()
			for _, edit := range tt.edits {
				edit(m)
			}
			got, ok := Of(m, fleetOf(m)).Match()
			if ok != tt.ok || got.Planned != tt.planned || ok && (len(got.Evidence) != 2 || got.Rack != "ams1-r3" || got.Unit != 11) {
				t.Errorf("Match = %+v, %v; want %v, planned %v", got, ok, tt.ok, tt.planned)
			}
		})
	}
}

func TestSight(t *testing.T) {
	later := func(r machine.Relayed, d time.Duration) machine.Relayed { r.At = r.At.Add(d); return r }
	at := func(r machine.Relayed, relay string) machine.Relayed { r.Relay = netip.MustParseAddr(relay); return r }
	one := says(eth0, "Ethernet31", "sw3")
	two := at(says(eth0, "Ethernet48", "sw4"), "10.1.3.2")
	over6 := at(says(eth0, "Ethernet31", ""), "fd00::1")
	direct := machine.Relayed{MAC: eth0, At: epoch}
	for _, tt := range []struct {
		name string
		had  []machine.Relayed
		s    machine.Relayed
		boot time.Time
		what News
		left int
		was  string
	}{
		{"for the first time", nil, one, time.Time{}, First, 1, ""},
		{"a packet later", []machine.Relayed{one}, later(one, time.Second), time.Time{}, Nothing, 1, ""},
		{"of the next boot", []machine.Relayed{one}, later(one, time.Minute), epoch.Add(time.Second), Again, 1, ""},
		{"of the same boot", []machine.Relayed{one}, later(one, time.Minute), epoch, Nothing, 1, ""},
		{"an hour later", []machine.Relayed{one}, later(one, time.Hour), time.Time{}, Again, 1, ""},
		{"another port", []machine.Relayed{one}, later(says(eth0, "Ethernet33", "sw3"), time.Second), time.Time{}, Moved, 1, "Ethernet31"},
		{"a redundant relay", []machine.Relayed{one}, later(two, time.Second), time.Time{}, First, 2, ""},
		{"another relay, later", []machine.Relayed{one}, later(two, 2*time.Minute), time.Time{}, Moved, 1, "Ethernet31"},
		{"a redundant relay that was silent", []machine.Relayed{two, one}, later(one, 3*time.Hour), time.Time{}, Again, 1, ""},
		{"DHCPv6 beside DHCP", []machine.Relayed{one}, later(over6, time.Hour), time.Time{}, First, 2, ""},
		{"heard directly, as ever", nil, direct, time.Time{}, Nothing, 0, ""},
		{"heard directly, after a relay", []machine.Relayed{one}, later(direct, time.Hour), time.Time{}, Moved, 1, "Ethernet31"},
		{"another interface", []machine.Relayed{one}, says(lom, "Ethernet5", "mgmt1"), time.Time{}, First, 2, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, was, what := Sight(tt.had, tt.s, tt.boot)
			if what != tt.what || len(got) != tt.left || string(was.Circuit) != tt.was {
				t.Errorf("Sight = %d of %q, %d left; want %d of %q, %d left", what, was.Circuit, len(got), tt.what, tt.was, tt.left)
			}
		})
	}
}

// Whatever relays there are and whatever they say, little of it is kept, and what
// was just said is written once.
func TestSightIsBounded(t *testing.T) {
	var all []machine.Relayed
	for i := range 300 {
		r := says(machine.MAC{2, 0, 0, 0, 1, byte(i % 60)}, string(make([]byte, i)), "")
		r.Relay = netip.AddrFrom4([4]byte{10, 0, byte(i % 7), 1})
		r.At = epoch.Add(time.Duration(i) * time.Second)
		all, _, _ = Sight(all, r, time.Time{})
		if again, _, what := Sight(all, r, time.Time{}); what != Nothing || len(again) != len(all) {
			t.Fatalf("said twice, it is news %d", what)
		}
	}
	if len(all) > maxRelayed || len(all[0].Circuit) > maxOption {
		t.Errorf("%d are kept, of %d bytes", len(all), len(all[0].Circuit))
	}
}
