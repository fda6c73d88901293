package web

import (
	"testing"

	"firstlight/server/machine"
)

func TestWhereACableIsShown(t *testing.T) {
	mac := machine.MAC{2, 0, 0, 0, 0, 1}
	for _, tt := range []struct {
		nic  machine.NIC
		want string
	}{
		{machine.NIC{MAC: mac}, ""},
		{machine.NIC{MAC: mac, Switch: "sw3", Port: "23"}, ""},
		{machine.NIC{MAC: mac, SeenSwitch: "sw3", SeenPort: "Ethernet31"}, "in sw3/Ethernet31"},
		{machine.NIC{MAC: mac, Switch: "sw3", Port: "31", SeenSwitch: "sw3", SeenPort: "Ethernet31"}, "in sw3/Ethernet31"},
		{machine.NIC{MAC: mac, Switch: "sw3", Port: "23", SeenSwitch: "sw3", SeenPort: "Ethernet31"}, "in sw3/Ethernet31, plan says sw3/23"},
		{machine.NIC{SeenSwitch: "sw3", SeenPort: "Ethernet31"}, ""}, // another interface's
	} {
		if got := cable(&machine.Machine{NICs: []machine.NIC{tt.nic}}, mac); got != tt.want {
			t.Errorf("cable(%+v) = %q, want %q", tt.nic, got, tt.want)
		}
	}
}
