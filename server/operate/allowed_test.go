package operate

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"firstlight/server/auth"
	"firstlight/server/machine"
	"firstlight/server/oob"
)

// touching is every verb of the desk that has a machine, with what kind of act
// it is. own has none: they touch the appliance, not a machine.
var touching = map[string]struct {
	kind auth.Act
	do   func(context.Context, *Desk, auth.User, *machine.Machine) error
}{
	"Install": {auth.Change, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		_, err := d.Install(ctx, u, m.Name, "debian-12")
		return err
	}},
	"Order": {auth.Change, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		made, _, err := d.Order(ctx, u, Order{Target: "hardwarename=" + m.Name, Image: "debian-12"})
		if err != nil {
			return err
		}
		return made[0].Err
	}},
	"Bulk": {auth.Change, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		made, _, err := d.Bulk(ctx, u, Bulk{Selector: "hardwarename=" + m.Name, Expected: 1, Set: map[string]string{"tags": "+mine"}})
		if err != nil {
			return err
		}
		return made[0].Err
	}},
	"Cancel": {auth.Change, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		j, ok := d.DB.OpenJob(m.ID)
		if !ok {
			return errors.New("the test has no job to cancel")
		}
		return d.Cancel(ctx, u, j.ID)
	}},
	"Release": {auth.Change, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		return d.Release(ctx, u, m.Name, m.Name)
	}},
	"Waive": {auth.Change, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		return d.Waive(ctx, u, m.Name, "known")
	}},
	"Lock": {auth.Change, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		return d.Lock(ctx, u, m.Name, "why")
	}},
	"Unlock": {auth.Change, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		return d.Unlock(ctx, u, m.Name, "")
	}},
	"Thaw": {auth.Change, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		return d.Thaw(ctx, u, m.Name, "looked at it")
	}},
	"SetMachine": {auth.Change, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		_, err := d.SetMachine(ctx, u, m.Name, 0, map[string]string{"tags": "+mine"})
		return err
	}},
	"SetBMC": {auth.Change, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		return d.SetBMC(ctx, u, oob.Login{Serial: m.Serial, User: "root", Password: "x"})
	}},
	"Recheck": {auth.Handle, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		return d.Recheck(ctx, u, m.Name)
	}},
	"Broken": {auth.Handle, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		return d.Broken(ctx, u, m.Name, "disk", "")
	}},
	"Repair": {auth.Handle, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		return d.Repair(ctx, u, m.Name, "keep", "")
	}},
	"Repaired": {auth.Handle, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		return d.Repaired(ctx, u, m.Name, "")
	}},
	"Undo": {auth.Handle, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		return d.Undo(ctx, u, m.Name)
	}},
	"PassGate": {auth.Change, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		return d.PassGate(ctx, u, m.Name, "", "the VLAN was set by hand")
	}},
	"AskGate": {auth.Handle, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		return d.AskGate(ctx, u, m.Name, "")
	}},
	"AcceptPort": {auth.Handle, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		return d.AcceptPort(ctx, u, m.Name)
	}},
	"Return": {auth.Change, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		return d.Return(ctx, u, m.Name, "")
	}},
	"Retire": {auth.Change, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		return d.Retire(ctx, u, m.Name, m.Name, "")
	}},
	"Erase": {auth.Change, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		_, err := d.Erase(ctx, u, m.Name, m.Name, "")
		return err
	}},
	"AdoptBMC": {auth.Change, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		_, err := d.AdoptBMC(ctx, u, m.Name, nil)
		return err
	}},
	"Check": {auth.Handle, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		_, err := d.Check(ctx, u, m.Name, 0, nil)
		return err
	}},
	"Unfence": {auth.Change, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		return d.Unfence(ctx, u, m.Name, m.Name, "shredded")
	}},
	"Light": {auth.Point, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		return d.Light(ctx, u, m.Name, "on")
	}},
	"Power": {auth.Cut, func(ctx context.Context, d *Desk, u auth.User, m *machine.Machine) error {
		return d.Power(ctx, u, m.Name, "off", m.Name)
	}},
}

var own = map[string]string{
	"PutPlan": "whose an item of the plan is, mayPlan decides", "DropPlan": "as PutPlan",
	"TakeIssue": "it says who is at an issue and changes nothing of the machine", "DropIssue": "as TakeIssue; the one who has it is asked there",
	"NewGateSecret": "a gate has no owner; the door asks for an admin",
	"PutRule":       "a rule has no owner; it asks for an admin itself", "DropRule": "as PutRule",
	"PutSubnet": "a subnet has no owner; the door asks for an admin",
	"Backup":    "a backup is of the whole appliance; the door asks for an admin", "EndSafeMode": "as Backup",
	"Import": "a list has many machines; it asks line by line itself", "CloseDelivery": "what never came has no owner; it asks for a role itself",
	"Bundle": "it writes nothing, and everybody may read what is in it",
	"Diff":   "it writes nothing, and of machines asks whether they could be changed",
	"Adopt":  "nobody owns it yet; it asks for an admin itself", "NoteExport": "the audit has no owner; the door asks for an admin",
}

