package operate

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstlight/agent/report"
	"firstlight/server/auth"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// must fails the test at an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestABrokenMachineSaysWhoAndWhy(t *testing.T) {
	d, _ := desk(t)
	m := in(t, d, machine.Available)
	must(t, d.Broken(t.Context(), ada, m.Name, " Memory ", "DIMM B2 is missing"))
	now := is(t, d, m)
	if now.Status != machine.Broken || now.Reason != "memory" || now.Sentence != "marked broken by ada because of its memory: DIMM B2 is missing" {
		t.Errorf("it is %s (%s): %s", now.Status, now.Reason, now.Sentence)
	}
	want := []string{"ada by token ci from 192.0.2.7: broken FL0001: available (accepted by rule lab) → broken: marked broken by ada because of its memory: DIMM B2 is missing"}
	if diff := cmp.Diff(want, audits(t, d, "broken")); diff != "" {
		t.Errorf("audit differs (-want +got):\n%s", diff)
	}
	tells(t, d, m, "available → broken: marked broken by ada because of its memory: DIMM B2 is missing")
	must(t, d.DB.Replay(t.Context(), m.ID))
	wantRefused(t, "a second Broken()", d.Broken(t.Context(), ada, m.Name, "disk", ""), "it may become in_use, registered, recycling, repairing, retiring")
}

func TestReasonsAndNotesAreChecked(t *testing.T) {
	d, _ := desk(t)
	m := in(t, d, machine.Available)
	for _, tt := range []struct{ reason, note, says string }{
		{"", "", `reason "": is no reason: want one of disk, memory, cpu, network, oob, power, crash-loop, doa, other`},
		{"gremlins", "", `reason "gremlins"`},
		{"other", " ", "say what is broken"},
		{"disk", strings.Repeat("é", maxNote), "in one line of at most 200"},
		{"disk", "two\nlines", "in one line"},
	} {
		wantRefused(t, "Broken("+tt.reason+")", d.Broken(t.Context(), ada, m.Name, tt.reason, tt.note), tt.says)
	}
	must(t, d.Broken(t.Context(), ada, m.Name, "oob", ""))
	for _, disks := range []string{"", "burn"} {
		wantRefused(t, "Repair("+disks+")", d.Repair(t.Context(), ada, m.Name, disks, ""), "want one of keep, wipe, shred")
	}
	if n := is(t, d, m); n.Status != machine.Broken || n.Version != m.Version+1 {
		t.Errorf("it is %s, version %d, want what the one good request made of it", n.Status, n.Version)
	}
}

func TestDeadOnArrivalIsForMachinesThatNeverWorked(t *testing.T) {
	d, _ := desk(t)
	m := in(t, d, machine.Held)
	must(t, d.Broken(t.Context(), ada, m.Name, "doa", "no POST"))
	if now := is(t, d, m); now.Reason != "doa" || now.Sentence != "dead on arrival, says ada: no POST" {
		t.Errorf("it is %s (%s): %s", now.Status, now.Reason, now.Sentence)
	}
	d, _ = desk(t)
	m = in(t, d, machine.InUse)
	wantRefused(t, "Broken(doa) of a machine in use", d.Broken(t.Context(), ada, m.Name, "doa", ""), "machine FL0001 was in use")
	must(t, d.Broken(t.Context(), ada, m.Name, "power", ""))
	must(t, d.Repair(t.Context(), ada, m.Name, "keep", ""))
	wantRefused(t, "Broken(doa) of one that was in use", d.Broken(t.Context(), ada, m.Name, "doa", ""), "name the part that failed")
}

func TestAMachineThatAJobWorksOnIsNotMarked(t *testing.T) {
	d, _ := desk(t)
	m := in(t, d, machine.Available)
	j, err := d.Install(t.Context(), ada, m.Name, "debian-12")
	must(t, err)
	wantRefused(t, "Broken()", d.Broken(t.Context(), ada, m.Name, "disk", ""), "job "+j.ID+" (install) works on machine FL0001")
}

