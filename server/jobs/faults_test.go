package jobs

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/oob"
)

// once lets only the first of a command go wrong.
func once(command string, do bool, err error) func(string) (bool, error) {
	first := true
	return func(c string) (bool, error) {
		if c != command || !first {
			return true, nil
		}
		first = false
		return do, err
	}
}

// TestABMCMayLie installs through BMCs that say one thing and do another. What
// the machine does is what counts.
func TestABMCMayLie(t *testing.T) {
	gateway := errors.New("504 Gateway Timeout")
	for _, tt := range []struct {
		name     string
		fault    func(r *rack) func(string) (bool, error)
		sent     string
		attempts int
	}{
		{"it powers on and says that it failed", func(*rack) func(string) (bool, error) { return once("on", true, gateway) }, "map[boot network:1 on:1]", 1},
		{"it says that it powered on and did not", func(*rack) func(string) (bool, error) { return once("on", false, nil) }, "map[boot network:1 on:2]", 1},
		{"it forgets the boot device that it accepted", func(*rack) func(string) (bool, error) { return once("boot network", false, nil) }, "map[boot network:2 on:1]", 1},
		{"it cannot set a boot device, and the network is first", func(*rack) func(string) (bool, error) {
			return once("boot network", false, fmt.Errorf("boot override: %w", oob.ErrUnsupported))
		}, "map[boot network:1 on:1]", 1},
		{"the machine boots its disk all the same", func(r *rack) func(string) (bool, error) {
			r.box.networkFirst = false
			first := true
			return func(c string) (bool, error) {
				if c == "on" && first {
					first, r.box.next = false, oob.BootNormal
				}
				return true, nil
			}
		}, "map[boot network:2 off:1 on:2]", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inRack(t, func(t *testing.T, r *rack) {
				r.dark()
				r.box.oob.fault = tt.fault(r)
				r.install()
				r.untilStatus(machine.InUse)
				if got := fmt.Sprint(r.box.oob.sent); got != tt.sent || r.job().Attempt != tt.attempts || r.box.writes != 1 {
					t.Errorf("sent %s in %d attempts with %d writes, want %s in %d with one", got, r.job().Attempt, r.box.writes, tt.sent, tt.attempts)
				}
				r.replays()
			})
		})
	}
}

func TestABMCThatNeverObeysFailsTheJobWithItsOwnWords(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.dark()
		r.box.oob.fault = func(c string) (bool, error) { return c != "on", errors.New("409 the chassis is open") }
		r.install()
		r.untilStatus(machine.Broken)
		j := r.job()
		last := j.Steps[3]
		if want := "install stopped at step power-on: nothing after 3m0s (power off): 409 the chassis is open"; j.Result != want || r.machine().Sentence != want {
			t.Errorf("result %q and sentence %q, want %q", j.Result, r.machine().Sentence, want)
		}
		if last.Status != machine.StepFailed || last.Attempt != 4 || last.Attempt != r.box.oob.sent["on"] {
			t.Errorf("step = %+v after %d commands, want it failed after 4, one every 46 s", last, r.box.oob.sent["on"])
		}
		// It was looked at every 2 s, however often something else happened.
		if r.box.oob.asks > 110 {
			t.Errorf("%d questions to the BMC in 3 minutes, want at most 110", r.box.oob.asks)
		}
		r.replays()
	})
}

func TestAMachineThatNeverAsksFailsAfterItsAttempts(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.dark()
		r.box.networkFirst = false
		r.box.oob.fault = func(c string) (bool, error) {
			if c == "on" {
				r.box.next = oob.BootNormal
			}
			return true, nil
		}
		r.install()
		r.untilStatus(machine.Broken)
		if j := r.job(); j.Attempt != 3 || r.box.oob.sent["on"] != 3 || !strings.HasPrefix(j.Result, "install stopped at step boot-request: nothing after 10m0s") {
			t.Errorf("job ends after %d attempts and %v: %s", j.Attempt, r.box.oob.sent, j.Result)
		}
	})
}

