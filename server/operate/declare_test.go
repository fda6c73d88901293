package operate

import (
	"errors"
	"strings"
	"testing"

	"firstlight/server/auth"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

var (
	root = auth.User{Name: "root", Role: auth.Admin}
	tom  = auth.User{Name: "tom", Role: auth.Technician}
)

// planned puts a small plan.
func planned(t *testing.T, d *Desk) {
	t.Helper()
	for _, p := range []machine.Plan{
		&machine.Site{Name: "lon6"}, &machine.Rack{Name: "lon6-r12", Site: "lon6", Units: 20}, &machine.Rack{Name: "lon6-r13", Site: "lon6", Units: 20},
		&machine.Team{Name: "search"}, &machine.Role{Name: "db", Team: "search"},
	} {
		if _, err := d.PutPlan(t.Context(), root, p, 0); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAMachineIsSetByTheRightHands(t *testing.T) {
	d, _ := desk(t)
	planned(t, d)
	m := reported(t, d, 1)
	for _, tt := range []struct {
		name    string
		who     auth.User
		changes map[string]string
		refused string // empty: it is done
	}{
		{"a technician sets a place", tom, map[string]string{"rack": "lon6-r12", "unit": "3", "note": "loud", "nic.eth0.switch": "sw1", "nic.eth0.port": "7"}, ""},
		{"a technician sets no role", tom, map[string]string{"unit": "4", "role": "db"}, "needs another role"},
		{"a viewer sets nothing", auth.User{Name: "eve", Role: auth.Viewer}, map[string]string{"note": "x"}, "needs another role"},
		{"an engineer sets the rest", ada, map[string]string{"role": "db", "tags": "+b,+a", "param.tier": "gold", "no_power_off": "true"}, ""},
		{"tags by sign", ada, map[string]string{"tags": "-b,+c"}, ""},
		{"a team that is not ada's", ada, map[string]string{"owner": "search"}, "you are in no team"},
		{"an admin gives it to any team", root, map[string]string{"owner": "search"}, ""},
		{"now it is theirs", ada, map[string]string{"note": "x"}, "belongs to team search"},
		{"a field that there is not", root, map[string]string{"rak": "r"}, "did you mean rack?"},
		{"a rack that there is not", root, map[string]string{"rack": "lon6-r14"}, "did you mean"},
		{"a unit that is no number", root, map[string]string{"unit": "top"}, `unit "top": want a whole number`},
		{"a unit above the rack", root, map[string]string{"unit": "21"}, "units 1 to 20"},
		{"a site against its rack", root, map[string]string{"site": "lab"}, "take it out of the rack first"},
		{"a name that the serial gave", root, map[string]string{"name": "X"}, "named FL0001 by its serial number"},
		{"a serial that is real", root, map[string]string{"serial": "X"}, "only a placeholder is replaced"},
		{"an image that there is not", root, map[string]string{"image": "debian-99"}, "not in the catalogue"},
		{"an interface that there is not", root, map[string]string{"nic.eth9.port": "1"}, "there are eth0"},
		{"nothing", root, nil, "nothing is to be changed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := is(t, d, m)
			_, err := d.SetMachine(t.Context(), tt.who, m.Name, 0, tt.changes)
			if tt.refused == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var refused *Refused
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), tt.refused) {
				t.Errorf("SetMachine(%v) = %v, want it refused with %q", tt.changes, err, tt.refused)
			}
			if now := is(t, d, m); now.Version != before.Version {
				t.Errorf("the machine changed: %+v", now)
			}
		})
	}
	now := is(t, d, m)
	if now.Unit != 3 || now.Site != "lon6" || strings.Join(now.Tags, ",") != "a,c" || now.Params["tier"] != "gold" || now.NICs[0].Port != "7" || !now.Flags.NoPowerOff {
		t.Errorf("machine = %+v", now)
	}
	if _, err := d.SetMachine(t.Context(), root, m.Name, 0, map[string]string{"rack": "lon6-r13"}); err != nil || is(t, d, m).Unit != 0 {
		t.Errorf("a move to another rack = %v, unit %d; want no unit", err, is(t, d, m).Unit)
	}
	if _, err := d.SetMachine(t.Context(), root, m.Name, 1, map[string]string{"note": "y"}); !errors.Is(err, serverdb.ErrConflict) {
		t.Errorf("a version that is old = %v, want a conflict", err)
	}
	if rows := audits(t, d, "change machine"); len(rows) != 5 || !strings.Contains(rows[0], "rack") {
		t.Errorf("audit = %q, want five changes", rows)
	}
}

