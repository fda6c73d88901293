package operate

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"firstlight/server/auth"
	"firstlight/server/boot"
	"firstlight/server/machine"
	"firstlight/server/replay"
	"firstlight/server/serverdb/fleet"
)

// booted writes the decisions of n boots on the subnet into the journal.
func booted(t *testing.T, d *Desk, n int, change func(*boot.Request)) {
	t.Helper()
	err := fleet.Boots(t.Context(), d.DB, n, func(r *boot.Request) {
		r.Subnet = "lab"
		change(r)
	})
	if err != nil {
		t.Fatal(err)
	}
}

var boss = auth.User{Name: "boss", Role: auth.Admin}

func TestDiffHoldsAChangeAgainstTheBootsThatThereWere(t *testing.T) {
	n, within := 700, 10*time.Second
	if os.Getenv("FIRSTLIGHT_LONG") != "" {
		n, within = 33336, 2*time.Second // 100,000 decisions
	}
	d, _ := desk(t)
	booted(t, d, n, func(*boot.Request) {})
	lab, err := d.DB.Subnet("lab")
	if err != nil {
		t.Fatal(err)
	}
	ignored := *lab
	ignored.Policy = machine.PolicyIgnore
	var diff *replay.Diff
	took := time.Hour
	for try := 0; try < 3 && took > within; try++ { // others share the processor
		began := time.Now()
		if diff, err = d.Diff(t.Context(), boss, Proposal{Subnet: &ignored}, 0); err != nil {
			t.Fatal(err)
		}
		took = min(took, time.Since(began))
	}
	t.Logf("%d decisions of %d boots in %s", diff.Decisions, diff.Boots, took)
	if diff.Boots != n || diff.Decisions != n*fleet.DecisionsOfOne || diff.Changed != n || diff.Destructive != 0 || took > within {
		t.Errorf("%d of %d boots, %d decisions, %d destructive, in %s; want %d, all changed, none destructive, within %s", diff.Changed, diff.Boots, diff.Decisions, diff.Destructive, took, n, within)
	}
	rule := &machine.Rule{Name: "lab", Match: "subnet=lab", Accept: true, Site: "lab", Role: "web", Image: "debian-12"}
	if diff, err = d.Diff(t.Context(), boss, Proposal{Rule: rule}, 0); err != nil || diff.Changed != n || diff.Destructive != n {
		t.Errorf("a rule that installs: %+v, %v, want all boots changed and destructive", diff, err)
	}
	if diff, err = d.Diff(t.Context(), boss, Proposal{DropRule: "lab"}, 24*time.Hour); err != nil || diff.Boots != 0 {
		t.Errorf("within a day: %+v, %v, want no boot", diff, err)
	}
	if _, err = d.Diff(t.Context(), boss, Proposal{}, 0); err == nil {
		t.Error("a proposal of nothing was compared")
	}
}

// TestAnInstallerForAMachineInUseCannotBeSaved: it asks through an interface
// that nobody knows, so that its subnet's policy decides.
func TestAnInstallerForAMachineInUseCannotBeSaved(t *testing.T) {
	d, _ := desk(t)
	m := owned(t, d, "")
	booted(t, d, 1, func(r *boot.Request) { r.MAC, r.UUID = machine.MAC{2, 9, 9, 9, 9, 9}, m.UUID })
	rule := &machine.Rule{Name: "lab", Match: "subnet=lab", Accept: true, Site: "lab", Role: "web", Image: "debian-12"}
	var refused *Refused
	err := d.PutRule(t.Context(), boss, rule, func(*machine.Rule) error { return nil })
	if !errors.As(err, &refused) || !refused.Conflict || !strings.Contains(err.Error(), m.Name+", which asked as 02:09:09:09:09:09") {
		t.Fatalf("PutRule = %v, want a refusal that names %s", err, m.Name)
	}
	if r, err := d.DB.Rule("lab"); err != nil || r.Image != "" {
		t.Errorf("the rule is %+v, %v, want it as it was", r, err)
	}
	rule.Match = "subnet=lab cores>=1000"
	if err := d.PutRule(t.Context(), boss, rule, func(*machine.Rule) error { return nil }); err != nil {
		t.Errorf("a rule that is narrower: %v", err)
	}
}
