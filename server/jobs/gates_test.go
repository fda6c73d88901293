package jobs

import (
	"testing"
	"time"

	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// gate adds one to the plan; in these tests nobody asks the system outside.
func (r *rack) gate(from, to machine.Status) {
	r.t.Helper()
	g := &machine.Gate{Name: "vlan", Title: "switch VLAN", From: from, To: to, URL: "https://vlan.example.net", Deadline: time.Minute}
	if _, err := r.db().PutPlan(r.t.Context(), serverdb.Actor{Name: "ada"}, g, 0); err != nil {
		r.t.Fatal(err)
	}
}

// TestAnInstallWaitsBeforeAGate for longer than its step may take, and over a
// restart.
func TestAnInstallWaitsBeforeAGate(t *testing.T) {
	for _, tt := range []struct {
		from, to machine.Status
		step     string
	}{{machine.Allocated, machine.Installing, "start"}, {machine.Configuring, machine.InUse, "call-home"}} {
		t.Run(tt.step, func(t *testing.T) {
			inRack(t, func(t *testing.T, r *rack) {
				r.available()
				r.gate(tt.from, tt.to)
				r.install()
				r.until("it waits before the gate", func(*life) bool { return len(r.db().WaitsOf(r.machine().ID)) == 1 })
				time.Sleep(2 * time.Hour)
				r.restart(time.Hour)
				time.Sleep(2 * time.Hour)
				j := r.job()
				if s := r.machine().Status; s != tt.from || j.Current().Name != tt.step || j.Current().Note != "waits for: switch VLAN" {
					t.Fatalf("after five hours: machine %s, step %+v; want it before the gate", s, j.Current())
				}
				id := r.db().WaitsOf(r.machine().ID)[0].ID
				if _, err := r.db().Answer(t.Context(), id, ""); err == nil {
					t.Error("an answer after the deadline is taken")
				}
				if err := r.db().PassGate(t.Context(), serverdb.Actor{Name: "ada"}, id, "set by hand"); err != nil {
					t.Fatal(err)
				}
				r.untilStatus(machine.InUse)
				if n := len(r.db().WaitsOf(r.machine().ID)); n != 0 {
					t.Errorf("%d waits are left", n)
				}
				r.replays()
			})
		})
	}
}

// TestAnInstallThatIsCancelledLeavesTheGate: an answer that comes then is told so.
func TestAnInstallThatIsCancelledLeavesTheGate(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.available()
		r.gate(machine.Allocated, machine.Installing)
		j := r.install()
		r.until("it waits before the gate", func(*life) bool { return len(r.db().WaitsOf(r.machine().ID)) == 1 })
		id := r.db().WaitsOf(r.machine().ID)[0].ID
		if err := r.engine().Cancel(t.Context(), j.ID, serverdb.Actor{Name: "ada"}); err != nil {
			t.Fatal(err)
		}
		r.untilStatus(machine.Available)
		if _, err := r.db().Answer(t.Context(), id, ""); err == nil {
			t.Error("an answer to what nobody waits for is taken")
		}
	})
}