func TestThePlanIsChangedByTheRightHands(t *testing.T) {
	d, _ := desk(t)
	planned(t, d)
	ours := auth.User{Name: "sue", Role: auth.Engineer, Teams: []string{"search"}}
	for _, tt := range []struct {
		name    string
		who     auth.User
		item    machine.Plan
		refused string
	}{
		{"an engineer's rack", ada, &machine.Rack{Name: "lon6-r14", Site: "lon6", Units: 42}, ""},
		{"a technician's rack", tom, &machine.Rack{Name: "lon6-r15", Site: "lon6", Units: 42}, "the role engineer"},
		{"an engineer's site", ada, &machine.Site{Name: "ams1"}, "the role admin"},
		{"another team's role", ada, &machine.Role{Name: "db", Title: "x"}, "belongs to team search"},
		{"a role for another team", ada, &machine.Role{Name: "web2", Team: "search"}, "you are in no team"},
		{"its own team's role", ours, &machine.Role{Name: "db", Team: "search", Title: "x"}, ""},
		{"a pool of it", ours, &machine.Pool{Name: "a", Site: "lon6", Role: "db"}, ""},
		{"another team's pool", ada, &machine.Pool{Name: "a", Site: "lon6", Role: "db", Note: "x"}, "belongs to team search"},
		{"an admin's change of it", root, &machine.Pool{Name: "a", Site: "lon6", Role: "db", Note: "x"}, ""},
		{"a site that there is not", root, &machine.Room{Name: "hall", Site: "lon7"}, "did you mean lon6?"},
		{"a field that is wrong", root, &machine.Rack{Name: "r", Site: "lon6"}, `units "0": want 1 to 60`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := d.PutPlan(t.Context(), tt.who, tt.item, 0)
			if tt.refused == "" && err != nil || tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused)) {
				t.Errorf("PutPlan() = %v, want %q", err, tt.refused)
			}
			var refused *Refused
			if err != nil && !errors.As(err, &refused) {
				t.Errorf("PutPlan() = %T, want it refused", err)
			}
		})
	}
	err := d.DropPlan(t.Context(), root, machine.PlanRef{Kind: machine.KindRole, Name: "db"}, 0)
	wantRefused(t, "DropPlan() of what is in use", err, "pool a")
	if err := d.DropPlan(t.Context(), ours, machine.PlanRef{Kind: machine.KindPool, Name: "a"}, 0); err != nil {
		t.Error(err)
	}
}

func TestRulesAreAnAdmins(t *testing.T) {
	d, _ := desk(t)
	anything := func(*machine.Rule) error { return nil }
	wantRefused(t, "PutRule() by an engineer", d.PutRule(t.Context(), ada, &machine.Rule{Name: "x"}, anything), "role admin")
	wantRefused(t, "DropRule() by an engineer", d.DropRule(t.Context(), ada, "lab", anything), "role admin")
	wantRefused(t, "PutRule() to nowhere", d.PutRule(t.Context(), root, &machine.Rule{Name: "x", Accept: true, Site: "mars"}, anything), `site "mars": there is no such site: add it first`)
	if err := d.DropRule(t.Context(), root, "lab", anything); err != nil || len(d.DB.Rules()) != 0 {
		t.Errorf("DropRule() = %v with %d rules left", err, len(d.DB.Rules()))
	}
}
