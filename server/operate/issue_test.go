package operate

import (
	"errors"
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
