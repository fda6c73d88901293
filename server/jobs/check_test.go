package jobs

import (
	"errors"
	"strings"
	"testing"
	"time"

	"firstlight/agent/report"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/serverdb"
)

// A rule that asks for a check has each new machine checked before it is available.
func TestARuleHasAMachineChecked(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.box.turn(oob.PowerOn)
		r.untilStatus(machine.Registered)
		r.untilStep(stepCheck)
		if m, j := r.machine(), r.job(); m.CheckFor != 20*time.Minute || j.User != "rule lab" || j.Check.Seconds != 1200 {
			t.Errorf("machine %+v, job %+v", m, j)
		}
		r.untilStatus(machine.Available)
		m, j := r.machine(), r.job()
		if !m.Checked.Proves(20*time.Minute) || m.CheckFor != 0 || j.Status != machine.JobFinished || len(r.box.checks) != 1 {
			t.Errorf("machine %+v, job %+v, %d checks", m.Checked, j, len(r.box.checks))
		}
		rows, err := r.db().History(t.Context(), m.ID)
		if err != nil || !strings.Contains(strings.Join(rows[len(rows)-1].Guards, " "), "passed:burn-in (check "+j.ID+" passed, 20m)") {
			t.Errorf("history %+v, %v; want the check as evidence", rows, err)
		}
		c, err := r.db().CheckRecord(t.Context(), j.ID)
		if err != nil || len(c.Findings) != 2 || c.Findings[0].Part != "D0001" || len(c.Findings[0].Samples) != 2 || c.Like != "model Firstlight VR-1" {
			t.Errorf("it is kept as %+v, %v", c, err)
		}
		if !r.told("Checks the hardware") || !r.told("Check passed: ") {
			t.Error("the timeline does not tell of the check")
		}
		r.replays()
	}, byRule(20*time.Minute))
}

var ada = serverdb.Actor{Name: "ada"}

func byRule(long time.Duration) func(*rack) {
	return func(r *rack) { r.rule.Check = int64(long.Seconds()) }
}

// The half hour of the status registered does not end a check that takes longer.
func TestACheckMayTakeLongerThanItsStatus(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.box.turn(oob.PowerOn)
		r.untilStep(stepCheck)
		r.untilStatus(machine.Available)
		if plan := r.box.checks[0]; len(plan.Tests) != 6 || plan.Tests[1].Group != load || plan.Tests[3].Group != load || plan.Tests[4].Group != load {
			t.Errorf("plan %+v; want disks, processors and memory busy at once", plan.Tests)
		}
	}, byRule(70*time.Minute))
}

func TestAMachineThatFailsIsHeldUntilItPassesOrIsWaived(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.box.fails = sick
		r.box.turn(oob.PowerOn)
		r.untilStatus(machine.Held)
		m := r.machine()
		if m.Reason != "check-failed" || !strings.Contains(m.Sentence, "DIMM B2 has 3 errors; there must be none") || m.Checked.OK || len(m.Checked.Bad) != 1 {
			t.Fatalf("machine %s: %s, checked %+v", m.Reason, m.Sentence, m.Checked)
		}
		if err := r.db().Recheck(t.Context(), "ada", m.ID); err != nil {
			t.Fatal(err)
		}
		if m := r.machine(); m.Status != machine.Held || m.Reason != "check-failed" {
			t.Errorf("checked again without a check it is %s: %s", m.Status, m.Reason)
		}
		r.box.set(func(b *box) { b.fails = nil })
		r.checkIt(0)
		r.untilStatus(machine.Available)

		r.box.set(func(b *box) { b.fails = sick })
		r.checkIt(0)
		r.untilStatus(machine.Held)
		if err := r.db().Waive(t.Context(), ada, m.ID, "the DIMM is on its way"); err != nil {
			t.Fatal(err)
		}
		rows, err := r.db().History(t.Context(), m.ID)
		if last := rows[len(rows)-1]; err != nil || last.To != machine.Available || !strings.Contains(strings.Join(last.Guards, " "), "waived:burn-in (ada: the DIMM is on its way; its check failed: DIMM B2") {
			t.Errorf("waived: %+v, %v", last, err)
		}
		r.replays()
	}, byRule(time.Minute))
}

// A machine without power is switched on, and one that somebody has is left alone.
func TestAPersonHasAMachineChecked(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.dark()
		j := r.checkIt(5*time.Minute, report.TestMemory, report.TestDiskRead)
		if r.machine().Status != machine.Registered || j.Params["tests"] != "disk-read memory" {
			t.Errorf("machine %s, job %v", r.machine().Status, j.Params)
		}
		r.untilStatus(machine.Available)
		if r.box.oob.count(string(oob.PowerOn)) == 0 || len(r.box.checks[0].Tests) != 2 || r.box.checks[0].Tests[0].Seconds != 150 {
			t.Errorf("commands %v, plan %+v", r.box.oob.sent, r.box.checks[0])
		}
		r.install()
		var refused *RefusedError
		_, err := r.engine().Check(t.Context(), CheckRequest{Machine: r.machine(), User: "ada"})
		r.untilStatus(machine.InUse)
		_, later := r.engine().Check(t.Context(), CheckRequest{Machine: r.machine(), User: "ada"})
		if err == nil || !errors.As(later, &refused) || !strings.Contains(later.Error(), "a machine that somebody has is not checked") {
			t.Errorf("Check of a machine that is installed = %v, in use = %v", err, later)
		}
		if r.machine().Checked != nil {
			t.Errorf("in use it is still proven by %+v", r.machine().Checked)
		}
		r.replays()
	})
}

