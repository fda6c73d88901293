package operate

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"firstlight/server/auth"
	"firstlight/server/boot"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/replay"
	"firstlight/server/serverdb"
)

// bootsOfOne is how often each machine booted.
const bootsOfOne = 4

// decided writes the decisions of n boots of machines that nobody knew, three to
// a boot, as the journal has them.
func decided(t *testing.T, d *Desk, n int, change func(*boot.Request)) {
	t.Helper()
	const atOnce = 3000
	var rows []journal.Event
	write := func() {
		if err := d.DB.Do(t.Context(), func(w *serverdb.Write) error {
			for _, e := range rows {
				if err := w.Event(e); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		rows = nil
	}
	begin := time.Now().Add(-20 * 24 * time.Hour)
	for i := range n {
		m := i % max(n/bootsOfOne, 1)
		r := boot.Request{MAC: machine.MAC{2, 0, 0, byte(m >> 16), byte(m >> 8), byte(m)}, UUID: fmt.Sprintf("11111111-0000-0000-0000-%012d", m), Subnet: "lab", Platform: "efi"}
		change(&r)
		for s, stage := range []boot.Stage{boot.StageFirmware, boot.StageIPXE, boot.StageIPXE} {
			r.Stage, r.Script = stage, s == 2
			k := boot.Known{Policy: machine.PolicyObserve}
			text, err := json.Marshal(boot.NewRecord(r, boot.Decide(r, k, begin), k))
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, journal.Event{
				At: begin.Add(time.Duration(i)*10*time.Second + time.Duration(s)*time.Second), MAC: r.MAC, Source: journal.Boot, Text: "Decided own disk",
				Details: map[string]string{"inputs": string(text)},
			})
		}
		if len(rows) >= atOnce {
			write()
		}
	}
	write()
}

var boss = auth.User{Name: "boss", Role: auth.Admin}

func TestDiffHoldsAChangeAgainstTheBootsThatThereWere(t *testing.T) {
	machines, within := 175, 10*time.Second
	if os.Getenv("FIRSTLIGHT_LONG") != "" {
		machines, within = 8334, 2*time.Second // 100,000 decisions
	}
	n := machines * bootsOfOne
	d, _ := desk(t)
	decided(t, d, n, func(*boot.Request) {})
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
	if diff.Boots != n || diff.Decisions != 3*n || diff.Changed != n || diff.Destructive != 0 || took > within {
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
	decided(t, d, 1, func(r *boot.Request) { r.MAC, r.UUID = machine.MAC{2, 9, 9, 9, 9, 9}, m.UUID })
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
