package boot

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"firstlight/server/machine"
)

// known draws whatever ServerDb could hold, sensible or not.
func known(t *rapid.T) Known {
	k := Known{NoImage: rapid.IntRange(0, 4).Draw(t, "no image") == 0, Policy: rapid.SampledFrom([]machine.Policy{"", machine.PolicyIgnore, machine.PolicyObserve, machine.PolicyRegister}).Draw(t, "policy")}
	if rapid.Bool().Draw(t, "known") {
		k.Machine = with(rapid.SampledFrom(append(machine.Statuses(), machine.Unknown, "sleeping")).Draw(t, "status"))
		k.Machine.Owned, k.Machine.Flags.Locked = rapid.Bool().Draw(t, "owned"), rapid.Bool().Draw(t, "locked")
		k.Machine.Flags.Fenced = rapid.Bool().Draw(t, "fenced")
	}
	if rapid.Bool().Draw(t, "job") {
		k.Job = job(rapid.SampledFrom([]time.Duration{-time.Second, time.Minute}).Draw(t, "expires"))
		k.Job.Machine = rapid.SampledFrom([]string{"m1", "m2"}).Draw(t, "whose")
		k.Job.Action = rapid.SampledFrom([]machine.Action{machine.ActionInstall, "erase", "reboot"}).Draw(t, "action")
		k.Job.Status = rapid.SampledFrom([]machine.JobStatus{machine.JobQueued, machine.JobStarted, machine.JobFinished, machine.JobCancelled}).Draw(t, "job status")
	}
	return k
}

func TestNothingButAgreementOpensADestructiveMode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := known(t)
		a := Decide(Request{}, k, now)
		if k.NoImage && a.Target == Agent {
			t.Fatalf("without a boot image it boots %+v", a)
		}
		if a != Decide(Request{}, k, now) || a.Why == "" {
			t.Fatalf("Decide(%+v) = %+v: not one answer with a reason", k, a)
		}
		if k.Machine != nil && k.Machine.Flags.Fenced && (a.Target == Disk || a.Target == Wait || a.Address && !a.AgentOnly) {
			t.Fatalf("a fenced machine boots %+v", a)
		}
		if k.Machine != nil && k.Machine.Status == machine.InUse && !k.Machine.Flags.Fenced && a.Target != Disk {
			t.Fatalf("a machine in use boots %+v", a)
		}
		if k.Machine == nil && k.Policy != machine.PolicyRegister && a.Address {
			t.Fatalf("a stranger on %q gets an address: %+v", k.Policy, a)
		}
		if a.Mode != ModeInstall && a.Mode != ModeErase {
			return
		}
		agreed := k.Machine != nil && k.Job != nil && !k.Machine.Flags.Locked && k.Job.Status.Open() &&
			k.Job.Machine == k.Machine.ID && !now.After(k.Job.Token.Expires)
		installs := k.Machine.Status == machine.Installing && k.Job.Action == machine.ActionInstall && !k.Machine.Flags.Fenced
		erases := (k.Machine.Status == machine.Recycling || k.Machine.Status == machine.Retiring) && k.Job.Action == machine.ActionErase
		if !agreed || a.Mode == ModeInstall && !installs || a.Mode == ModeErase && !erases {
			t.Fatalf("%+v for machine %+v with job %+v", a, k.Machine, k.Job)
		}
	})
}

// What may write is what Decide would boot for an install, or an erase.
func TestWhoMayWriteWasBootedForIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := known(t)
		err := MayWrite(k.Machine, k.Job, "o", "h", now)
		k.NoImage = false // what it ran is there
		mode := Decide(Request{}, k, now).Mode
		if booted := mode == ModeInstall || mode == ModeErase; (err == nil) != booted {
			t.Fatalf("MayWrite = %v, but Decide boots it to write: %v (%+v, %+v)", err, booted, k.Machine, k.Job)
		}
		if err != nil && !errors.Is(err, ErrRefused) {
			t.Fatalf("MayWrite = %v, want ErrRefused", err)
		}
	})
}