// TestARepairIsCheckedLikeANewMachine follows a machine whose disk was swapped
// for one with somebody's data: what was seen before must not decide.
func TestARepairIsCheckedLikeANewMachine(t *testing.T) {
	d, _ := desk(t)
	m := in(t, d, machine.Available)
	must(t, d.Broken(t.Context(), ada, m.Name, "disk", ""))
	must(t, d.Repair(t.Context(), ada, m.Name, "shred", "ticket 4711"))
	now := is(t, d, m)
	if now.Status != machine.Repairing || now.Reason != "disk" || now.Handling != machine.HandlingShred ||
		now.Sentence != "ada has it repaired, its disks are to be shredded: ticket 4711" {
		t.Errorf("it is %s (%s, %s): %s", now.Status, now.Reason, now.Handling, now.Sentence)
	}
	checked(t, d, m, false)
	wantRefused(t, "Repaired() after one that failed", d.Repaired(t.Context(), ada, m.Name, "new disk"), "failed its check: DIMM B2 has 3 errors")
	checked(t, d, m, true)
	must(t, d.Repaired(t.Context(), ada, m.Name, "new disk"))
	now = is(t, d, m)
	if now.Status != machine.Registered || !now.ReportedAt.IsZero() || now.Handling != "" || now.Sentence != "repaired, says ada; it is checked when it reports: new disk" {
		t.Errorf("it is %s, reported at %s, %q: %s", now.Status, now.ReportedAt, now.Handling, now.Sentence)
	}
	rows, err := d.DB.History(t.Context(), m.ID)
	must(t, err)
	if g := strings.Join(rows[len(rows)-1].Guards, " "); g != "passed:tests-passed (check j1 passed, 10m)" {
		t.Errorf("guards = %q, want the tests not checked", g)
	}
	wantRefused(t, "Recheck() before it reported", d.Recheck(t.Context(), ada, m.Name), "power it on")
	reported(t, d, 1, report.Content{Device: "vda", Kind: "filesystem", Type: "ext4"})
	if now = is(t, d, m); now.Status != machine.Held {
		t.Errorf("with data on its new disk it is %s, want it held", now.Status)
	}
	reported(t, d, 1)
	must(t, d.Recheck(t.Context(), ada, m.Name))
	if now = is(t, d, m); now.Status != machine.Available {
		t.Errorf("with an empty disk it is %s: %s, want it available", now.Status, now.Sentence)
	}
	must(t, d.DB.Replay(t.Context(), m.ID))
}

func TestAMachineGoesBackToItsOwner(t *testing.T) {
	d, _ := desk(t)
	m := in(t, d, machine.InUse)
	must(t, d.Broken(t.Context(), ada, m.Name, "memory", ""))
	must(t, d.Repair(t.Context(), ada, m.Name, "keep", ""))
	must(t, d.Broken(t.Context(), ada, m.Name, "other", "not fixed"))
	must(t, d.Return(t.Context(), ada, m.Name, "DIMM reseated"))
	now := is(t, d, m)
	if now.Status != machine.InUse || !now.Owned || now.Sentence != "back in use, on the word of ada: DIMM reseated" {
		t.Errorf("it is %s, owned %v: %s", now.Status, now.Owned, now.Sentence)
	}
	d, _ = desk(t)
	m = in(t, d, machine.Installing)
	must(t, d.Broken(t.Context(), ada, m.Name, "disk", ""))
	wantRefused(t, "Return() of half an install", d.Return(t.Context(), ada, m.Name, ""), "was not in use before it was broken")
}

