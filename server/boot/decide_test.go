package boot

import (
	"strings"
	"testing"
	"time"

	"firstlight/server/machine"
)

var now = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)

func with(s machine.Status, change ...func(*machine.Machine)) *machine.Machine {
	m := &machine.Machine{ID: "m1", Name: "C0MPUT3", Status: s, Sentence: "sda has an ext4 file system"}
	for _, c := range change {
		c(m)
	}
	return m
}

func owned(m *machine.Machine)  { m.Owned = true }
func locked(m *machine.Machine) { m.Flags.Locked = true }

func fencedOff(m *machine.Machine) {
	m.Flags.Fenced, m.Flags.FenceNote = true, "disk S1 did not answer"
}

func erasing(expires time.Duration) *machine.Job {
	j := job(expires)
	j.Action = machine.ActionErase
	return j
}

func frozenAt(at time.Time) func(*machine.Machine) {
	return func(m *machine.Machine) { m.Flags.Frozen, m.Flags.FrozenAt = true, at }
}

func reported(at time.Time) func(*machine.Machine) {
	return func(m *machine.Machine) { m.ReportedAt = at }
}

func job(expires time.Duration) *machine.Job {
	return &machine.Job{
		ID: "13fd7feb-0000", Machine: "m1", Action: machine.ActionInstall, Status: machine.JobStarted,
		Token: machine.Token{Hash: "h", Order: "o", Expires: now.Add(expires)},
	}
}

