package login_test

import (
	"log/slog"
	"testing"
	"time"

	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/oob/login"
)

// accepted makes the world's machine one that a rule took.
func (w *world) accepted(t *testing.T) {
	t.Helper()
	rule := &machine.Rule{Name: "lab", Match: "vendor=Contoso", Accept: true, Site: "lab", Role: "node"}
	if err := w.db.Seed(t.Context(), nil, []*machine.Rule{rule}); err != nil {
		t.Fatal(err)
	}
	if err := w.db.Recheck(t.Context(), "ada", w.machine(t).ID); err != nil {
		t.Fatal(err)
	}
	if got := w.machine(t).Status; got != machine.Available {
		t.Fatalf("the machine is %s, want it available", got)
	}
}

func (w *world) prover(now func() time.Time) *login.Prover {
	return login.NewProver(login.Prover{Keeper: w.Keeper, Observe: w.db.Observe, Log: slog.New(slog.DiscardHandler), Now: now})
}

func TestABMCIsProvenBeforeItIsNeeded(t *testing.T) {
	w := rack(t)
	w.Site = right()
	p := w.prover(time.Now)
	p.Round(t.Context())
	if n := w.bmc.Counts().Requests; n != 0 || w.machine(t).BMC.Proven {
		t.Fatalf("the BMC of a machine that no rule accepted got %d requests, want none", n)
	}
	w.accepted(t)
	p.Round(t.Context())
	m := w.machine(t)
	if !m.BMC.Proven || m.Observed.Power != string(oob.PowerOff) {
		t.Errorf("BMC %+v, power %q; want it proven and off", m.BMC, m.Observed.Power)
	}
	if got := w.bmc.Counts(); got.PowerOns+got.PowerOffs+got.BootChanges+got.Sessions != 0 {
		t.Errorf("counts %+v: want a look and nothing else", got)
	}
	before := w.bmc.Counts().Requests
	p.Round(t.Context())
	if got := w.bmc.Counts().Requests; got != before {
		t.Errorf("a proven BMC got %d more requests", got-before)
	}
}

func TestAWrongPasswordIsTriedOnceUntilThereIsAnother(t *testing.T) {
	w := rack(t)
	bad := wrong("site")
	w.Site = &bad
	w.accepted(t)
	now := time.Now()
	p := w.prover(func() time.Time { return now })
	for range 3 {
		p.Round(t.Context())
		now = now.Add(time.Hour)
	}
	if c := w.bmc.Counts(); c.LoginsRefused != 1 || c.Locked {
		t.Errorf("%d log-ins were refused (locked: %v), want 1", c.LoginsRefused, c.Locked)
	}
	if err := w.Give(t.Context(), "ada", oob.Login{Serial: "FL0001", User: "admin", Password: password}); err != nil {
		t.Fatal(err)
	}
	p.Round(t.Context())
	if m := w.machine(t); !m.BMC.Proven {
		t.Errorf("BMC %+v after the right password, want it proven", m.BMC)
	}
}
