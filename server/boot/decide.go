// Package boot decides what a machine boots, and why.
//
// Decide is pure: everything that the answer depends on is an argument, so
// that DHCP and HTTP cannot disagree, an answer can be explained before it is
// asked for, and yesterday's boots can be replayed against tomorrow's rules.
// Its default is the safest answer. It imports package machine only; adapters
// for machines, the API and the wiring import it.
package boot

import (
	"fmt"
	"time"

	"firstlight/server/machine"
)

// Stage is how far the machine's boot has come when it asks.
type Stage string

// Stages.
const (
	StageFirmware Stage = "firmware" // PXE ROM or UEFI: wants a boot loader by TFTP
	StageHTTP     Stage = "http"     // UEFI HTTP boot: wants a boot loader by HTTP
	StageIPXE     Stage = "ipxe"     // iPXE: wants a script
	StageGRUB     Stage = "grub"     // GRUB behind the signed loaders: wants a configuration
)

// Request is who asks, and in which stage.
type Request struct {
	MAC      machine.MAC `json:"mac"`
	UUID     string      `json:"uuid,omitempty"`
	Serial   string      `json:"serial,omitempty"`
	Arch     uint16      `json:"arch"`     // DHCP option 93, RFC 4578 §2.1; of iPXE, as its loader was built
	Platform string      `json:"platform"` // bios or efi
	Stage    Stage       `json:"stage"`
	// Script tells that the loader asks for its script; else it asks DHCP.
	Script bool `json:"script,omitempty"`
	// Card is the one that it boots through, as its loader tells the appliance: by
	// PCI numbers as 1425:5410, or OtherCard; "" where it does not tell.
	Card   string `json:"card,omitempty"`
	Subnet string `json:"subnet,omitempty"`
}

// Known is what ServerDb holds about the one who asks.
type Known struct {
	Machine *machine.Machine // nil: not in ServerDb
	Clash   string           // another record claims its identity: both names, one sentence
	Policy  machine.Policy   // of the subnet, for machines that are not known
	Job     *machine.Job     // the open job of the machine, nil when none
	// NoImage tells that the appliance has no boot image for its architecture.
	NoImage bool
	// Overlays are what the boot image for its architecture has of them.
	Overlays []Overlay
	// Restored tells that an older database was restored and not yet held
	// against the machines that there are: whoever is not in it may be somebody's.
	Restored bool
	// SecureBoot tells that the subnet gives the signed loaders to all UEFI machines.
	SecureBoot bool
}

// Target is what a machine boots.
type Target string

// Targets. The zero value answers nothing.
const (
	Ignore Target = ""
	Disk   Target = "disk"  // its own disk
	Agent  Target = "agent" // the agent in memory, disks read-only
	Wait   Target = "wait"  // nothing yet: ask again, then the disk
)

// Mode is what the agent is told that it is there for. It grants nothing: each
// destructive order carries a token of its own.
type Mode string

// Modes of the agent.
const (
	ModeNone     Mode = ""
	ModeRegister Mode = "register"
	ModeHold     Mode = "hold"
	ModeIdle     Mode = "idle"
	ModeInstall  Mode = "install"
	ModeErase    Mode = "erase"
	ModeDiagnose Mode = "diagnose"
)

// Answer is what the machine boots and why.
type Answer struct {
	Target Target `json:"target"`
	Mode   Mode   `json:"mode,omitempty"`
	// Address tells whether DHCP may give it an address. A machine that is only
	// observed gets none: on a live segment somebody else's server does that.
	Address bool   `json:"address"`
	Why     string `json:"why"`
	// AgentOnly tells that the address is for its firmware, its loader and the
	// agent: DHCP gives none to a system on its disk.
	AgentOnly bool `json:"agent_only,omitempty"`
	// Overlays are what the agent's initramfs gets besides, by their drivers, with
	// blanks between them: that of the card through which the agent has to speak.
	Overlays string `json:"overlays,omitempty"`
}

// AgentClass is how the agent names itself to DHCP servers: its vendor class
// (option 60), and its user class in DHCPv6.
const AgentClass = "firstlight-agent"

// Serves tells whether DHCP may give an address to a client, by the stage of its
// boot and what it calls itself.
func (a Answer) Serves(s Stage, class string) bool {
	return a.Address && (!a.AgentOnly || s != "" || class == AgentClass)
}

// Decide says what the one who asks boots now. It never answers with anything
// that may write a disk.
func Decide(r Request, k Known, now time.Time) Answer {
	a := decide(k, now)
	if a.AgentOnly && k.NoImage {
		return Answer{Why: a.Why + ", and " + noImage(r.Arch)} // who waits boots its disk in the end
	}
	if a.Target == Agent && k.NoImage {
		return Answer{Target: Wait, Address: a.Address, Why: noImage(r.Arch)}
	}
	if a.Target == Agent && r.Script {
		a.Overlays = drivers(wanted(r.Card, k.Overlays))
	}
	return a
}

// noImage says what is missing, and what brings it.
func noImage(code uint16) string {
	switch arch := ImageArch(code); arch {
	case "":
		return "there is no boot image for " + ArchName(code)
	case "amd64":
		return "no boot image in this appliance. Build it with: make build"
	default:
		return fmt.Sprintf(`no boot image for %[1]s in this appliance. Build it with: make build ARCHES="amd64 %[1]s"`, arch)
	}
}

