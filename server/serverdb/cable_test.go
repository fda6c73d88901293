package serverdb

import (
	"slices"
	"testing"

	"firstlight/agent/report"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

func TestWhereACableIsSeenIsTold(t *testing.T) {
	d := open(t, file(t), accept(""))
	in := func(port string) *report.Report {
		r := blank(1)
		if port != "" {
			r.NICs[0].Neighbour = &report.Neighbour{Chassis: "00:1c:73:00:00:01", ChassisKind: "mac", System: "sw3", Port: port, PortKind: "name"}
		}
		return r
	}
	first := arrive(t, d, in(""), 101)
	for _, step := range []struct{ port, seen, told string }{
		{"Ethernet31", "Ethernet31", "eth0 is in sw3/Ethernet31"},
		{"Ethernet31", "Ethernet31", ""},
		{"", "Ethernet31", ""}, // the first report of the next boot
		{"Ethernet23", "Ethernet23", "eth0 moved from sw3/Ethernet31 to sw3/Ethernet23"},
	} {
		before := cables(t, d, first)
		m := arrive(t, d, in(step.port), 101)
		if m.Status != machine.Available || m.NICs[0].SeenSwitch != "sw3" || m.NICs[0].SeenPort != step.seen {
			t.Errorf("in %q: %s, seen in %q/%q; want available, sw3/%s", step.port, m.Status, m.NICs[0].SeenSwitch, m.NICs[0].SeenPort, step.seen)
		}
		told := ""
		if after := cables(t, d, first); len(after) > len(before) {
			told = after[len(after)-1]
		}
		if told != step.told {
			t.Errorf("in %q: told %q, want %q", step.port, told, step.told)
		}
	}
}

// cables are the rows of where the machine's cables are, oldest first.
func cables(t *testing.T, d *DB, m *machine.Machine) (all []string) {
	t.Helper()
	events, err := d.Timeline(t.Context(), m.ID, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range slices.Backward(events) {
		if e.Source == journal.Agent && e.Details["chassis"] != "" {
			all = append(all, e.Text)
		}
	}
	return all
}