// The agent begins anew after a restart of its machine, goes on while the appliance
// is away, and ends when the check is cancelled.
func TestACheckGoesOnAfterRestarts(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.available()
		r.checkIt(10 * time.Minute)
		r.untilStep(stepCheck)
		time.Sleep(time.Minute)
		r.restart(2 * time.Minute)
		time.Sleep(time.Minute)
		if len(r.box.checks) != 1 {
			t.Errorf("%d checks were begun, want the one that goes on", len(r.box.checks))
		}
		r.box.press()
		r.untilStatus(machine.Available)
		if j := r.job(); len(r.box.checks) != 2 || j.Attempt != 2 || !r.told("Attempt 2: the machine restarted while it was checked") {
			t.Errorf("%d checks, job %+v", len(r.box.checks), j)
		}
		r.checkIt(time.Hour)
		r.untilStep(stepCheck)
		time.Sleep(time.Minute)
		if err := r.engine().Cancel(t.Context(), r.job().ID, ada); err != nil {
			t.Fatal(err)
		}
		if m := r.machine(); m.Status != machine.Held || m.Reason != "not-checked" {
			t.Errorf("cancelled: %s, %s", m.Status, m.Reason)
		}
		time.Sleep(10 * time.Second) // within which the agent is free
		r.checkIt(time.Minute)
		r.untilStatus(machine.Available)
		r.replays()
	})
}

// An agent that never comes leaves its machine held, and says why.
func TestACheckThatCannotBeDone(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.dark()
		r.box.mute = true
		r.checkIt(time.Minute)
		r.untilStatus(machine.Held)
		if m, j := r.machine(), r.job(); m.Reason != "not-checked" || !strings.Contains(m.Sentence, "check stopped at step agent") || j.Status != machine.JobFailed {
			t.Errorf("machine %s: %s; job %s", m.Reason, m.Sentence, j.Status)
		}
	})
}

// The light blinks while a check runs, is lit when it failed and off when it passed;
// what a person lit or ended stays so.
func TestTheLightTells(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		light := r.box.oob
		light.shine(oob.IndicatorOff)
		shows := func(want oob.Indicator, when string) {
			t.Helper()
			if is := light.shows(); is != want {
				t.Errorf("%s the light is %s, want %s", when, is, want)
			}
		}
		r.available()
		check := func(status machine.Status, during func()) {
			t.Helper()
			r.checkIt(time.Minute)
			r.untilStep(stepCheck)
			during()
			r.untilStatus(status)
		}
		check(machine.Available, func() { shows(oob.IndicatorBlinking, "during a check") })
		shows(oob.IndicatorOff, "after one that passed")
		r.box.set(func(b *box) { b.fails = sick })
		check(machine.Held, func() {})
		shows(oob.IndicatorLit, "after one that failed")
		r.box.set(func(b *box) { b.fails = nil })
		check(machine.Available, func() { shows(oob.IndicatorBlinking, "during the next") })
		shows(oob.IndicatorOff, "after the part was put right")

		light.shine(oob.IndicatorLit) // by hand
		check(machine.Available, func() { shows(oob.IndicatorLit, "lit by hand, during a check") })
		shows(oob.IndicatorLit, "lit by hand, after it")
		light.shine(oob.IndicatorOff)
		r.box.set(func(b *box) { b.fails = sick })
		check(machine.Held, func() { light.shine(oob.IndicatorOff) })
		shows(oob.IndicatorOff, "ended by hand during a check that failed")

		light.fault = func(string) (bool, error) { return false, errors.New("the BMC is out of memory") }
		r.box.set(func(b *box) { b.fails = nil })
		check(machine.Available, func() {})
		if s := r.job().Steps[5]; s.Name != stepLight || s.Status != machine.StepSkipped || s.Note != "the light does not tell: the BMC is out of memory" {
			t.Errorf("step %+v; want the BMC's failure noted", s)
		}
	})
}

func TestPlanCheck(t *testing.T) {
	for _, tt := range []struct {
		name   string
		tests  []string
		budget time.Duration
		want   string
	}{
		{"all in ten minutes", allTests, 10 * time.Minute, "network 1m, disk-read 3m, disk-self-test 3m, processor 3m, memory 3m, thermal 10m"},
		{"one", []string{report.TestMemory}, time.Minute, "memory 1m"},
		{"self-tests alone", []string{report.TestDiskSelf}, 5 * time.Minute, "disk-self-test 5m"},
		{"a burn-in", allTests, 24 * time.Hour, "network 1m, disk-read 23h54m, disk-self-test 5m, processor 23h54m, memory 23h54m, thermal 24h"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := planned(planCheck(tt.tests, tt.budget)); got != tt.want {
				t.Errorf("plan %s\nwant %s", got, tt.want)
			}
		})
	}
}