func decide(k Known, now time.Time) Answer {
	switch m := k.Machine; {
	case m != nil && m.Flags.Fenced:
		return fenced(m, k, now)
	case Over(m) != "":
		return working(m, k.Clash)
	case m != nil && m.Flags.Frozen:
		return frozen(m)
	case k.Clash != "":
		return agent(ModeHold, "%s", k.Clash)
	case m == nil:
		return unknown(k.Policy, k.Restored)
	case m.Flags.Locked && m.Owned:
		return disk("it is locked and may hold its owner's data")
	case m.Flags.Locked:
		return agent(ModeIdle, "it is locked")
	default:
		return byStatus(m, k.Job, now)
	}
}

// fenced machines never boot their disk, whatever their status: what an erase
// could not take from it is on it. Another erase is all that may happen there.
func fenced(m *machine.Machine, k Known, now time.Time) Answer {
	a := agent(ModeHold, "it is fenced, because its erase failed: %s", m.Flags.FenceNote)
	if writes[m.Status] == machine.ActionErase && k.Clash == "" && !m.Flags.Locked && !m.Flags.Frozen {
		a = withJob(m, k.Job, now)
	}
	a.AgentOnly = true
	return a
}

// Over says, in one sentence, why a machine that was given the agent is not to
// run it any more; "" where it may. It knows nothing of serial and UUID, which
// only loaders tell, and so names only what these do not change.
func Over(m *machine.Machine) string {
	if m != nil && !m.Flags.Fenced && (m.Status == machine.InUse || m.Status == machine.Configuring) {
		return fmt.Sprintf("machine %s is %s by now and boots its disk", m.Name, m.Status.Human())
	}
	return ""
}

// working machines boot their disk, also when their marks clash with another's:
// a swapped part must not take a machine away from its owner.
func working(m *machine.Machine, clash string) Answer {
	if clash != "" {
		return disk("it is %s, though %s", m.Status.Human(), clash)
	}
	return disk("it is %s", m.Status.Human())
}

// frozen machines boot their disk, which may have an owner that the database
// forgot. Only where our agent reported since the restore and the record knows
// no owner is it certain that nobody works on it.
func frozen(m *machine.Machine) Answer {
	if !m.Owned && m.ReportedAt.After(m.Flags.FrozenAt) {
		return agent(ModeHold, "it is frozen since an older database was restored, and does not show what the record says")
	}
	return disk("it is frozen since an older database was restored: it may be in use by now")
}

func unknown(p machine.Policy, restored bool) Answer {
	switch p {
	case machine.PolicyRegister:
		if restored {
			return disk("it is not known, but an older database was restored, which may have forgotten it")
		}
		return agent(ModeRegister, "it is not known and its subnet registers such machines")
	case machine.PolicyObserve:
		return Answer{Target: Disk, Why: "it is not known and its subnet only observes such machines"}
	default:
		return Answer{Why: "it is not known and its subnet ignores such machines"}
	}
}

func byStatus(m *machine.Machine, job *machine.Job, now time.Time) Answer {
	switch m.Status {
	case machine.Expected, machine.Registered:
		return agent(ModeRegister, "it is %s: to be looked at", m.Status.Human())
	case machine.Held:
		return agent(ModeHold, "it is held: %s", m.Sentence)
	case machine.Available:
		return agent(ModeIdle, "it is available and waits for an owner")
	case machine.Allocated:
		return agent(ModeIdle, "it is allocated; its install has not started")
	case machine.Installing, machine.Recycling, machine.Retiring:
		return withJob(m, job, now)
	case machine.Broken, machine.Repairing:
		if m.Owned {
			return disk("it is %s but was not released: its owner's disk is left alone", m.Status.Human())
		}
		return agent(ModeDiagnose, "it is %s", m.Status.Human())
	case machine.Retired:
		return agent(ModeHold, "it is retired and should not be here")
	default:
		return disk("its status %q has no boot rule", m.Status)
	}
}

// modes are those in which the agent does what an action wants.
var modes = map[machine.Action]Mode{machine.ActionInstall: ModeInstall, machine.ActionErase: ModeErase}

// withJob opens a destructive mode only when the job agrees; the token is
// asked for later, by MayWrite.
func withJob(m *machine.Machine, job *machine.Job, now time.Time) Answer {
	want := writes[m.Status]
	switch {
	case job == nil:
		return agent(ModeIdle, "it is %s but has no open job", m.Status.Human())
	case job.Action != want || job.Machine != m.ID || !job.Status.Open():
		return agent(ModeIdle, "it is %s but its open job is not %s", m.Status.Human(), want)
	case !job.Token.Expires.IsZero() && now.After(job.Token.Expires):
		return agent(ModeIdle, "it is %s but the token of its job has expired", m.Status.Human())
	default:
		return agent(modes[want], "it is %s by job %.8s", m.Status.Human(), job.ID)
	}
}

func agent(mode Mode, why string, args ...any) Answer {
	return Answer{Target: Agent, Mode: mode, Address: true, Why: fmt.Sprintf(why, args...)}
}

func disk(why string, args ...any) Answer {
	return Answer{Target: Disk, Address: true, Why: fmt.Sprintf(why, args...)}
}