func TestDecide(t *testing.T) {
	for _, tt := range []struct {
		name   string
		known  Known
		target Target
		mode   Mode
		lease  bool
	}{
		{"a stranger on a subnet without policy is ignored", Known{}, Ignore, "", false},
		{"a stranger on an ignoring subnet is ignored", Known{Policy: machine.PolicyIgnore}, Ignore, "", false},
		{"a stranger on an observing subnet gets its own disk and no address", Known{Policy: machine.PolicyObserve}, Disk, "", false},
		{"a stranger on a registering subnet boots the agent", Known{Policy: machine.PolicyRegister}, Agent, ModeRegister, true},
		{"a machine that clashes with another is held in the agent", Known{Clash: "A and B have one serial", Machine: with(machine.Available)}, Agent, ModeHold, true},
		{"but one in use keeps its disk", Known{Clash: "A and B have one serial", Machine: with(machine.InUse)}, Disk, ModeNone, true},
		{"an expected machine is looked at", Known{Machine: with(machine.Expected)}, Agent, ModeRegister, true},
		{"a registered machine is looked at", Known{Machine: with(machine.Registered)}, Agent, ModeRegister, true},
		{"a held machine waits for a person", Known{Machine: with(machine.Held)}, Agent, ModeHold, true},
		{"an available machine idles in the agent", Known{Machine: with(machine.Available)}, Agent, ModeIdle, true},
		{"an allocated machine idles without access to its disk", Known{Machine: with(machine.Allocated)}, Agent, ModeIdle, true},
		{"an installing machine with its job may install", Known{Machine: with(machine.Installing), Job: job(time.Minute)}, Agent, ModeInstall, true},
		{"an installing machine without a job idles", Known{Machine: with(machine.Installing)}, Agent, ModeIdle, true},
		{"an installing machine with an expired token idles", Known{Machine: with(machine.Installing), Job: job(-time.Second)}, Agent, ModeIdle, true},
		{"a configuring machine boots what was written", Known{Machine: with(machine.Configuring), Job: job(time.Minute)}, Disk, "", true},
		{"a machine in use boots its disk", Known{Machine: with(machine.InUse, owned)}, Disk, "", true},
		{"a machine in use boots its disk even with an open install job", Known{Machine: with(machine.InUse, owned), Job: job(time.Minute)}, Disk, "", true},
		{"a frozen machine boots its disk, whatever its status", Known{Machine: with(machine.Available, frozenAt(now))}, Disk, "", true},
		{"a frozen machine does not install", Known{Machine: with(machine.Installing, frozenAt(now)), Job: job(time.Minute)}, Disk, "", true},
		{"a frozen machine that clashes keeps its disk", Known{Clash: "A and B have one serial", Machine: with(machine.Held, frozenAt(now))}, Disk, "", true},
		{"a frozen machine whose report is older than the restore boots its disk", Known{Machine: with(machine.Available, frozenAt(now), reported(now))}, Disk, "", true},
		{"a frozen machine that our agent was on since is held there", Known{Machine: with(machine.Held, frozenAt(now), reported(now.Add(time.Second)))}, Agent, ModeHold, true},
		{"but not one that had an owner", Known{Machine: with(machine.Broken, owned, frozenAt(now), reported(now.Add(time.Second)))}, Disk, "", true},
		{"a stranger after a restore boots its disk, with an address", Known{Policy: machine.PolicyRegister, Restored: true}, Disk, "", true},
		{"an observing subnet stays one after a restore", Known{Policy: machine.PolicyObserve, Restored: true}, Disk, "", false},
		{"a locked machine that had an owner boots its disk", Known{Machine: with(machine.Broken, owned, locked)}, Disk, "", true},
		{"a locked machine without an owner idles", Known{Machine: with(machine.Available, locked)}, Agent, ModeIdle, true},
		{"a locked machine does not install", Known{Machine: with(machine.Installing, locked), Job: job(time.Minute)}, Agent, ModeIdle, true},
		{"a broken machine of an owner boots its disk", Known{Machine: with(machine.Broken, owned)}, Disk, "", true},
		{"a broken machine of nobody is diagnosed", Known{Machine: with(machine.Broken)}, Agent, ModeDiagnose, true},
		{"a machine in repair is diagnosed", Known{Machine: with(machine.Repairing)}, Agent, ModeDiagnose, true},
		{"a recycling machine without an erase job idles", Known{Machine: with(machine.Recycling, owned)}, Agent, ModeIdle, true},
		{"a recycling machine with its job may erase", Known{Machine: with(machine.Recycling, owned), Job: erasing(time.Minute)}, Agent, ModeErase, true},
		{"but not with an install job", Known{Machine: with(machine.Recycling, owned), Job: job(time.Minute)}, Agent, ModeIdle, true},
		{"nor with a token that expired", Known{Machine: with(machine.Recycling, owned), Job: erasing(-time.Second)}, Agent, ModeIdle, true},
		{"nor an installing one with an erase job", Known{Machine: with(machine.Installing), Job: erasing(time.Minute)}, Agent, ModeIdle, true},
		{"a machine in use keeps its disk, also with an erase job", Known{Machine: with(machine.InUse, owned), Job: erasing(time.Minute)}, Disk, "", true},
		{"a locked machine does not erase", Known{Machine: with(machine.Recycling, locked), Job: erasing(time.Minute)}, Agent, ModeIdle, true},
		{"a fenced machine of an owner does not boot its disk", Known{Machine: with(machine.Broken, owned, fencedOff)}, Agent, ModeHold, true},
		{"nor does one that somebody believes to be in use", Known{Machine: with(machine.InUse, owned, fencedOff)}, Agent, ModeHold, true},
		{"nor a locked one", Known{Machine: with(machine.Broken, owned, locked, fencedOff)}, Agent, ModeHold, true},
		{"nor a frozen one", Known{Machine: with(machine.Broken, owned, frozenAt(now), fencedOff)}, Agent, ModeHold, true},
		{"nor one with a status from the future", Known{Machine: with("sleeping", fencedOff)}, Agent, ModeHold, true},
		{"a fenced machine does not install", Known{Machine: with(machine.Installing, fencedOff), Job: job(time.Minute)}, Agent, ModeHold, true},
		{"a fenced machine may be erased once more", Known{Machine: with(machine.Recycling, fencedOff), Job: erasing(time.Minute)}, Agent, ModeErase, true},
		{"but not while it is locked", Known{Machine: with(machine.Recycling, fencedOff, locked), Job: erasing(time.Minute)}, Agent, ModeHold, true},
		{"nor while it clashes", Known{Clash: "A and B have one serial", Machine: with(machine.Recycling, fencedOff), Job: erasing(time.Minute)}, Agent, ModeHold, true},
		{"a retired machine is held", Known{Machine: with(machine.Retired)}, Agent, ModeHold, true},
		{"a status from the future boots the disk", Known{Machine: with("sleeping")}, Disk, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := Decide(Request{}, tt.known, now)
			if got.Target != tt.target || got.Mode != tt.mode || got.Address != tt.lease {
				t.Errorf("Decide() = %+v, want %q %q address %v", got, tt.target, tt.mode, tt.lease)
			}
			if got.Why == "" {
				t.Error("Decide() gives no reason")
			}
			if fenced := tt.known.Machine != nil && tt.known.Machine.Flags.Fenced; got.AgentOnly != fenced {
				t.Errorf("its address is for the agent alone: %v, want %v", got.AgentOnly, fenced)
			}
		})
	}
}

// Without a boot image for it a machine waits, and is told what brings one;
// what boots its disk anyway does so.
func TestDecideWithoutABootImage(t *testing.T) {
	for _, tt := range []struct {
		code  uint16
		known Known
		want  Answer
	}{
		{11, Known{Policy: machine.PolicyRegister}, Answer{Wait, "", true, `no boot image for arm64 in this appliance. Build it with: make build ARCHES="amd64 arm64"`, false, ""}},
		{19, Known{Machine: with(machine.Installing), Job: job(time.Minute)}, Answer{Wait, "", true, `no boot image for arm64 in this appliance. Build it with: make build ARCHES="amd64 arm64"`, false, ""}},
		{0, Known{Policy: machine.PolicyRegister}, Answer{Wait, "", true, "no boot image in this appliance. Build it with: make build", false, ""}},
		{27, Known{Policy: machine.PolicyRegister}, Answer{Wait, "", true, "there is no boot image for UEFI riscv64", false, ""}},
		{11, Known{Machine: with(machine.InUse)}, Answer{Disk, "", true, "it is in use", false, ""}},
		{0, Known{Machine: with(machine.Broken, fencedOff)}, Answer{Ignore, "", false, "it is fenced, because its erase failed: disk S1 did not answer, and no boot image in this appliance. Build it with: make build", false, ""}},
		{11, Known{Policy: machine.PolicyIgnore}, Answer{Ignore, "", false, "it is not known and its subnet ignores such machines", false, ""}},
	} {
		tt.known.NoImage = true
		if got := Decide(Request{Arch: tt.code}, tt.known, now); got != tt.want {
			t.Errorf("Decide(%d, %+v) = %+v, want %+v", tt.code, tt.known, got, tt.want)
		}
	}
}