func TestOnlyProvenEmptyMachinesRetire(t *testing.T) {
	gpt := report.Content{Device: "vda", Kind: "partition-table", Type: "gpt"}
	for _, tt := range []struct {
		name string
		make func(*testing.T, *Desk) *machine.Machine
		says string
	}{
		{"in use", func(t *testing.T, d *Desk) *machine.Machine { return in(t, d, machine.InUse) }, "is in use and cannot become retiring"},
		{"being wiped", func(t *testing.T, d *Desk) *machine.Machine { return in(t, d, machine.Recycling) }, "cannot become retiring"},
		{"broken, with its owner's data", func(t *testing.T, d *Desk) *machine.Machine {
			m := in(t, d, machine.InUse)
			must(t, d.Broken(t.Context(), ada, m.Name, "disk", ""))
			return m
		}, "its disks may hold its owner's data: have its disks erased: firstlight machine erase"},
		{"in repair", func(t *testing.T, d *Desk) *machine.Machine { return in(t, d, machine.Repairing) }, "may have changed its disks"},
		{"something on a disk", func(t *testing.T, d *Desk) *machine.Machine { return reported(t, d, 1, gpt) }, "vda has a gpt partition table: have its disks erased"},
		{"given free by name, which erases nothing", func(t *testing.T, d *Desk) *machine.Machine {
			m := reported(t, d, 1, gpt)
			must(t, d.Release(t.Context(), ada, m.Name, m.Name))
			return m
		}, "vda has a gpt partition table"},
		{"locked", func(t *testing.T, d *Desk) *machine.Machine {
			m := in(t, d, machine.Available)
			must(t, d.Lock(t.Context(), ada, m.Name, "evidence"))
			return m
		}, "unlock it first"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, _ := desk(t)
			m := is(t, d, tt.make(t, d))
			wantRefused(t, "Retire()", d.Retire(t.Context(), ada, m.Name, m.Name, ""), tt.says)
			if now := is(t, d, m); now.Version != m.Version || now.Status != m.Status {
				t.Errorf("it is %s, version %d, want it as it was", now.Status, now.Version)
			}
		})
	}
}

func TestARetiredMachineGivesBackWhatItHad(t *testing.T) {
	d, _ := desk(t)
	m := in(t, d, machine.Available)
	must(t, d.DB.PutCredential(t.Context(), m.ID, "sealed"))
	must(t, d.DB.PutCredential(t.Context(), "serial:"+m.Serial, "sealed"))
	wantRefused(t, "Retire() with another name", d.Retire(t.Context(), ada, m.Name, "FL0002", ""), "type FL0001 to confirm")
	must(t, d.Retire(t.Context(), ada, m.Name, m.Name, "sold"))
	now := is(t, d, m)
	if now.Status != machine.Retired || now.Hostname+now.Role+now.Owner+now.Image != "" || now.Address().IsValid() || now.Sentence != "retired by ada: sold" {
		t.Errorf("it is %+v", now)
	}
	if _, taken := d.DB.ByAddress(m.Address()); taken {
		t.Errorf("address %s is still kept for it", m.Address())
	}
	for _, owner := range []string{m.ID, "serial:" + m.Serial} {
		if kept, err := d.DB.Credential(t.Context(), owner); kept != "" || err != nil {
			t.Errorf("the credential of %s is %q, %v; want it forgotten", owner, kept, err)
		}
	}
	rows, err := d.DB.History(t.Context(), m.ID)
	must(t, err)
	last := rows[len(rows)-2:]
	if last[0].To != machine.Retiring || !strings.Contains(strings.Join(last[1].Guards, " "), "passed:empty-disks (never owned, 1 of 1 disks read and empty)") {
		t.Errorf("it went by %+v", last)
	}
	must(t, d.DB.Replay(t.Context(), m.ID))
}

func TestAMachineThatNeverArrivedIsRetiredAtOnce(t *testing.T) {
	d, _ := desk(t)
	var m *machine.Machine
	must(t, d.DB.Do(t.Context(), func(w *serverdb.Write) (err error) {
		m, err = w.Declare(&machine.Machine{ID: "0190", Name: "FL0009", Kind: machine.Metal, Serial: "FL0009"}, "ada", "order 4711")
		return err
	}))
	wantRefused(t, "Broken() of a machine that nobody has seen", d.Broken(t.Context(), ada, m.Name, "doa", ""), "retire it as one that never arrived")
	must(t, d.Retire(t.Context(), ada, m.Name, m.Name, "order cancelled"))
	rows, err := d.DB.History(t.Context(), m.ID)
	must(t, err)
	if last := rows[len(rows)-1]; last.From != machine.Expected || last.To != machine.Retired || last.Why != "never-arrived" || last.Sentence != "retired by ada: order cancelled" {
		t.Errorf("it went by %+v", last)
	}
	must(t, d.DB.Replay(t.Context(), m.ID))
}

