package discovery

import (
	"strings"
	"testing"

	"firstlight/agent/report"
	"firstlight/server/machine"
)

func TestSamePort(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"31", "31", true},
		{"31", "23", false},
		{"31", "Ethernet31", true},
		{"31", "Eth31", true},
		{"Ethernet31", "Et31", true},
		{"ethernet 31", "Eth 31", true},
		{"31", "1/0/31", true},
		{"31", "Gi1/0/31", true},
		{"GigabitEthernet1/0/31", "gi1/0/31", true},
		{"Gi1/0/31", "Te1/0/31", false},
		{"31", "2/0/31", false}, // the second unit of a stack
		{"1/0/31", "2/0/31", false},
		{"1/0/31", "1/31", false},
		{"31", "ge-0/0/31", true},
		{"ge-0/0/31", "xe-0/0/31", false},
		{"31", "swp31", true},
		{"swp3", "swp31", false},
		{"31", "031", true},
		{"1/0", "1/00", true},
		{"31", "Ethernet31/1", false}, // a lane of it
		{"Uplink A", "uplink a", true},
		{"uplink", "31", false},
		{"00:1c:73:00:00:1f", "00:1C:73:00:00:1F", true},
		{"00:1c:73:00:00:1f", "00:1c:73:00:00:20", false},
	} {
		if got := SamePort(tt.a, tt.b); got != tt.same || SamePort(tt.b, tt.a) != got {
			t.Errorf("SamePort(%q, %q) = %v, the other way %v; want %v", tt.a, tt.b, got, SamePort(tt.b, tt.a), tt.same)
		}
	}
}

func TestSameSwitch(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"sw3", "SW3", true},
		{"sw3", "sw3.example.net", true},
		{"sw3.example.net.", "sw3.example.net", true},
		{"sw3.lon.example.net", "sw3.ams.example.net", false},
		{"sw3", "sw31", false},
		{".a", ".b", false},
	} {
		if got := SameSwitch(tt.a, tt.b); got != tt.same || SameSwitch(tt.b, tt.a) != got {
			t.Errorf("SameSwitch(%q, %q) = %v, want %v both ways", tt.a, tt.b, got, tt.same)
		}
	}
}

func TestWhereANeighbourIs(t *testing.T) {
	for _, tt := range []struct {
		name     string
		says     report.Neighbour
		sw, port string
	}{
		{"by its names", report.Neighbour{Chassis: "00:1c:73:00:00:01", System: "sw3", Port: "Ethernet31", PortKind: "name", PortText: "to web-7"}, "sw3", "Ethernet31"},
		{"without a name of its own", report.Neighbour{Chassis: "00:1c:73:00:00:01", Port: "31", PortKind: "local"}, "00:1c:73:00:00:01", "31"},
		{"a port by its MAC", report.Neighbour{System: "sw3", Port: "00:1c:73:00:00:1f", PortKind: "mac", PortText: "swp31"}, "sw3", "swp31"},
		{"a port by its MAC, described in a sentence", report.Neighbour{System: "sw3", Port: "00:1c:73:00:00:1f", PortKind: "mac", PortText: "to web 7"}, "sw3", "00:1c:73:00:00:1f"},
		{"a row of a table", report.Neighbour{System: "sw3", Port: "512", PortKind: "local", PortText: "ge-0/0/31"}, "sw3", "ge-0/0/31"},
		{"hostile words", report.Neighbour{System: "sw\x1b[31m\u202e3\n" + strings.Repeat("ä", 99), Port: "<script>\x00", PortKind: "name"}, "sw[31m3" + strings.Repeat("ä", 28), "<script>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if sw, port := seenAt(&tt.says); sw != tt.sw || port != tt.port {
				t.Errorf("seenAt = %q, %q; want %q, %q", sw, port, tt.sw, tt.port)
			}
		})
	}
}

func TestMiscabled(t *testing.T) {
	for _, tt := range []struct {
		name       string
		nic        machine.NIC
		plan, seen string
		differs    bool
	}{
		{"another port", machine.NIC{Switch: "sw3", Port: "23", SeenSwitch: "sw3", SeenPort: "Ethernet31"}, "sw3/23", "sw3/Ethernet31", true},
		{"another switch", machine.NIC{Switch: "sw3", Port: "23", SeenSwitch: "sw4", SeenPort: "23"}, "sw3/23", "sw4/23", true},
		{"the same, spelt otherwise", machine.NIC{Switch: "sw3", Port: "23", SeenSwitch: "SW3.example.net", SeenPort: "1/0/23"}, "sw3/23", "SW3.example.net/1/0/23", false},
		{"no plan", machine.NIC{SeenSwitch: "sw3", SeenPort: "31"}, "", "sw3/31", false},
		{"a plan of the switch alone", machine.NIC{Switch: "sw3", SeenSwitch: "sw3", SeenPort: "31"}, "sw3", "sw3/31", false},
		{"nothing seen", machine.NIC{Switch: "sw3", Port: "23"}, "sw3/23", "", false},
	} {
		if plan, seen, differs := Miscabled(tt.nic); plan != tt.plan || seen != tt.seen || differs != tt.differs {
			t.Errorf("%s: Miscabled = %q, %q, %v; want %q, %q, %v", tt.name, plan, seen, differs, tt.plan, tt.seen, tt.differs)
		}
	}
}
