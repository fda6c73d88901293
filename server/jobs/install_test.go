package jobs

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/oob"
)

// inRack runs a test in a bubble of its own time.
func inRack(t *testing.T, test func(*testing.T, *rack), change ...func(*rack)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newRack(t, change...)) })
}

// stepsOf gives the steps of a job, each with what became of it.
func stepsOf(j *machine.Job) []string {
	var all []string
	for _, s := range j.Steps {
		all = append(all, s.Name+" "+string(s.Status))
	}
	return all
}

// timeline gives the rows of the machine's timeline since its job was made,
// oldest first.
func (r *rack) timeline(sources ...journal.Source) []string {
	r.t.Helper()
	events, err := r.db().Timeline(r.t.Context(), r.machine().ID, 0, 1000)
	if err != nil {
		r.t.Fatal(err)
	}
	var all []string
	for _, e := range events {
		for _, s := range sources {
			if e.Source == s && !e.At.Before(r.job().CreatedAt) {
				all = append([]string{e.Text}, all...)
			}
		}
	}
	return all
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s", what, diff)
	}
}

func TestAMachineThatIsOffIsInstalledThroughItsBMC(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.dark()
		j := r.install()
		r.untilStatus(machine.InUse)
		r.until("the job has ended", func(*life) bool { return !r.job().Status.Open() })
		same(t, "steps", []string{
			"start done", "boot-device done", "power-off done", "power-on done", "boot-request done", "agent done", "write done", "reboot done", "call-home done",
		}, stepsOf(r.job()))
		same(t, "commands", map[string]int{"boot network": 1, "on": 1}, r.box.oob.sent)
		r.restart(0) // the notes are on disk then
		same(t, "timeline of the job", []string{
			"Job install queued for ada", "Step start done: answered", "Step boot-device done: next boot from the network",
			"Step power-off done: power off", "Step power-on done: power on",
			"Step boot-request done: it asked the network 3 s after power-on, as its BMC was told", "Step agent done",
			"Order to install debian-12 on disk D0001 sent, attempt 1", "Step write done: image written and hashed",
			"Step reboot done", "Step call-home done: answered", "Job install finished",
		}, r.timeline(journal.Job))
		same(t, "timeline of BMC and system", []string{"Boot once from the network", "Power on", `lab-node-1 is up: kernel "6.12"`}, r.timeline(journal.BMC, journal.System))
		same(t, "timeline of the status", []string{
			"available → allocated: for role node", "allocated → installing: install", "installing → configuring: image written", "configuring → in use: installed",
		}, r.timeline(journal.Status))
		m := r.machine()
		if !m.Owned || m.Released != nil || m.Hostname != "lab-node-1" || r.job().Status != machine.JobFinished || r.job().ID != j.ID {
			t.Errorf("machine = %+v, job %+v", m, r.job())
		}
		r.replays()
	})
}

func TestAMachineInTheAgentIsInstalledWithoutANetboot(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.available()
		r.install()
		r.untilStatus(machine.InUse)
		for _, s := range r.job().Steps[1:5] {
			if s.Status != machine.StepSkipped || s.Note != agentThere {
				t.Errorf("step %s = %s (%s), want it skipped: %s", s.Name, s.Status, s.Note, agentThere)
			}
		}
		if len(r.box.oob.sent) != 0 || r.box.oob.asks != 0 || r.box.boots != 2 {
			t.Errorf("BMC commands %v, %d questions, %d boots; want none, none, and the reboot after the first", r.box.oob.sent, r.box.oob.asks, r.box.boots)
		}
	})
}

func TestAMachineThatARuleAllocatesGetsItsJob(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.box.turn(oob.PowerOn)
		r.untilStatus(machine.InUse)
		if j := r.job(); j.User != "rule lab" || j.Target != "hardwarename=FL0001" || j.Params["image"] != "debian-12" {
			t.Errorf("job = %+v, want the rule's", j)
		}
	}, func(r *rack) { r.rule.Image = "debian-12" })
}

func TestARuleWhoseImageIsMissingBreaksTheMachineWithOneSentence(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.box.turn(oob.PowerOn)
		r.untilStatus(machine.Broken)
		if s := r.machine().Sentence; !strings.Contains(s, `image "debian-99"`) || !strings.Contains(s, "firstlight image ls") {
			t.Errorf("sentence = %q, want the image and the remedy", s)
		}
		r.replays()
	}, func(r *rack) { r.rule.Image = "debian-99" })
}

func TestAMachineWithoutABMCWaitsForAPerson(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.dark()
		r.install()
		r.untilStep("boot-request")
		r.until("the page asks for a hand", func(*life) bool {
			return strings.HasPrefix(r.job().Current().Note, "power-cycle it by hand: its BMC's address is not known")
		})
		time.Sleep(time.Hour) // on the way to the rack
		r.box.turn(oob.PowerOn)
		r.untilStatus(machine.InUse)
	}, noBMC)
}

func TestAMachineThatNobodyPowersOnFailsOnceAndSaysWhy(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.dark()
		r.install()
		r.untilStatus(machine.Broken)
		if j := r.job(); j.Status != machine.JobFailed || !strings.Contains(j.Result, "install stopped at step boot-request: nothing after 40m0s (power-cycle it by hand") {
			t.Errorf("job = %s, %q", j.Status, j.Result)
		}
		r.replays()
	}, noBMC, func(r *rack) { r.limits.Hand = 40 * time.Minute })
}