func TestUndoGoesBackTheLegalWay(t *testing.T) {
	broken := func(t *testing.T, d *Desk, m *machine.Machine) {
		must(t, d.Broken(t.Context(), ada, m.Name, "disk", ""))
	}
	for _, tt := range []struct {
		name string
		from machine.Status
		do   func(*testing.T, *Desk, *machine.Machine)
		says string // "": it cannot be undone
		want machine.Status
	}{
		{"a lock", machine.Available, func(t *testing.T, d *Desk, m *machine.Machine) { must(t, d.Lock(t.Context(), ada, m.Name, "x")) }, "ada locked it; undo unlocks it", machine.Available},
		{"broken by mistake while available", machine.Available, broken, "ada marked it broken; undo has it checked again", machine.Available},
		{"while in use", machine.InUse, broken, "ada marked it broken; undo puts it back in use", machine.InUse},
		{"while in repair", machine.Repairing, broken, "ada marked it broken; undo puts it back into repair", machine.Repairing},
		{"a repair", machine.Broken, func(t *testing.T, d *Desk, m *machine.Machine) {
			must(t, d.Repair(t.Context(), ada, m.Name, "wipe", ""))
		}, "ada gave it into repair; undo marks it broken as before", machine.Broken},
		{"while being installed", machine.Installing, broken, "", machine.Broken},
		{"the end of a repair", machine.Repairing, func(t *testing.T, d *Desk, m *machine.Machine) {
			checked(t, d, m, true)
			must(t, d.Repaired(t.Context(), ada, m.Name, ""))
		}, "", machine.Registered},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, _ := desk(t)
			before := in(t, d, tt.from)
			tt.do(t, d, before)
			u := is(t, d, before).Undoable(time.Now())
			if tt.says == "" {
				wantRefused(t, "Undo()", d.Undo(t.Context(), ada, before.Name), "nothing to undo on machine FL0001")
			} else {
				if u == nil || u.Says() != tt.says {
					t.Fatalf("Undoable() = %+v, want %q", u, tt.says)
				}
				must(t, d.Undo(t.Context(), ada, before.Name))
			}
			now := is(t, d, before)
			if now.Status != tt.want || now.Flags != before.Flags || tt.says != "" && (now.Reason != before.Reason || now.Handling != before.Handling) {
				t.Errorf("it is %s (%s, %s) with %+v, want %s (%s) with %+v", now.Status, now.Reason, now.Handling, now.Flags, tt.want, before.Reason, before.Flags)
			}
			wantRefused(t, "a second Undo()", d.Undo(t.Context(), ada, before.Name), "nothing to undo")
			must(t, d.DB.Replay(t.Context(), before.ID))
		})
	}
}

// checked gives a machine a verdict on its hardware.
func checked(t *testing.T, d *Desk, m *machine.Machine, ok bool) {
	t.Helper()
	must(t, d.DB.Edit(t.Context(), m.ID, 0, "test", "", func(m *machine.Machine) error {
		m.Checked = &machine.Checked{Job: "j1", At: time.Now(), Seconds: 600, OK: ok, Sentence: "DIMM B2 has 3 errors"}
		return nil
	}))
}

func TestUndoOfAHeldMachineHoldsItAgain(t *testing.T) {
	d, _ := desk(t)
	m := reported(t, d, 1, pgdata)
	must(t, d.Broken(t.Context(), ada, m.Name, "disk", ""))
	must(t, d.Undo(t.Context(), ada, m.Name))
	now := is(t, d, m)
	if now.Status != machine.Held || now.Reason != m.Reason || now.Sentence != m.Sentence {
		t.Errorf("it is %s (%s): %s; want it held as before: %s", now.Status, now.Reason, now.Sentence, m.Sentence)
	}
	rows, err := d.DB.History(t.Context(), m.ID)
	must(t, err)
	if h := rows[len(rows)-2]; h.From != machine.Broken || h.To != machine.Registered || h.Sentence != "undone: ada marked it broken" {
		t.Errorf("it went by %+v, want a re-check", h)
	}
}

