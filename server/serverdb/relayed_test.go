package serverdb

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
)

var rackRelay = netip.MustParseAddr("10.1.3.1")

func TestWhatARelaySaysIsKeptAndTold(t *testing.T) {
	path := file(t)
	d := open(t, path, accept(""))
	m := arrive(t, d, blank(1), 101)
	lom := machine.MAC{2, 0, 0, 0, 0, 0xb}
	if err := d.Edit(t.Context(), m.ID, 0, "test", "", func(m *machine.Machine) error { m.BMC.MAC = lom; return nil }); err != nil {
		t.Fatal(err)
	}
	began := d.Now()
	mac := m.BootMAC()
	for _, step := range []struct {
		name, circuit string
		mac           machine.MAC
		after         time.Duration
		told          string
	}{
		{"first", "sw3:Ethernet31", mac, 0, "eth0 is in sw3/Ethernet31, says its DHCP relay 10.1.3.1"},
		{"again", "sw3:Ethernet31", mac, time.Second, ""},
		{"moved", "sw3:Ethernet33", mac, time.Minute, "eth0 is in sw3/Ethernet33, says its DHCP relay 10.1.3.1; it was in sw3/Ethernet31"},
		{"in no form", "\xde\xad", mac, 2 * time.Minute, "eth0 is at port 57005 as the switch counts them, says its DHCP relay 10.1.3.1; it was in sw3/Ethernet33"},
		{"an hour on", "\xde\xad", mac, 2 * time.Hour, ""},
		{"its BMC", "mgmt1:Ethernet7", lom, 2 * time.Hour, "BMC is in mgmt1/Ethernet7, says its DHCP relay 10.1.3.1"},
		{"somebody's", "sw3:Ethernet31", machine.MAC{2, 9, 9, 9, 9, 9}, 2 * time.Hour, ""},
	} {
		before := sightingsOf(t, d, m)
		d.Relayed(machine.Relayed{MAC: step.mac, Relay: rackRelay, Circuit: []byte(step.circuit), At: began.Add(step.after)})
		told := ""
		if after := sightingsOf(t, d, m); len(after) > len(before) {
			told = after[len(after)-1]
		}
		if told != step.told {
			t.Errorf("%s: told %q, want %q", step.name, told, step.told)
		}
	}
	if n := d.Sightings(); n["relay"] != 3 || n["bmc"] != 1 {
		t.Errorf("counted %v, want three of the relay and one of the BMC", n)
	}
	want := d.index.mac(mac).Observed.Relayed
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	got := open(t, path).index.mac(mac).Observed.Relayed
	same := func(a, b machine.Relayed) bool {
		return a.MAC == b.MAC && a.Relay == b.Relay && string(a.Circuit) == string(b.Circuit) && a.At.Equal(b.At) && a.Since.Equal(b.Since)
	}
	if len(got) != 2 || !slices.EqualFunc(got, want, same) {
		t.Errorf("after a restart: %+v, want %+v", got, want)
	}
}

// A machine asks for addresses before it is known.
func TestWhatARelaySaidBeforeTheFirstReport(t *testing.T) {
	d := open(t, file(t), accept(""))
	mac, err := machine.ParseMAC(blank(1).NICs[0].MAC)
	if err != nil {
		t.Fatal(err)
	}
	d.Relayed(machine.Relayed{MAC: mac, Relay: rackRelay, Circuit: []byte("sw3:Ethernet31"), At: d.Now()})
	m := arrive(t, d, blank(1), 101)
	if told := sightingsOf(t, d, m); len(told) != 1 {
		t.Errorf("told %q, want where it is", told)
	}
	for n := range 2 * maxUnclaimed {
		d.Relayed(machine.Relayed{MAC: machine.MAC{2, 9, byte(n >> 8), byte(n), 9, 9}, Relay: rackRelay, At: d.Now()})
	}
	if n, o := len(d.unclaimed.by), len(d.unclaimed.order); n != maxUnclaimed || o != n {
		t.Errorf("of strangers %d are remembered, in a list of %d, want %d", n, o, maxUnclaimed)
	}
}

// What is not new must cost the disk nothing, whoever says it how often.
func TestWhatARelayRepeatsIsNotWritten(t *testing.T) {
	d := open(t, file(t), accept(""))
	m := arrive(t, d, blank(1), 101)
	s := machine.Relayed{MAC: m.BootMAC(), Relay: rackRelay, Circuit: []byte("sw3:Ethernet31"), At: d.Now()}
	d.Relayed(s)
	d.flush()
	for n := range 1000 {
		s.At = s.At.Add(time.Second)
		d.Relayed(s)
		d.Relayed(machine.Relayed{MAC: machine.MAC{2, 9, byte(n >> 8), byte(n), 9, 9}, Relay: rackRelay, Circuit: []byte("x"), At: s.At})
	}
	d.notes.mu.Lock()
	defer d.notes.mu.Unlock()
	if n := len(d.notes.observed) + len(d.notes.events); n != 0 {
		t.Errorf("%d writes wait, want none", n)
	}
}

// sightingsOf are the rows of what relays said of a machine, oldest first.
func sightingsOf(t *testing.T, d *DB, m *machine.Machine) (all []string) {
	t.Helper()
	d.flush()
	events, err := d.Timeline(t.Context(), m.ID, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range slices.Backward(events) {
		if e.Source == journal.DHCP && e.Details["circuit"] != "" {
			all = append(all, e.Text)
		}
	}
	return all
}