// A BMC that takes a one-time boot, and a machine that does not follow it: each
// attempt says so with its times, before the next one begins.
func TestAOneTimeBootIsProvenByTheBootRequest(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.dark()
		r.box.networkFirst = false
		first := true
		r.box.oob.fault = func(c string) (bool, error) {
			if c == "on" && first {
				first, r.box.next = false, oob.BootNormal
			}
			return true, nil
		}
		r.install()
		r.untilStatus(machine.InUse)
		registry := prometheus.NewRegistry()
		registry.MustRegister(r.engine())
		families, err := registry.Gather()
		outcomes := families[:0]
		for _, f := range families {
			if f.GetName() == "firstlight_one_time_boots_total" {
				outcomes = append(outcomes, f)
			}
		}
		if err != nil || len(outcomes) != 1 || len(outcomes[0].GetMetric()) != 2 {
			t.Fatalf("the engine's metrics are %v, %v; want one with two outcomes", outcomes, err)
		}
		for _, m := range outcomes[0].GetMetric() {
			if n := m.GetCounter().GetValue(); n != 1 {
				t.Errorf("the metric counts %v of %v, want one", n, m.GetLabel())
			}
		}
		r.restart(0) // the notes are on disk then
		all := strings.Join(r.timeline(journal.BMC, journal.Job), "\n")
		for _, want := range []string{
			"Its BMC accepted a one-time boot from the network at ", ", and it did not ask the network within 360 s of its power-on: it is on, its firmware has used the order up",
			"Step boot-request done: it asked the network ", " s after power-on, as its BMC was told",
		} {
			if strings.Count(all, want) != 1 {
				t.Errorf("the timeline has %q %d times, want once:\n%s", want, strings.Count(all, want), all)
			}
		}
	})
}

func TestABMCThatAcceptsAndDoesNothingIsNamed(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.dark()
		r.box.oob.fault = func(c string) (bool, error) { return c != "on", nil }
		r.install()
		r.untilStatus(machine.Broken)
		r.restart(0)
		all := strings.Join(r.timeline(journal.BMC), "\n")
		if got := strings.Count(all, "Its BMC accepted power on at "); got != 1 || !strings.Contains(all, " UTC and says off 30 s later") {
			t.Errorf("the timeline says %d times that the BMC accepted and did nothing, want once, after 30 s:\n%s", got, all)
		}
	})
}

func TestAnAgentThatNeverSpeaksFailsAfterItsAttempts(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.dark()
		r.box.mute = true
		r.install()
		r.untilStatus(machine.Broken)
		if j := r.job(); j.Attempt != 3 || !strings.HasPrefix(j.Result, "install stopped at step agent: nothing after 10m0s") {
			t.Errorf("job ends after %d attempts: %s", j.Attempt, j.Result)
		}
	})
}

func TestAMachineThatMustNotBePoweredOffIsNot(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.dark()
		r.box.mute = true
		r.box.turn(oob.PowerOn)
		err := r.db().Edit(t.Context(), r.machine().ID, 0, "ada", "", func(m *machine.Machine) error {
			m.Flags.NoPowerOff = true
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		r.install()
		r.untilStatus(machine.Broken)
		if j := r.job(); r.box.oob.sent["off"] != 0 || j.Result != "install stopped at step power-off: machine FL0001 must not be powered off" {
			t.Errorf("%d power-offs, result %q", r.box.oob.sent["off"], j.Result)
		}
	})
}

func TestANameThatDNSDoesNotAnswerHoldsTheInstallUp(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.available()
		why := errors.New("lab-node-1.lab.example: no such name")
		r.resolve(why)
		r.install()
		r.until("the job says why", func(*life) bool { return r.job().Steps[0].Error == why.Error() })
		if r.machine().Status != machine.Allocated {
			t.Errorf("machine is %s, want it allocated", r.machine().Status)
		}
		r.resolve(nil)
		r.untilStatus(machine.InUse)
	})
}
