package jobs

import (
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"firstlight/agent/report"
	"firstlight/server/boot"
	"firstlight/server/machine"
)

// ordered brings a machine that is off to its order, with the test as its
// agent.
func (r *rack) ordered() *report.Order {
	r.t.Helper()
	r.dark()
	r.install()
	r.until("the job waits for its agent to write", func(l *life) bool {
		l.engine.Heard(r.machine())
		return r.job().Current() != nil && mayOrder(r.job())
	})
	return r.poll("")
}

func (r *rack) poll(seen string) *report.Order {
	r.t.Helper()
	r.engine().Heard(r.machine())
	o, err := r.engine().Order(r.t.Context(), r.machine(), seen)
	if err != nil {
		r.t.Fatal(err)
	}
	return o
}

func (r *rack) redeem(m *machine.Machine, o *report.Order) error {
	_, err := r.engine().Redeem(r.t.Context(), m, proven, report.Redeem{Order: o.ID, Token: o.Token})
	return err
}

func (r *rack) wantRefused(what string, err error) {
	r.t.Helper()
	if !errors.Is(err, boot.ErrRefused) {
		r.t.Errorf("%s = %v, want it refused", what, err)
	}
}

func noBMC(r *rack) { r.noBMC = true }

func TestATokenWorksOnce(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		o := r.ordered()
		if err := r.redeem(r.machine(), o); err != nil {
			t.Fatal(err)
		}
		r.wantRefused("a second Redeem()", r.redeem(r.machine(), o))
		if again := r.poll(""); again != nil {
			t.Errorf("Order() while the plan is out = %+v, want none", again)
		}
	}, noBMC)
}

func TestTheLastTokenOfTwoIsTheOnlyOne(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		first := r.ordered()
		if o := r.poll(first.ID); o != nil {
			t.Errorf("Order(seen) = %+v, want none while its token may be redeemed", o)
		}
		second := r.poll("") // its agent never heard of the first
		r.wantRefused("Redeem(first)", r.redeem(r.machine(), first))
		if err := r.redeem(r.machine(), second); err != nil {
			t.Errorf("Redeem(second) = %v", err)
		}
	}, noBMC)
}

func TestATokenExpiresAndIsReplaced(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		o := r.ordered()
		time.Sleep(tokenLife + time.Second)
		r.wantRefused("Redeem() after its time", r.redeem(r.machine(), o))
		next := r.poll(o.ID)
		if next == nil || next.ID == o.ID {
			t.Fatalf("Order(seen) after its time = %+v, want a new one", next)
		}
		if err := r.redeem(r.machine(), next); err != nil {
			t.Error(err)
		}
	}, noBMC)
}

func TestATokenIsOneMachinesOnly(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		o := r.ordered()
		rep := r.box.report("other")
		rep.System.Serial, rep.System.UUID = "FL0002", "22222222-0000-0000-0000-000000000002"
		rep.Boot.MAC, rep.NICs[0].MAC, rep.Disks[0].Serial = "52:54:00:00:00:02", "52:54:00:00:00:02", "D0002"
		other, err := r.db().Report(t.Context(), rep, netip.MustParseAddr("10.80.12.101"))
		if err != nil {
			t.Fatal(err)
		}
		r.wantRefused("Redeem() of a machine without a job", r.redeem(other, o))
		if _, err := r.engine().Install(t.Context(), Request{Machine: other, Image: "debian-12", Role: "node"}); err != nil {
			t.Fatal(err)
		}
		r.wantRefused("Redeem() of a machine with another job", r.redeem(other, o))
		if err := r.redeem(r.machine(), o); err != nil {
			t.Errorf("Redeem() of its own machine = %v", err)
		}
	}, noBMC)
}

func TestPollsThatRaceWithARedemptionVoidNothing(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		o := r.ordered()
		stale, m := r.job(), r.machine()
		var redeemed atomic.Int32
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if r.redeem(m, o) == nil {
					redeemed.Add(1)
				}
			})
		}
		all.Wait()
		late, err := r.engine().orderWrite(t.Context(), m, stale, "")
		if late != nil || err != nil || redeemed.Load() != 1 {
			t.Errorf("%d redemptions; a poll that looked before gets %+v, %v; want one, and no new token", redeemed.Load(), late, err)
		}
		if r.job().Token.RedeemedAt.IsZero() || r.job().Token.Order != o.ID {
			t.Errorf("token = %+v, want the redeemed one", r.job().Token)
		}
	}, noBMC)
}

func TestALockedMachineGetsNoPlan(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		o := r.ordered()
		err := r.db().Edit(t.Context(), r.machine().ID, 0, "ada", "", func(m *machine.Machine) error { m.Flags.Locked = true; return nil })
		if err != nil {
			t.Fatal(err)
		}
		r.wantRefused("Redeem()", r.redeem(r.machine(), o))
	}, noBMC)
}

func TestOnlyTheHashOfASecretIsKept(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		o := r.ordered()
		plan, err := r.engine().Redeem(t.Context(), r.machine(), proven, report.Redeem{Order: o.ID, Token: o.Token})
		if err != nil {
			t.Fatal(err)
		}
		home := homeToken.FindStringSubmatch(plan.(*report.Plan).Seed["user-data"])[1]
		j := r.job().Token
		if j.Hash != digest(o.Token) || j.HomeHash != digest(home) {
			t.Errorf("token = %+v, want the hashes of %s and %s", j, o.Token, home)
		}
		if len(o.Token) != 43 || o.Token == home {
			t.Errorf("tokens %q and %q, want two of 256 bits", o.Token, home)
		}
	}, noBMC)
}
