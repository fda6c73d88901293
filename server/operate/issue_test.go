package operate

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

func TestAnIssueHasOnePerson(t *testing.T) {
	d, _ := desk(t)
	m := in(t, d, machine.Available)
	open := &machine.Issue{Kind: "silent", Subject: m.ID, Machine: m.ID, Name: m.Name, Sentence: "It is silent."}
	if err := d.DB.SetIssues(t.Context(), []*machine.Issue{open}, nil); err != nil {
		t.Fatal(err)
	}
	bob := auth.User{Name: "bob", Role: auth.Technician}
	if err := d.TakeIssue(t.Context(), ada, m.Name, "silent", false); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, "TakeIssue() of what ada has", d.TakeIssue(t.Context(), bob, m.Name, "silent", false), "ada has the issue silent of FL0001")
	wantRefused(t, "DropIssue() of what ada has", d.DropIssue(t.Context(), bob, m.Name, "silent"), "ask them, or take it over")
	wantRefused(t, "TakeIssue() of no kind", d.TakeIssue(t.Context(), bob, m.Name, "sad", false), "want one of")
	if err := d.TakeIssue(t.Context(), bob, m.Name, "stuck", false); !errors.Is(err, machine.ErrNotFound) {
		t.Errorf("TakeIssue() of what is not open = %v", err)
	}
	if err := d.TakeIssue(t.Context(), bob, m.Name, "silent", true); err != nil {
		t.Fatal(err)
	}
	if got := d.DB.IssuesOf(m.ID); len(got) != 1 || got[0].Taken != "bob" {
		t.Errorf("after bob took it over: %+v", got)
	}
	tells(t, d, m, "bob took this over from ada: silent")
}

func TestAcceptPort(t *testing.T) {
	d, _ := desk(t)
	m := in(t, d, machine.Available)
	wantRefused(t, "AcceptPort() of a machine as planned", d.AcceptPort(t.Context(), ada, m.Name), "no other switch port")
	edit := func(m *machine.Machine) error {
		n := &m.NICs[0]
		n.Switch, n.Port, n.SeenSwitch, n.SeenPort = "sw3", "23", "sw3", "31"
		return nil
	}
	if err := d.DB.Edit(t.Context(), m.ID, 0, "test", "", edit); err != nil {
		t.Fatal(err)
	}
	if err := d.AcceptPort(t.Context(), ada, m.Name); err != nil {
		t.Fatal(err)
	}
	n := is(t, d, m).NICs[0]
	tells(t, d, m, "Changed nic 52:54:00:00:00:01")
	if diff := cmp.Diff([]string{"sw3", "31"}, []string{n.Switch, n.Port}); diff != "" {
		t.Errorf("the plan differs (-want +got):\n%s", diff)
	}
}

// TestAcceptPortOfAnother swaps two cables: the plan can give a port to one
// machine only, so that the refusal must say which has it.
func TestAcceptPortOfAnother(t *testing.T) {
	d, _ := desk(t)
	m, other := reported(t, d, 1), reported(t, d, 2)
	for _, at := range []struct {
		m          *machine.Machine
		plan, seen string
	}{{m, "23", "31"}, {other, "31", "23"}} {
		edit := func(m *machine.Machine) error {
			n := &m.NICs[0]
			n.Switch, n.Port, n.SeenSwitch, n.SeenPort = "sw3", at.plan, "sw3", at.seen
			return nil
		}
		if err := d.DB.Edit(t.Context(), at.m.ID, 0, "test", "", edit); err != nil {
			t.Fatal(err)
		}
	}
	err := d.AcceptPort(t.Context(), ada, m.Name)
	wantRefused(t, "AcceptPort() of a port that is another's", err, `"sw3 31": belongs to machine FL0002`)
	if n := is(t, d, m).NICs[0]; n.Port != "23" {
		t.Errorf("after the refusal the plan says port %s, want 23", n.Port)
	}
}

// What is as planned, however it is spelled, stays as people wrote it.
func TestAcceptPortOfAnotherSpelling(t *testing.T) {
	d, _ := desk(t)
	m := in(t, d, machine.Available)
	for _, tt := range []struct{ seenSwitch, seenPort, words string }{
		{"sw3.example.net", "Ethernet23", "no other switch port"},
		{"SW3", "", "no other switch port"},
		{"sw3", "Ethernet31", ""},
	} {
		edit := func(m *machine.Machine) error {
			n := &m.NICs[0]
			n.Switch, n.Port, n.SeenSwitch, n.SeenPort = "sw3", "23", tt.seenSwitch, tt.seenPort
			return nil
		}
		if err := d.DB.Edit(t.Context(), m.ID, 0, "test", "", edit); err != nil {
			t.Fatal(err)
		}
		if err := d.AcceptPort(t.Context(), ada, m.Name); tt.words != "" {
			wantRefused(t, "AcceptPort() of "+tt.seenSwitch, err, tt.words)
		} else if n := is(t, d, m).NICs[0]; err != nil || n.Port != tt.seenPort {
			t.Errorf("AcceptPort() = %v, and the plan says %s, want %s", err, n.Port, tt.seenPort)
		}
	}
}

// What a relay says is accepted, too, of an interface and of a BMC.
func TestAcceptPortOfARelay(t *testing.T) {
	d, _ := desk(t)
	m := in(t, d, machine.Available)
	lom := machine.MAC{2, 0, 0, 0, 0, 0xb}
	edit := func(m *machine.Machine) error {
		m.BMC.MAC, m.BMC.Switch, m.BMC.Port = lom, "mgmt1", "7"
		m.NICs[0].Switch, m.NICs[0].Port = "sw3", "23"
		return nil
	}
	if err := d.DB.Edit(t.Context(), m.ID, 0, "test", "", edit); err != nil {
		t.Fatal(err)
	}
	for mac, circuit := range map[machine.MAC]string{m.BootMAC(): "sw3:Ethernet31", lom: "mgmt1:Ethernet5"} {
		d.DB.Relayed(machine.Relayed{MAC: mac, Relay: netip.MustParseAddr("10.1.3.1"), Circuit: []byte(circuit), At: d.DB.Now()})
	}
	if err := d.AcceptPort(t.Context(), ada, m.Name); err != nil {
		t.Fatal(err)
	}
	now := is(t, d, m)
	got := []string{now.NICs[0].Switch, now.NICs[0].Port, now.BMC.Switch, now.BMC.Port}
	if diff := cmp.Diff([]string{"sw3", "Ethernet31", "mgmt1", "Ethernet5"}, got); diff != "" {
		t.Errorf("the plan differs (-want +got):\n%s", diff)
	}
}

func TestAcceptPortSeenByHalf(t *testing.T) {
	d, _ := desk(t)
	m := in(t, d, machine.Available)
	edit := func(m *machine.Machine) error {
		n := &m.NICs[0]
		n.Switch, n.Port, n.SeenSwitch = "sw3", "23", "sw4"
		return nil
	}
	if err := d.DB.Edit(t.Context(), m.ID, 0, "test", "", edit); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, "AcceptPort() of a switch without a port", d.AcceptPort(t.Context(), ada, m.Name), `only "sw4" was seen`)
}
