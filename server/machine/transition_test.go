package machine

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lawful says for each status what a machine may become, as a person would
// tell it. Whatever is not here is refused.
var lawful = map[Status][]Status{
	Unknown:     {Expected, Registered, InUse},                        // listed, seen, or adopted while it runs
	Expected:    {Registered, InUse, Retired},                         // arrives, is adopted, or never comes
	Registered:  {Available, Held, Recycling},                         // passes, fails, or is to be wiped first
	Held:        {Registered, Available, Broken, Retiring, Recycling}, // looked at again, waived, given up, or to be wiped
	Available:   {Registered, Allocated, Broken, Retiring, Recycling}, // looked at again, taken, failing, leaving, or to be wiped
	Allocated:   {Available, Installing, Broken},                      // given back untouched, begun, or failing
	Installing:  {Installing, Configuring, Broken, Recycling},         // tried again, written, failed, or called off
	Configuring: {InUse, Installing, Broken, Recycling},               // came up, tried again, failed, or called off
	InUse:       {Installing, Recycling, Broken},                      // only its owner lets go of it
	Recycling:   {Recycling, Registered, Broken, Retiring},            // tried again, clean, or never available again by itself
	Broken:      {InUse, Registered, Recycling, Repairing, Retiring},
	Repairing:   {Registered, Broken, Retiring},
	Retiring:    {Retired, Broken},
	Retired:     nil, // final
}

func TestEveryPairOfStatusesIsLawfulOrRefused(t *testing.T) {
	all := append([]Status{Unknown}, Statuses()...)
	for _, from := range all {
		for _, to := range all {
			_, legal := Find(from, to)
			if want := slices.Contains(lawful[from], to); legal != want {
				t.Errorf("%s → %s is legal: %v, want %v", from.Human(), to.Human(), legal, want)
			}
		}
		got, want := Next(from), slices.Clone(lawful[from])
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Next(%s) (-want +got):\n%s", from.Human(), diff)
		}
	}
	if len(lawful) != len(all) {
		t.Errorf("the table speaks of %d statuses, there are %d", len(lawful), len(all))
	}
}

func TestNoPairStandsTwice(t *testing.T) {
	seen := map[[2]Status]bool{}
	for _, tr := range transitions {
		pair := [2]Status{tr.From, tr.To}
		if seen[pair] {
			t.Errorf("%s → %s stands twice: the second row's guards are never asked", tr.From.Human(), tr.To.Human())
		}
		seen[pair] = true
		if tr.Trigger == "" {
			t.Errorf("%s → %s: what brings it about is not said", tr.From.Human(), tr.To.Human())
		}
	}
}

// Each row is a way by which data could be lost or a stranger trusted; the
// guards must all stand in its way.
func TestGuardsThatProtect(t *testing.T) {
	for _, tt := range []struct {
		name     string
		from, to Status
		guards   []Guard
	}{
		{"a delivery list makes no machine with a placeholder serial", Unknown, Expected, []Guard{GuardRealSerial}},
		{"a report makes a machine only when it is told apart", Unknown, Registered, []Guard{GuardIdentity}},
		{"a running machine is adopted by a person", Unknown, InUse, []Guard{GuardIdentity, GuardRealSerial, GuardConfirmed}},
		{"an expected one too", Expected, InUse, []Guard{GuardIdentity, GuardRealSerial, GuardConfirmed}},
		{"no machine becomes available without rule and empty disks", Registered, Available, []Guard{GuardIdentity, GuardRealSerial, GuardRule, GuardEmptyDisks, GuardSpec, GuardLocation, GuardHealth, GuardBurnIn}},
		{"a waiver is a person's word, and names what it waives", Held, Available, []Guard{GuardIdentity, GuardRealSerial, GuardEmptyDisks, GuardConfirmed, GuardRule, GuardSpec, GuardLocation, GuardHealth, GuardBurnIn}},
		{"a locked, busy or full machine is not given away", Available, Allocated, []Guard{GuardUnlocked, GuardNoJob, GuardEmptyDisks}},
		{"what was written to does not become available", Allocated, Available, []Guard{GuardUntouched}},
		{"no install without a job, on a locked machine or a name that nobody resolves", Allocated, Installing, []Guard{GuardUnlocked, GuardJob, GuardDNS}},
		{"no reboot before token and hash", Installing, Configuring, []Guard{GuardJob, GuardToken, GuardChecksum}},
		{"not in use before it called home and has its name", Configuring, InUse, []Guard{GuardHome, GuardDNS}},
		{"a reinstall is the owner's word", InUse, Installing, []Guard{GuardConfirmed, GuardUnlocked, GuardJob}},
		{"a release is the owner's word", InUse, Recycling, []Guard{GuardConfirmed, GuardUnlocked, GuardJob}},
		{"a wipe of a previous owner's data is a person's word", Registered, Recycling, []Guard{GuardIdentity, GuardConfirmed, GuardJob}},
		{"a broken machine is wiped by a person's word", Broken, Recycling, []Guard{GuardConfirmed, GuardJob}},
		{"a broken machine of an owner is not looked at as if new", Broken, Registered, []Guard{GuardNoOwner}},
		{"a machine is given away once somebody said what becomes of its data", Broken, Repairing, []Guard{GuardConfirmed, GuardHandling}},
		{"a repair ends with a check", Repairing, Registered, []Guard{GuardTests}},
		{"recycled means proven empty", Recycling, Registered, []Guard{GuardEmptyDisks}},
		{"retired means proven empty", Retiring, Retired, []Guard{GuardEmptyDisks}},
		{"a machine leaves the rack empty", Recycling, Retiring, []Guard{GuardEmptyDisks, GuardFlagged}},
		{"nothing that runs is retired", Available, Retiring, []Guard{GuardConfirmed, GuardNoJob}},
		{"tries end", Installing, Installing, []Guard{GuardJob, GuardAttempts}},
		{"a first boot's tries end", Configuring, Installing, []Guard{GuardJob, GuardAttempts}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, missing := range tt.guards {
				if !missing.Built() {
					t.Errorf("guard %s would be waved through as not checked", missing)
				}
				ev := Evidence{}
				for _, g := range tt.guards {
					if g != missing {
						ev[g] = "proven"
					}
				}
				var refused *GuardError
				if _, err := Check("C0MPUT3", tt.from, tt.to, ev, nil); !errors.As(err, &refused) || refused.Guard != missing {
					t.Errorf("without %s: Check = %v, want a GuardError that names it", missing, err)
				}
			}
			ev := Evidence{}
			for _, g := range tt.guards {
				ev[g] = "proven"
			}
			if _, err := Check("C0MPUT3", tt.from, tt.to, ev, nil); err != nil {
				t.Errorf("with all of them: Check = %v, want nil", err)
			}
		})
	}
}

