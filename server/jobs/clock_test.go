package jobs

import (
	"testing"
	"time"

	"firstlight/server/machine"
	"firstlight/server/oob"
)

// TestAClockThatIsSetBackHoldsNothingUp starts an install two days in the
// future and goes on today, as after a restart with the time of the network.
func TestAClockThatIsSetBackHoldsNothingUp(t *testing.T) {
	for _, tt := range []struct {
		name string
		stop string // step
		lie  bool   // the BMC does not do what it is first told
	}{
		{"while the boot request is waited for", "boot-request", false},
		{"after an act that showed no effect", "power-on", true},
		{"while the image is written", "write", false},
		{"while the system starts", "call-home", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inRack(t, func(t *testing.T, r *rack) {
				r.dark()
				if tt.lie {
					r.box.oob.fault = once("on", false, nil)
				}
				r.install()
				r.untilStep(tt.stop)
				r.stop()
				r.offset.Store(0)
				began := time.Now()
				r.start()
				r.untilStatus(machine.InUse)
				if took := time.Since(began); took > 15*time.Minute || r.box.writes != 1 {
					t.Errorf("in use after %s and %d writes, want minutes and one", took, r.box.writes)
				}
				r.replays()
			}, func(r *rack) { r.offset.Store(int64(48 * time.Hour)) })
		})
	}
}

func TestTimeThatTheApplianceWasAwayDoesNotCount(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.dark()
		r.install()
		r.untilStep("boot-request")
		r.restart(24 * time.Hour)
		time.Sleep(9 * time.Minute)
		r.box.turn(oob.PowerOn)
		r.untilStatus(machine.InUse)
	}, noBMC)
}