// TestEveryVerbAsksWhoseMachineItIs finds the verbs of the desk by what they
// take: whoever adds one must say here whose machine it touches.
func TestEveryVerbAsksWhoseMachineItIs(t *testing.T) {
	user, desks := reflect.TypeFor[auth.User](), reflect.TypeFor[*Desk]()
	for method := range desks.Methods() {
		takes := false
		for n := range method.Type.NumIn() {
			takes = takes || method.Type.In(n) == user
		}
		_, touches := touching[method.Name]
		if _, is := own[method.Name]; takes != (touches || is) || touches && is {
			t.Errorf("verb %s is in the tables of this test: %v; want each verb that takes a user in one of them", method.Name, touches || is)
		}
	}
	for name, v := range touching {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, b := desk(t)
			m := owned(t, d, "search")
			for _, role := range []auth.Role{auth.Nobody, auth.Viewer, auth.Technician, auth.Engineer} {
				before := is(t, d, m)
				err := v.do(t.Context(), d, auth.User{Name: "eve", Role: role, Teams: []string{"web", "db"}}, m)
				var refused *Refused
				if !errors.As(err, &refused) || !refused.Forbidden {
					t.Fatalf("%s by a %s of another team = %v, want it forbidden", name, role, err)
				}
				if role == auth.Viewer && v.kind == auth.Point {
					break // others may
				}
				if role == auth.Engineer && (!strings.Contains(err.Error(), "belongs to team search; you are in teams web, db") || !strings.Contains(err.Error(), "firstlight user teams eve --add search")) {
					t.Errorf("refusal = %v, want owner, teams and remedy", err)
				}
				if now := is(t, d, m); now.Version != before.Version || len(b.sent) != 0 {
					t.Errorf("a refused %s changed the machine", name)
				}
			}
			if rows, err := d.Audit(t.Context(), auth.Query{Who: "eve", Limit: 9}); err != nil || len(rows) != 0 {
				t.Errorf("refused acts are in the audit: %+v, %v", rows, err)
			}
		})
	}
}

// owned is a machine in use of a team, with an open job so that there is one to
// cancel.
func owned(t *testing.T, d *Desk, team string) *machine.Machine {
	t.Helper()
	m := in(t, d, machine.Available)
	if _, err := d.Install(t.Context(), ada, m.Name, "debian-12"); err != nil {
		t.Fatal(err)
	}
	give(t, d, m, func(m *machine.Machine) { m.Owner = team })
	for _, next := range []machine.Status{machine.Installing, machine.Configuring, machine.InUse} {
		move(t, d, m, next)
	}
	return is(t, d, m)
}

