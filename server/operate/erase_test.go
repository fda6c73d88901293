package operate

import (
	"testing"

	"firstlight/server/auth"
	"firstlight/server/machine"
)

func TestAnEraseNeedsTheNameAndAWay(t *testing.T) {
	for _, tt := range []struct {
		name string
		is   machine.Status
		typ  string
		says string
	}{
		{"another name", machine.Available, "FL9999", "is not the machine's name"},
		{"no name", machine.Available, "", "is not the machine's name"},
		{"one that is being erased", machine.Recycling, "", "cannot become recycling"},
		{"one in repair", machine.Repairing, "", "cannot become recycling"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, _ := desk(t)
			m := in(t, d, tt.is)
			typed := tt.typ
			if typed == "" && tt.name != "no name" {
				typed = m.Name
			}
			_, err := d.Erase(t.Context(), ada, m.Name, typed, "")
			wantRefused(t, "Erase()", err, tt.says)
			if now := is(t, d, m); now.Status != tt.is {
				t.Errorf("after Erase() it is %s", now.Status)
			}
		})
	}
}

// The owner of a machine gives it back, another team does not; whoever thinks
// better of it in time has it back as it was.
func TestAnOwnerReleasesItsOwnMachineAndMayThinkBetterOfIt(t *testing.T) {
	d, _ := desk(t)
	m := in(t, d, machine.InUse)
	must(t, d.DB.Edit(t.Context(), m.ID, 0, "test", "", func(m *machine.Machine) error { m.Owner = "search"; return nil }))
	bob := auth.User{Name: "bob", Role: auth.Engineer, Teams: []string{"search"}}
	_, err := d.Erase(t.Context(), ada, m.Name, m.Name, "")
	wantRefused(t, "Erase() by another team", err, "belongs to team search")
	j, err := d.Erase(t.Context(), bob, m.Name, m.Name, "moves out")
	must(t, err)
	if now := is(t, d, m); now.Status != machine.Recycling || now.Owner != "search" || !now.Owned {
		t.Errorf("while it waits it is %s, of %q, owned %v", now.Status, now.Owner, now.Owned)
	}
	must(t, d.Cancel(t.Context(), bob, j.ID))
	if now := is(t, d, m); now.Status != machine.Broken || now.Flags.Fenced {
		t.Errorf("cancelled, it is %s, fenced %v", now.Status, now.Flags.Fenced)
	}
	must(t, d.Return(t.Context(), bob, m.Name, "we keep it"))
	if now := is(t, d, m); now.Status != machine.InUse {
		t.Errorf("returned, it is %s", now.Status)
	}
}