func TestUndoOfAnUnlockLocksAgain(t *testing.T) {
	d, _ := desk(t)
	m := in(t, d, machine.Available)
	must(t, d.Lock(t.Context(), ada, m.Name, "evidence"))
	must(t, d.Lock(t.Context(), ada, m.Name, "spare"))
	must(t, d.Undo(t.Context(), ada, m.Name))
	must(t, d.Unlock(t.Context(), ada, m.Name, ""))
	must(t, d.Undo(t.Context(), ada, m.Name))
	if f := is(t, d, m).Flags; !f.Locked || f.LockNote != "evidence" {
		t.Errorf("flags = %+v, want it locked with the first note", f)
	}
	want := []string{"ada by token ci from 192.0.2.7: undo unlock FL0001: not locked → locked (evidence)"}
	if diff := cmp.Diff(want, audits(t, d, "undo unlock")); diff != "" {
		t.Errorf("audit differs (-want +got):\n%s", diff)
	}
	tells(t, d, m, "Undone: ada unlocked it")
}

func TestUndoOfAMovePutsItBack(t *testing.T) {
	d, _ := desk(t)
	m := in(t, d, machine.Available)
	by := serverdb.ActorOf(ada)
	_, err := d.DB.PutPlan(t.Context(), by, &machine.Rack{Name: "r12", Site: "lab", Units: 42}, 0)
	must(t, err)
	put := func(unit int, note string) {
		t.Helper()
		_, err := d.DB.Set(t.Context(), m.ID, 0, by, func(m *machine.Machine) error {
			m.Rack, m.Unit, m.Note = "r12", unit, note
			return nil
		})
		must(t, err)
	}
	put(7, "")
	put(8, "")
	if u := is(t, d, m).Undoable(time.Now()); u == nil || u.Says() != "ada put it at rack r12 unit 8; undo puts it back at rack r12 unit 7" {
		t.Errorf("Undoable() = %+v", u)
	}
	must(t, d.Undo(t.Context(), ada, m.Name))
	if now := is(t, d, m); now.Unit != 7 || now.Rack != "r12" {
		t.Errorf("it stands at %s, want it at unit 7 again", now.Standing())
	}
	wantRefused(t, "a second Undo()", d.Undo(t.Context(), ada, m.Name), "nothing to undo")
	want := []string{"ada by token ci from 192.0.2.7: undo place FL0001: rack r12 unit 8 → rack r12 unit 7"}
	if diff := cmp.Diff(want, audits(t, d, "undo place")); diff != "" {
		t.Errorf("audit differs (-want +got):\n%s", diff)
	}
	put(9, "and a note")
	wantRefused(t, "Undo() of more than a move", d.Undo(t.Context(), ada, m.Name), "nothing to undo")
}

func TestUndoIsForWhoDidItAndForALittleWhile(t *testing.T) {
	d, _ := desk(t)
	now := time.Now()
	d.Now = func() time.Time { return now }
	m := in(t, d, machine.Available)
	must(t, d.Lock(t.Context(), ada, m.Name, "x"))
	bob := auth.User{Name: "bob", Role: auth.Technician}
	wantRefused(t, "Undo() by another technician", d.Undo(t.Context(), bob, m.Name), "ask ada or an engineer")
	now = now.Add(machine.UndoWithin)
	wantRefused(t, "Undo() too late", d.Undo(t.Context(), ada, m.Name), "more than 10m0s ago")
	now = now.Add(-time.Second)
	bob.Role = auth.Engineer
	must(t, d.Undo(t.Context(), bob, m.Name))
	must(t, d.Broken(t.Context(), ada, m.Name, "disk", ""))
	reported(t, d, 1) // something happens to it
	wantRefused(t, "Undo() after a report", d.Undo(t.Context(), ada, m.Name), "something happened to it after ada marked it broken")
	if err := d.Undo(t.Context(), ada, "NOBODY"); !errors.Is(err, machine.ErrNotFound) {
		t.Errorf("Undo(NOBODY) = %v, want not found", err)
	}
}