func give(t *testing.T, d *Desk, m *machine.Machine, change func(*machine.Machine)) {
	t.Helper()
	err := d.DB.Edit(t.Context(), m.ID, 0, "test", "", func(m *machine.Machine) error {
		change(m)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestMay(t *testing.T) {
	const yes, no = true, false
	for _, tt := range []struct {
		role                         auth.Role
		teams                        string
		owner                        string
		status                       machine.Status
		mayChange, mayHandle, mayCut bool
	}{
		{auth.Admin, "", "search", machine.InUse, yes, yes, yes},
		{auth.Admin, "", "", machine.InUse, yes, yes, yes},
		{auth.Engineer, "search", "search", machine.InUse, yes, yes, yes},
		{auth.Engineer, "web search", "search", machine.InUse, yes, yes, yes},
		{auth.Engineer, "", "", machine.InUse, yes, yes, yes},
		{auth.Engineer, "web", "search", machine.Available, no, no, no},
		{auth.Engineer, "", "search", machine.Broken, no, no, no},
		{auth.Technician, "search", "search", machine.InUse, no, yes, yes},
		{auth.Technician, "web", "search", machine.InUse, no, no, no},
		{auth.Technician, "web", "search", machine.Broken, no, yes, yes},
		{auth.Technician, "", "", machine.InUse, no, yes, no},
		{auth.Technician, "", "", machine.Available, no, yes, yes},
		{auth.Viewer, "search", "search", machine.Available, no, no, no},
		{auth.Viewer, "", "", machine.Available, no, no, no},
		{auth.Nobody, "", "", machine.Available, no, no, no},
		{"root", "search", "search", machine.Available, no, no, no},
	} {
		u := auth.User{Name: "eve", Role: tt.role, Teams: strings.Fields(tt.teams)}
		m := &machine.Machine{Name: "FL1", Owner: tt.owner, Status: tt.status}
		for kind, want := range map[auth.Act]bool{auth.Change: tt.mayChange, auth.Handle: tt.mayHandle, auth.Cut: tt.mayCut} {
			by, err := may(u, m, kind)
			if (err == nil) != want || by.Name != "eve" {
				t.Errorf("may(%s of %q, owner %q, %s, act %d) = %v, want it allowed: %v", tt.role, tt.teams, tt.owner, tt.status, kind, err, want)
			}
			if _, err := may(u, m, auth.Point); (err == nil) != tt.role.Allows(auth.Technician) {
				t.Errorf("may(%s, auth.Point) = %v, want it allowed to everybody from a technician on", tt.role, err)
			}
			if foreign := strings.Contains(by.Note, "another team's machine: its owner is search"); foreign != (want && tt.role == auth.Admin && tt.owner != "") {
				t.Errorf("may(%s, owner %q) notes %q", tt.role, tt.owner, by.Note)
			}
		}
	}
}

func TestAnAdminOnAnotherTeamsMachineIsInTheAudit(t *testing.T) {
	d, _ := desk(t)
	m := owned(t, d, "search")
	for _, tt := range []struct {
		teams []string
		note  string
	}{{nil, "acting on another team's machine: its owner is search"}, {[]string{"search"}, ""}} {
		root := auth.User{Name: "root", Role: auth.Admin, Teams: tt.teams}
		if err := d.Lock(t.Context(), root, m.Name, fmt.Sprint(tt.teams)); err != nil {
			t.Fatal(err)
		}
		rows, err := d.Audit(t.Context(), auth.Query{Who: "root", Limit: 1})
		if err != nil || rows[0].What != "lock" || rows[0].Note != tt.note {
			t.Errorf("audit of an admin in %v = %+v, %v; want the note %q", tt.teams, rows, err, tt.note)
		}
	}
}

func TestCuttingThePowerOfAMachineInUseNeedsItsName(t *testing.T) {
	d, b := desk(t)
	m := in(t, d, machine.InUse)
	b.is = oob.PowerOn
	for _, action := range []string{"off", "cycle"} {
		for _, typed := range []string{"", "fl0001"} {
			wantRefused(t, "Power("+action+")", d.Power(t.Context(), ada, m.Name, action, typed), "type FL0001 to confirm")
		}
	}
	if len(b.sent) != 0 {
		t.Errorf("the BMC was sent %v", b.sent)
	}
	if err := d.Power(t.Context(), ada, m.Name, "on", ""); err != nil {
		t.Errorf("Power(on) = %v, want no name asked for", err)
	}
	if err := d.Power(t.Context(), ada, m.Name, "off", m.Name); err != nil {
		t.Errorf("Power(off) with the name = %v", err)
	}
}

func TestWhoseAnOrderedMachineBecomes(t *testing.T) {
	for _, tt := range []struct {
		says  string
		user  auth.User
		has   string // owner before
		asked string
		want  string // "refused: …" with words of the refusal
	}{
		{"the team that the order names", auth.User{Role: auth.Engineer, Teams: []string{"db", "web"}}, "", "web", "web"},
		{"nobody's, of two teams", auth.User{Role: auth.Engineer, Teams: []string{"db", "web"}}, "", "", ""},
		{"the only team's", auth.User{Role: auth.Engineer, Teams: []string{"db"}}, "", "", "db"},
		{"its owner's", auth.User{Role: auth.Engineer, Teams: []string{"db", "web"}}, "web", "", "web"},
		{"not that of a team of others", auth.User{Role: auth.Engineer, Teams: []string{"db"}}, "", "web", "refused: you are in team db"},
		{"any that an admin says", auth.User{Role: auth.Admin}, "db", "web", "web"},
		{"no team's with a wrong name", auth.User{Role: auth.Admin}, "", "Search Team", "refused: is no team's name"},
	} {
		got, err := ownerFor(tt.user, &machine.Machine{Owner: tt.has}, tt.asked)
		if words, refused := strings.CutPrefix(tt.want, "refused: "); refused {
			wantRefused(t, tt.says, err, words)
		} else if got != tt.want || err != nil {
			t.Errorf("%s: ownerFor() = %q, %v; want %q", tt.says, got, err, tt.want)
		}
	}
}
