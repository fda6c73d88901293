package jobs

import (
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"firstlight/server/machine"
	"firstlight/server/oob"
)

// crashes are the ways to an installed machine along which the appliance dies.
var crashes = []struct {
	name  string
	ready func(*rack)
	rule  string // image that the rule installs
}{
	{"off, through its BMC", (*rack).dark, ""},
	{"in the agent", (*rack).available, ""},
	{"by a rule, from its first boot on", func(r *rack) { r.box.turn(oob.PowerOn) }, "debian-12"},
}

// TestTheApplianceMayDieAnywhere kills the appliance where it looks at its
// clock, which it does around each write, and before and after each command to
// a BMC: at every third time, at each in the long run. It comes back seconds
// later.
func TestTheApplianceMayDieAnywhere(t *testing.T) {
	for _, way := range crashes {
		t.Run(way.name, func(t *testing.T) {
			points := crashAt(t, way.ready, way.rule, 0)
			if points < 50 {
				t.Fatalf("only %d points to die at", points)
			}
			step := 3
			if os.Getenv("FIRSTLIGHT_LONG") != "" {
				step = 1
			}
			for n := 1; n <= points; n += step {
				crashAt(t, way.ready, way.rule, n)
			}
			t.Logf("died at %d points", (points+step-1)/step)
		})
	}
}

// crashAt installs a machine in an appliance that dies at point n, and tells how
// many points there are.
func crashAt(t *testing.T, ready func(*rack), image string, n int) (points int) {
	t.Helper()
	inRack(t, func(t *testing.T, r *rack) {
		ready(r)
		if image == "" {
			r.install()
		}
		before := r.fuse.ticks()
		r.fuse.set(n)
		r.untilStatus(machine.InUse)
		r.until("the job has ended", func(*life) bool { return !r.job().Status.Open() })
		points = r.fuse.ticks() - before
		r.replays()
		if p := problem(r); p != "" {
			t.Errorf("died at %d: %s; steps %v, sent %v", n, p, stepsOf(r.job()), r.box.oob.sent)
		}
	}, func(r *rack) { r.rule.Image = image })
	return points
}

// problem is what a crash must not lead to.
func problem(r *rack) string {
	jobs := r.db().Jobs(func(*machine.Job) bool { return true })
	switch {
	case len(jobs) != 1:
		return fmt.Sprintf("%d jobs, want one", len(jobs))
	case r.job().Status != machine.JobFinished:
		return fmt.Sprintf("the job is %s: %s", r.job().Status, r.job().Result)
	case r.box.writes != 1:
		return fmt.Sprintf("%d images were written, want one: the agent went on with it", r.box.writes)
	}
	for command, count := range r.box.oob.sent {
		if count > 1 {
			return fmt.Sprintf("%q was sent %d times, want once: its effect was to be seen", command, count)
		}
	}
	return ""
}

func TestAnApplianceThatIsAwayForHoursFindsTheImageWritten(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.available()
		r.install()
		r.untilDisk("half")
		r.restart(5 * time.Hour)
		r.untilStatus(machine.InUse)
		if r.box.writes != 1 || r.job().Attempt != 1 {
			t.Errorf("%d images in %d attempts, want the one that the agent went on with", r.box.writes, r.job().Attempt)
		}
	})
}

// An agent's last word may arrive while its machine is being switched off, or
// while its BMC is asked. The first must not count as an agent that is there,
// the second must not be thrown out.
func TestAnAgentThatSpeaksWhileItsBMCIsTalkedTo(t *testing.T) {
	for name, test := range map[string]struct {
		speak func(r *rack, heard func())
		offs  int
	}{
		"its last word": {func(r *rack, heard func()) {
			r.box.oob.fault = func(command string) (bool, error) {
				if command == string(oob.PowerOff) {
					r.box.mute = false
					heard()
				}
				return true, nil
			}
		}, 1},
		"its first word": {func(r *rack, heard func()) {
			r.box.oob.asked = sync.OnceFunc(func() {
				r.box.mute = false
				heard()
				r.box.turn(oob.PowerOn)
			})
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inRack(t, func(t *testing.T, r *rack) {
				r.dark()
				r.box.mute = true
				r.box.turn(oob.PowerOn)
				m := r.machine()
				test.speak(r, func() { r.engine().Heard(m) })
				r.install()
				r.untilStatus(machine.InUse)
				if offs := r.box.oob.sent[string(oob.PowerOff)]; offs != test.offs || r.job().Attempt != 1 {
					t.Errorf("it was switched off %d times in %d attempts, want %d in one", offs, r.job().Attempt, test.offs)
				}
			})
		})
	}
}

func TestAnAgentThatComesBackAfterARestartIsNotPowerCycled(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.available()
		r.stop()
		time.Sleep(time.Minute)
		r.start()
		r.install()
		r.untilStatus(machine.InUse)
		if len(r.box.oob.sent) != 0 {
			t.Errorf("commands to the BMC: %v, want none", r.box.oob.sent)
		}
	})
}