func TestTheImageOfAnArchitecture(t *testing.T) {
	for code, want := range map[uint16]string{
		0: "amd64", 7: "amd64", 9: "amd64", 16: "amd64", 20: "amd64", 11: "arm64", 19: "arm64", 6: "", 10: "", 15: "", 27: "", 37: "",
	} {
		if got := ImageArch(code); got != want {
			t.Errorf("ImageArch(%d) = %q, want %q", code, got, want)
		}
	}
	for _, tt := range []struct{ platform, build, want string }{
		{"bios", "i386", "amd64"}, // undionly.kpxe, on any processor
		{"bios", "", "amd64"},
		{"efi", "", "amd64"},
		{"efi", "x86_64", "amd64"},
		{"efi", "arm64", "arm64"},
		{"efi", "i386", ""},
		{"efi", "loong64", ""},
		{"efi", "amd64", "amd64"}, // as agents report it
	} {
		if got := ImageArch(LoaderArch(tt.platform, tt.build)); got != tt.want {
			t.Errorf("a loader of %s on %s gets the image for %q, want %q", tt.build, tt.platform, got, tt.want)
		}
	}
}

func TestMayWrite(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(m *machine.Machine, j *machine.Job)
		order  string
		hash   string
		want   string // part of the refusal; empty: allowed
	}{
		{"everything agrees", func(*machine.Machine, *machine.Job) {}, "o", "h", ""},
		{"the machine is in use", func(m *machine.Machine, _ *machine.Job) { m.Status = machine.InUse }, "o", "h", "in use: nothing is written"},
		{"the machine is locked", func(m *machine.Machine, _ *machine.Job) { m.Flags.Locked = true }, "o", "h", "locked"},
		{"the job has ended", func(_ *machine.Machine, j *machine.Job) { j.Status = machine.JobFailed }, "o", "h", "no open install job"},
		{"the job is another action's", func(_ *machine.Machine, j *machine.Job) { j.Action = machine.ActionErase }, "o", "h", "no open install job"},
		{"the machine is recycling, and the job an install", func(m *machine.Machine, _ *machine.Job) { m.Status = machine.Recycling }, "o", "h", "no open erase job"},
		{"an erase", func(m *machine.Machine, j *machine.Job) {
			m.Status, j.Action = machine.Recycling, machine.ActionErase
		}, "o", "h", ""},
		{"an erase of a fenced machine", func(m *machine.Machine, j *machine.Job) {
			m.Status, j.Action = machine.Recycling, machine.ActionErase
			fencedOff(m)
		}, "o", "h", ""},
		{"an erase of a machine that is held", func(m *machine.Machine, j *machine.Job) {
			m.Status, j.Action = machine.Held, machine.ActionErase
		}, "o", "h", "held: nothing is written"},
		{"an install of a fenced machine", func(m *machine.Machine, _ *machine.Job) { fencedOff(m) }, "o", "h", "fenced"},
		{"the machine is frozen", func(m *machine.Machine, _ *machine.Job) { m.Flags.Frozen = true }, "o", "h", "frozen"},
		{"the job is another machine's", func(_ *machine.Machine, j *machine.Job) { j.Machine = "m2" }, "o", "h", "another machine"},
		{"the order is an older one", func(*machine.Machine, *machine.Job) {}, "older", "h", "current"},
		{"the token is wrong", func(*machine.Machine, *machine.Job) {}, "o", "x", "not the job's"},
		{"the token is empty and so is the job's", func(_ *machine.Machine, j *machine.Job) { j.Token.Hash = "" }, "o", "", "current"},
		{"the token has expired", func(_ *machine.Machine, j *machine.Job) { j.Token.Expires = now.Add(-1) }, "o", "h", "expired"},
		{"the token was used", func(_ *machine.Machine, j *machine.Job) { j.Token.RedeemedAt = now }, "o", "h", "already"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, j := with(machine.Installing), job(time.Minute)
			tt.change(m, j)
			err := MayWrite(m, j, tt.order, tt.hash, now)
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("MayWrite() = %v, want %q", err, tt.want)
			}
		})
	}
}
