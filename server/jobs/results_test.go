package jobs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"firstlight/agent/report"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// mismatch is an agent whose image has another hash than the plan.
func mismatch(b *box, o report.Order) *report.Result {
	if _, err := b.redeem(o); err == nil {
		b.put("half", "")
	}
	return &report.Result{Order: o.ID, Step: report.StepWrite, Error: "sha256 is 1111, want 9f3c\n\x1b[2J" + strings.Repeat("x", 100_000)}
}

func TestAnAgentThatFailsTriesAgainAndThenBreaksTheMachine(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.box.broken = mismatch
		r.available()
		r.install()
		r.untilStatus(machine.Broken)
		j := r.job()
		if j.Attempt != 3 || r.box.writes != 3 || j.Status != machine.JobFailed {
			t.Errorf("job %s after %d attempts with %d writes, want it failed after 3", j.Status, j.Attempt, r.box.writes)
		}
		if !strings.HasPrefix(j.Result, "install stopped at step write: writes the image: sha256 is 1111, want 9f3c  [2Jxxx") || len(j.Result) > 700 {
			t.Errorf("result = %.80q… of %d bytes, want the agent's words, cleaned and bounded", j.Result, len(j.Result))
		}
		r.replays()
		// What is on the disk is the job's own: nobody's data.
		r.box.press()
		time.Sleep(time.Minute)
		if err := r.db().Recheck(t.Context(), "ada", r.machine().ID); err != nil || r.machine().Status != machine.Available {
			t.Errorf("Recheck() = %v, machine %s: %s", err, r.machine().Status, r.machine().Sentence)
		}
		r.box.set(func(b *box) { b.broken = nil })
		r.install()
		r.untilStatus(machine.InUse)
	})
}

func TestAFailureThatPassesCostsOneAttempt(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		first := true
		r.box.broken = func(b *box, o report.Order) *report.Result {
			if first {
				first = false
				return mismatch(b, o)
			}
			return nil
		}
		r.available()
		r.install()
		r.untilStatus(machine.InUse)
		if r.job().Attempt != 2 || r.box.boots != 2 {
			t.Errorf("%d attempts and %d boots, want 2 and no boot between them", r.job().Attempt, r.box.boots)
		}
	})
}

func TestAMachineThatRestartsWhileItIsWrittenBeginsAnew(t *testing.T) {
	for _, tt := range []struct {
		name         string
		networkFirst bool
		press        func(*rack)
	}{
		{"and boots the network", true, func(r *rack) { r.box.press() }},
		{"and boots its half disk", false, func(r *rack) { r.box.press() }},
		{"and stays off", false, func(r *rack) { r.box.turn("off") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inRack(t, func(t *testing.T, r *rack) {
				r.available()
				r.install()
				r.untilDisk("half")
				r.box.set(func(b *box) { b.networkFirst = tt.networkFirst })
				tt.press(r)
				r.untilStatus(machine.InUse)
				if r.job().Attempt != 2 || r.box.writes != 2 {
					t.Errorf("%d attempts with %d writes, want 2", r.job().Attempt, r.box.writes)
				}
				r.replays()
			})
		})
	}
}

func TestAMachineWhoseDisksChangedIsNotWritten(t *testing.T) {
	for _, tt := range []struct {
		name  string
		disks []report.Disk
		want  string
	}{
		{"the disk of the plan is gone", []report.Disk{{Name: "vda", Serial: "D0009", Bytes: 1 << 33}}, "disk D0001 of the plan is not in machine FL0001 any more"},
		{"the disk of the plan holds data now", []report.Disk{{
			Name: "vda", Serial: "D0001", Bytes: 1 << 33, Contents: []report.Content{{Device: "vda", Kind: "filesystem", Type: "ext4", Label: "pgdata", Used: 412e9}},
		}}, "vda has an ext4 file system 'pgdata', 412 GB used"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inRack(t, func(t *testing.T, r *rack) {
				r.dark()
				r.install()
				r.box.set(func(b *box) { b.disks = tt.disks })
				r.untilStatus(machine.Broken)
				if r.box.writes != 0 || !strings.Contains(r.job().Result, tt.want) {
					t.Errorf("%d writes; result %q, want %q", r.box.writes, r.job().Result, tt.want)
				}
				r.replays()
			})
		})
	}
}

func (r *rack) result(res report.Result) error {
	return r.engine().Result(r.t.Context(), r.machine(), res)
}