// Only these may be recorded as not checked, and none of them protects data.
func TestGuardsThatAreNotBuilt(t *testing.T) {
	unbuilt := []Guard{GuardBMC, GuardPuppet, GuardDrain}
	for _, tr := range transitions {
		for _, g := range tr.Guards {
			if g.Built() == slices.Contains(unbuilt, g) {
				t.Errorf("%s → %s: guard %s is built: %v", tr.From.Human(), tr.To.Human(), g, g.Built())
			}
		}
	}
	proven := Evidence{GuardConfirmed: "ada", GuardUnlocked: "not locked", GuardJob: "job j"}
	notes, err := Check("C0MPUT3", InUse, Recycling, proven, nil)
	if err != nil || !slices.Contains(notes, "not-checked:drained") {
		t.Errorf("Check(in use → recycling) = %q, %v", notes, err)
	}
	proven[GuardDrain] = "by hand"
	notes, err = Check("C0MPUT3", InUse, Recycling, proven, nil)
	if err != nil || !slices.Contains(notes, "passed:drained (by hand)") {
		t.Errorf("Check with evidence = %q, %v", notes, err)
	}
}

// A waiver needs a person who confirms it, and stands for no guard that protects
// data or identity, whatever is put into it.
func TestWaivers(t *testing.T) {
	all := Evidence{}
	for _, tr := range transitions {
		for _, g := range tr.Guards {
			all[g] = "ada: known"
		}
	}
	proven := Evidence{GuardIdentity: "t", GuardRealSerial: "t", GuardEmptyDisks: "t", GuardConfirmed: "t"}
	notes, err := Check("C0MPUT3", Held, Available, proven, all)
	if got := strings.Join(notes, " "); err != nil || !strings.Contains(got, "waived:spec-matches (ada: known)") || strings.Contains(got, "passed:spec-matches") {
		t.Errorf("Check = %s, %v; want the waiver named", got, err)
	}
	for g := range proven {
		ev := maps.Clone(proven)
		delete(ev, g)
		var refused *GuardError
		if _, err := Check("C0MPUT3", Held, Available, ev, all); !errors.As(err, &refused) || refused.Guard != g {
			t.Errorf("%s waived: Check = %v, want a GuardError", g, err)
		}
	}
	proven[GuardRule] = "t"
	if _, err := Check("C0MPUT3", Registered, Available, proven, all); err == nil {
		t.Error("a rule waived what only a person may")
	}
}

func TestRefusalsSayWhatMayBe(t *testing.T) {
	for _, tt := range []struct {
		name     string
		from, to Status
		says     string
	}{
		{"in use must be wiped first", InUse, Available, "machine C0MPUT3 is in use and cannot become available; it may become installing, recycling, broken"},
		{"in use must be released first", InUse, Retiring, "it may become installing, recycling, broken"},
		{"broken must be looked at again", Broken, Available, "cannot become available; it may become in_use, registered"},
		{"retired is the end", Retired, Registered, "it may become nothing: it is final"},
		{"a stranger cannot be retired", Unknown, Retired, "is unknown and cannot become retired"},
		{"a guard is named", Registered, Available, "machine C0MPUT3 cannot become available: identity is not proven"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Check("C0MPUT3", tt.from, tt.to, nil, nil); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Check = %v, want …%s…", err, tt.says)
			}
		})
	}
}
