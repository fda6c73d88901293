package jobs

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/oob"
)

// neighbours puts more machines into the rack, each with a job.
func (r *rack) neighbours(count int) {
	r.t.Helper()
	for n := range count {
		rep := r.box.report("other")
		mac := fmt.Sprintf("52:54:00:00:01:%02x", n)
		rep.System.Serial, rep.System.UUID = fmt.Sprintf("N%04d", n), fmt.Sprintf("22222222-0000-0000-0000-%012d", n)
		rep.Boot.MAC, rep.NICs[0].MAC, rep.Disks[0].Serial = mac, mac, fmt.Sprintf("ND%04d", n)
		m, err := r.db().Report(r.t.Context(), rep, netip.AddrFrom4([4]byte{10, 80, 12, byte(101 + n)}))
		if err == nil {
			_, err = r.engine().Install(r.t.Context(), Request{Machine: m, Image: "debian-12", Role: "other"})
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
}

func TestBMCsThatHangHoldNobodyUp(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.available()
		r.install()
		r.neighbours(2 * atOnce)
		began := time.Now()
		r.untilStatus(machine.InUse)
		if took := time.Since(began); took > 2*time.Minute {
			t.Errorf("in use after %s, want it not to wait for the others", took)
		}
		failed := func(*life) bool {
			return len(r.db().Jobs(func(j *machine.Job) bool { return j.Status == machine.JobFailed })) == 2*atOnce
		}
		r.until("the others have failed", failed)
	}, func(r *rack) { r.hangs = "N" })
}

// TestAStormDoesNotReachTheBMC lets a BMC wait while everything else happens.
func TestAStormDoesNotReachTheBMC(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.dark()
		r.box.oob.fault = func(c string) (bool, error) { return c != "on", nil }
		r.install()
		r.untilStep(stepPowerOn)
		before := r.box.oob.questions()
		for range 1000 {
			r.db().Note(journal.Event{Machine: r.machine().ID, Source: journal.DHCP, Text: "DISCOVER"})
			r.db().Observe(r.machine().ID, func(o *machine.Observed) { o.CallAt = time.Now() })
			time.Sleep(10 * time.Millisecond)
		}
		if asked := r.box.oob.questions() - before; asked > 6 {
			t.Errorf("%d questions to the BMC in ten seconds, want one every two", asked)
		}
	})
}

// hanging is a BMC that takes every question and answers none.
type hanging struct{ oob.Controller }

func (hanging) NextBoot(ctx context.Context) (oob.BootDevice, error) {
	<-ctx.Done()
	return oob.BootNormal, errors.Join(oob.ErrUnreachable, ctx.Err())
}

func (hanging) SetNextBoot(ctx context.Context, _ oob.BootDevice) error {
	<-ctx.Done()
	return errors.Join(oob.ErrUnreachable, ctx.Err())
}

func (hanging) Close(context.Context) error { return nil }