func TestAResultIsTakenOnceAndOnlyOfTheRedeemedOrder(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		o := r.ordered()
		r.wantRefused("Result() of an order that was not redeemed", r.result(report.Result{Order: o.ID, OK: true}))
		if err := r.redeem(r.machine(), o); err != nil {
			t.Fatal(err)
		}
		if err := r.result(report.Result{Order: "another", OK: true}); err != nil || r.machine().Status != machine.Installing {
			t.Errorf("Result() of another order = %v, machine %s; want it ignored", err, r.machine().Status)
		}
		for range 2 { // the answer to the first got lost
			if err := r.result(report.Result{Order: o.ID, OK: true}); err != nil || r.machine().Status != machine.Configuring {
				t.Errorf("Result() = %v, machine %s; want it configuring", err, r.machine().Status)
			}
		}
		if err := r.result(report.Result{Order: o.ID, Error: "on second thought"}); err != nil || r.machine().Status != machine.Configuring {
			t.Errorf("a failure after the success = %v, machine %s; want it ignored", err, r.machine().Status)
		}
		r.replays()
	}, noBMC)
}

func TestProgressKeepsARowAStepAndNoMore(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		o := r.ordered()
		for i := range int64(500) {
			for _, step := range []string{report.StepWrite, report.StepVerify, fmt.Sprint("step ", i), strings.Repeat("z", 1000)} {
				r.engine().Progress(r.machine(), report.Progress{Order: o.ID, Step: step, Done: i, Total: 500})
			}
			r.engine().Progress(r.machine(), report.Progress{Order: "another", Step: report.StepGrow})
		}
		if w := r.machine().Observed.Waits; len(w) > 200 {
			t.Errorf("waits = %d bytes, want them bounded", len(w))
		}
		r.engine().Progress(r.machine(), report.Progress{Order: o.ID, Step: report.StepWrite, Done: 250, Total: 500})
		if seen := r.machine().Observed; seen.Progress != 0.5 || seen.Waits != "Writes the image: 250 B of 500 B" {
			t.Errorf("observed = %v, %q", seen.Progress, seen.Waits)
		}
		r.engine().Progress(r.machine(), report.Progress{Order: o.ID, Step: report.StepWrite, Done: -5, Total: -1})
		if p := r.machine().Observed.Progress; p != 0 {
			t.Errorf("progress of nonsense = %v, want 0", p)
		}
		r.restart(0)
		same(t, "timeline of the agent", []string{"Writes the image", "Image hashed; verifies the disk"}, r.timeline(journal.Agent))
	}, noBMC)
}

func TestTheCallHome(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		o := r.ordered()
		plan, err := r.engine().Redeem(t.Context(), r.machine(), proven, report.Redeem{Order: o.ID, Token: o.Token})
		if err != nil {
			t.Fatal(err)
		}
		token := homeToken.FindStringSubmatch(plan.(*report.Plan).Seed["user-data"])[1]
		home := func(token, name string) error {
			return r.engine().Home(t.Context(), token, report.Home{Hostname: name, Kernel: "6.12"})
		}
		r.wantRefused("Home() before the image is written", home(token, "lab-node-1"))
		if err := r.result(report.Result{Order: o.ID, OK: true}); err != nil {
			t.Fatal(err)
		}
		r.wantRefused("Home() with another token", home(o.Token, "lab-node-1"))
		for range 5 {
			r.wantRefused("Home() under another name", home(token, "localhost"))
		}
		time.Sleep(time.Second) // the row of it is written
		if err := home(token, "lab-node-1"); err != nil {
			t.Fatal(err)
		}
		r.untilStatus(machine.InUse)
		if err := home(token, "lab-node-1"); err != nil {
			t.Errorf("Home() again, because the answer got lost = %v", err)
		}
		r.restart(0)
		same(t, "timeline of the system", []string{
			`The installed system calls itself "localhost", not lab-node-1`, `lab-node-1 is up: kernel "6.12"`,
		}, r.timeline(journal.System))
	}, noBMC)
}

func TestASystemThatNeverCallsBreaksTheMachine(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.box.name = "localhost"
		r.available()
		r.install()
		r.untilStatus(machine.Broken)
		if j := r.job(); j.Result != "install stopped at step call-home: nothing after 30m0s (waits for the installed system)" {
			t.Errorf("result = %q", j.Result)
		}
		r.replays()
	})
}
