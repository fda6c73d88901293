package serverdb

import (
	"errors"
	"strings"
	"testing"

	"firstlight/server/machine"
)

func TestThePlanHoldsTogether(t *testing.T) {
	d := open(t, file(t), accept(""))
	put := func(p machine.Plan) error {
		_, err := d.PutPlan(t.Context(), Actor{Name: "ada"}, p, 0)
		return err
	}
	var unknown *UnknownError
	if err := put(&machine.Rack{Name: "lon6-r12", Site: "lon6", Units: 42}); !errors.As(err, &unknown) || unknown.Item.Name != "lon6" {
		t.Errorf("a rack at a site that there is not = %v", err)
	}
	err := errors.Join(
		put(&machine.Site{Name: "lon6"}), put(&machine.Room{Name: "hall-1", Site: "lon6"}),
		put(&machine.Rack{Name: "lon6-r12", Site: "lon6", Room: "hall-1", Units: 42}),
		put(&machine.Role{Name: "db"}), put(&machine.Pool{Name: "a", Site: "lon6", Role: "db"}),
	)
	if err != nil {
		t.Fatal(err)
	}
	if err := put(&machine.Role{Name: "db", Services: []string{"sqk"}}); !errors.As(err, &unknown) {
		t.Errorf("a role with a service that there is not = %v", err)
	}
	var used *InUseError
	if err := d.DropPlan(t.Context(), Actor{Name: "ada"}, machine.PlanRef{Kind: machine.KindSite, Name: "lon6"}, 0); !errors.As(err, &used) || used.N != 3 {
		t.Errorf("a site that three rest on = %v", err)
	}
	if _, err := d.PutPlan(t.Context(), Actor{Name: "ada"}, &machine.Site{Name: "lon6", Title: "London"}, 9); !errors.Is(err, ErrConflict) {
		t.Errorf("a version that is not = %v", err)
	}
	if _, err := d.PutPlan(t.Context(), Actor{Name: "ada"}, &machine.Site{Name: "lon6"}, -1); !errors.Is(err, ErrConflict) {
		t.Errorf("a new site that is there = %v", err)
	}
	pool, err := d.PlanOf(machine.PlanRef{Kind: machine.KindPool, Name: "a"})
	if err != nil || pool.Version != 1 || pool.Item.(*machine.Pool).ID == "" { //nolint:forcetypeassert // a test
		t.Errorf("pool = %+v, %v", pool, err)
	}
	if _, err := d.PlanOf(machine.PlanRef{Kind: machine.KindRack, Name: "lon6-r13"}); !errors.Is(err, machine.ErrNotFound) || !strings.Contains(err.Error(), "did you mean lon6-r12?") {
		t.Errorf("a rack that there is not = %v", err)
	}
}

// TestARackStandsInARoomOfItsSite, whichever of the two is written.
func TestARackStandsInARoomOfItsSite(t *testing.T) {
	d := open(t, file(t), accept(""))
	put := func(p machine.Plan) error {
		_, err := d.PutPlan(t.Context(), Actor{Name: "ada"}, p, 0)
		return err
	}
	for _, p := range []machine.Plan{
		&machine.Site{Name: "lon6"}, &machine.Site{Name: "ams1"}, &machine.Room{Name: "hall-1", Site: "lon6"}, &machine.Room{Name: "hall-2", Site: "ams1"},
		&machine.Rack{Name: "r12", Site: "lon6", Room: "hall-1", Units: 42}, &machine.Room{Name: "hall-1", Site: "lon6"},
	} {
		if err := put(p); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		item machine.Plan
		says string
	}{
		{&machine.Rack{Name: "r13", Site: "lon6", Room: "hall-2", Units: 42}, `room "hall-2": it is a room of site ams1, and the rack is at site lon6`},
		{&machine.Rack{Name: "r12", Site: "ams1", Room: "hall-1", Units: 42}, "the rack is at site ams1"},
		{&machine.Room{Name: "hall-1", Site: "ams1"}, "rack r12 of site lon6 stands in it"},
	} {
		if err := put(tt.item); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("PutPlan(%+v) = %v, want %q", tt.item, err, tt.says)
		}
	}
}

func TestAMachineIsSetWithinThePlan(t *testing.T) {
	d := open(t, file(t), accept(""))
	for _, p := range []machine.Plan{&machine.Site{Name: "lon6"}, &machine.Room{Name: "hall-1", Site: "lon6"}, &machine.Rack{Name: "lon6-r12", Site: "lon6", Room: "hall-1", Units: 20}} {
		if _, err := d.PutPlan(t.Context(), Actor{Name: "ada"}, p, 0); err != nil {
			t.Fatal(err)
		}
	}
	one, two := arrive(t, d, blank(1), 101), arrive(t, d, blank(2), 102)
	set := func(m *machine.Machine, change func(*machine.Machine)) (*machine.Machine, error) {
		return d.Set(t.Context(), m.ID, 0, Actor{Name: "ada"}, func(m *machine.Machine) error { change(m); return nil })
	}
	got, err := set(one, func(m *machine.Machine) {
		m.Rack, m.Unit, m.Height, m.Tags = "lon6-r12", 19, 2, []string{"b", "a", "b"}
	})
	if err != nil || got.Site != "lon6" || got.Room != "hall-1" || strings.Join(got.Tags, ",") != "a,b" {
		t.Fatalf("Set = %+v, %v", got, err)
	}
	for _, tt := range []struct {
		change func(*machine.Machine)
		says   string
	}{
		{func(m *machine.Machine) { m.Rack, m.Unit = "lon6-r12", 20 }, "belongs to machine " + one.Name},
		{func(m *machine.Machine) { m.Rack, m.Unit = "lon6-r12", 21 }, "units 1 to 20"},
		{func(m *machine.Machine) { m.Rack, m.Unit = "lon6-r13", 1 }, `no rack "lon6-r13": did you mean lon6-r12?`},
		{func(m *machine.Machine) { m.Owner = "search" }, `no team "search"`},
		{func(m *machine.Machine) { m.Hostname = "Web 1" }, `hostname "Web 1"`},
		{func(m *machine.Machine) { m.NICs[0].Switch = "sw3" }, "give both ends"},
	} {
		if _, err := set(two, tt.change); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("Set = %v, want …%s…", err, tt.says)
		}
	}
	if _, err := d.PutPlan(t.Context(), Actor{Name: "ada"}, &machine.Rack{Name: "lon6-r12", Site: "lon6", Units: 19}, 0); err == nil || !strings.Contains(err.Error(), one.Name) {
		t.Errorf("a rack that shrinks below its machines = %v", err)
	}
	if _, err := d.PutPlan(t.Context(), Actor{Name: "ada"}, &machine.Rack{Name: "lon6-r12", Site: "lon6", Units: 20}, 0); err != nil {
		t.Fatal(err)
	}
	if m, err := d.Machine(one.ID); err != nil || m.Room != "" {
		t.Errorf("the machine's room = %q, %v; its rack has none any more", m.Room, err)
	}
	rows, err := d.Audits(t.Context(), AuditQuery{Limit: 10})
	if err != nil || len(rows) == 0 || !strings.Contains(rows[len(rows)-1].Action+rows[0].Action, "rack") {
		t.Errorf("audit = %+v, %v", rows, err)
	}
}
