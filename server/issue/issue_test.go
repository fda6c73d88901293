package issue_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"firstlight/server/diagnosis"
	"firstlight/server/discovery"
	"firstlight/server/issue"
	"firstlight/server/machine"
	"firstlight/server/whereabouts"
)

var now = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

// healthy is a machine of a status with nothing wrong, and what is known of it.
func healthy(s machine.Status) *issue.Input {
	m := &machine.Machine{
		ID: "1", Name: "C0MPUT3", Kind: machine.Metal, Serial: "C0MPUT3", Status: s, Since: ago(10 * time.Minute),
		Site: "lon6", Rack: "r12", Unit: 7, Delivery: "2026-1140",
		NICs: []machine.NIC{{
			Name: "NIC1", MAC: machine.MAC{2, 0, 0, 0, 0, 1}, Address: netip.MustParseAddr("10.80.12.7"), Boot: true,
			Switch: "sw3", Port: "23", SeenSwitch: "sw3", SeenPort: "23",
		}},
		BMC:        machine.BMC{Address: "10.81.12.7", MAC: machine.MAC{2, 0, 0, 0, 1, 1}, Proven: true},
		ReportedAt: ago(10 * time.Minute),
		Observed: machine.Observed{
			Power: "on", PowerAt: ago(10 * time.Minute), BootAt: ago(11 * time.Minute), BootAnswer: "agent", BootStage: "ipxe", Boots: 1,
			BootsFrom: ago(12 * time.Minute), CallAt: ago(10 * time.Minute), BMCAt: ago(time.Hour),
		},
	}
	in := &issue.Input{
		Machine: m, Now: now, Began: ago(time.Hour), Heard: ago(30 * time.Second), Facts: &issue.Facts{Serial: "C0MPUT3", BMC: true},
		Open: func(machine.IssueKind) bool { return false },
		Others: &issue.Others{
			BMCs: map[string][]string{}, Arrived: map[issue.Place]time.Time{},
			Racks: map[string]*machine.Rack{"r12": {Name: "r12", Site: "lon6"}}, Sites: map[string]bool{"lon6": true},
			Images: map[string]*machine.Image{"debian-12": {Name: "debian-12", AddedAt: ago(200 * 24 * time.Hour)}},
			Subnet: func(*machine.Machine) (string, string) { return "boot", "lon6" },
			Cables: whereabouts.NewFleet(func() []*machine.Machine { return nil }),
		},
	}
	lived(in)
	return in
}

// lived makes the past of a machine what its status supposes.
func lived(in *issue.Input) {
	m := in.Machine
	switch m.Status {
	case machine.Expected:
		m.ReportedAt, m.Observed, in.Facts, in.Heard = time.Time{}, machine.Observed{}, nil, time.Time{}
		m.NICs[0].SeenSwitch, m.NICs[0].SeenPort = "", ""
	case machine.Allocated, machine.Installing, machine.Recycling, machine.Retiring:
		in.Job = &machine.Job{ID: "j", Status: machine.JobStarted, Steps: []machine.Step{{Name: "write image", Status: machine.StepRunning, StartedAt: ago(5 * time.Minute)}}}
	case machine.Configuring, machine.InUse:
		m.Observed.BootAnswer, m.Observed.HomeAt = "disk", ago(10*time.Minute)
		m.Hostname, m.Image, m.Owned, in.Heard = "lon6-web-1", "debian-12", true, time.Time{}
	case machine.Repairing:
		m.Observed.Power, in.Heard = "off", time.Time{}
	case machine.Retired:
		m.Observed.BootAt, m.Observed.CallAt, in.Heard = ago(24*time.Hour), ago(24*time.Hour), ago(24*time.Hour)
	}
}

func kinds(in *issue.Input) (all []string) {
	some, _ := issue.Find(in)
	for _, f := range some {
		all = append(all, string(f.Kind))
	}
	return all
}

// TestAHealthyMachineAsksForNobody goes through every status. Two of them are
// a request in themselves.
func TestAHealthyMachineAsksForNobody(t *testing.T) {
	for _, s := range machine.Statuses() {
		want := map[machine.Status]string{machine.Held: "held", machine.Broken: "broken"}[s]
		if got := strings.Join(kinds(healthy(s)), " "); got != want {
			t.Errorf("%s: found %q, want %q", s, got, want)
		}
	}
}

type example struct {
	kind   machine.IssueKind
	status machine.Status
	bad    func(*issue.Input)
	says   string // part of the sentence
	near   func(*issue.Input)
}

// cases have for each kind a machine that has it, and one that nearly has.
var cases = []example{
	{issue.NeverBooted, machine.Expected, arrived(16 * time.Minute), "delivery 2026-1140 in rack r12", arrived(14 * time.Minute)},
	{issue.NoLocation, machine.Available, func(in *issue.Input) { in.Machine.Rack = "" }, "site lon6", func(in *issue.Input) {
		in.Machine.Rack, in.Others.Sites = "", nil
	}},
	{issue.Held, machine.Held, func(in *issue.Input) { in.Machine.Sentence = "no rule accepts it" }, "no rule accepts it", func(in *issue.Input) {
		in.Machine.Status = machine.Available
	}},
	{issue.BadSerial, machine.Held, func(in *issue.Input) { in.Machine.Serial, in.Machine.Reason = "None", "bad-serial" }, `"None"`, func(in *issue.Input) {
		in.Machine.Serial = "NONE-7"
	}},
	{issue.SerialChanged, machine.Available, func(in *issue.Input) { in.Facts.Serial = "0TH3R" }, "shows the serial number 0TH3R; its record says C0MPUT3", func(in *issue.Input) {
		in.Facts.Serial = "To be filled by O.E.M."
	}},
	{issue.IdentityClash, machine.InUse, func(in *issue.Input) { in.Clash.Sentence = "Its serial is also that of 0TH3R." }, "0TH3R", func(*issue.Input) {}},
	{issue.SpecMismatch, machine.Available, differs("its record"), "Cores: 8; its record says 16.", differs("the plan")},
	{issue.DiskFailing, machine.InUse, failing(8), "Disk S1 (sda, Slot 04) is failing: its pending sectors are 8, and the limit is 0. Move what matters off it, then have it replaced.", failing(0)},
	{issue.DiskFailing, machine.Available, failing(8), "Replace it, then check the machine again.", failing(0)},
	{issue.CheckFailed, machine.Held, failedCheck("check-failed"), "Disk S4X reads 52 MB/s; 11 like it read 480 to 530.", failedCheck("no-rule")},
	{issue.LocationMismatch, machine.InUse, func(in *issue.Input) { in.Machine.Site = "sto3" }, "site sto3", func(in *issue.Input) {
		in.Machine.Rack = "r13"
	}},
	{issue.LocationMismatch, machine.InUse, subnetOf("sto3"), "network boot of site sto3", subnetOf("")},
	{issue.WrongSwitchPort, machine.Available, func(in *issue.Input) { in.Machine.NICs[0].SeenPort = "31" }, "NIC1 is in sw3/31, plan says sw3/23: move the cable to sw3/23, or accept where it is", func(in *issue.Input) {
		in.Machine.NICs[0].Port = ""
	}},
	{issue.NoBootFile, machine.Available, booted("firmware", 3*time.Minute), "does not fetch the boot loader", booted("firmware", time.Minute)},
	{issue.NoCallback, machine.Available, booted("ipxe", 6*time.Minute), "never reported", booted("ipxe", 4*time.Minute)},
	{issue.Silent, machine.Available, lastHeard(6 * time.Minute), "last heard at 2026-11-26 11:54:00 UTC", lastHeard(4 * time.Minute)},
	{issue.AgentCrashed, machine.Available, crashed(59*time.Minute, 1), "Its agent crashed and was started again: panic: boom", crashed(61*time.Minute, 1)},
	{issue.AgentCrashed, machine.Installing, crashed(time.Minute, 3), "crashed 3 times on one boot and was started again; the last time: panic: boom", func(*issue.Input) {}},
	{issue.AgentCrashed, machine.InUse, crashed(9*time.Minute, 1), "panic: boom", crashed(11*time.Minute, 1)}, // it called home ten minutes ago
	{issue.AgentCrashed, machine.Available, func(in *issue.Input) { // that it is old proves nothing
		crashed(65*time.Minute, 1)(in)
		in.Heard = ago(6 * time.Minute)
	}, "panic: boom", func(in *issue.Input) {
		crashed(65*time.Minute, 1)(in)
		in.Heard = ago(5 * time.Minute)
	}},
	{issue.AgentCrashed, machine.Broken, func(in *issue.Input) { crashed(time.Minute, 1)(in); in.Machine.Observed.Crash.Cause = "" }, "again: killed by SIGKILL", func(in *issue.Input) {
		crashed(time.Minute, 1)(in)
		in.Machine.Status = machine.Retired
	}},
	{issue.StolenToken, machine.Available, robbed(23*time.Hour, time.Hour), "Another agent used the boot token of this boot with another key.", robbed(25*time.Hour, time.Hour)},
	{issue.StolenToken, machine.Installing, robbed(99*time.Hour, 100*time.Hour), "used the boot token", robbed(99*time.Hour, 98*time.Hour)}, // it has not booted anew
	{issue.CrashLoop, machine.Registered, boots(3), "booted 3 times", boots(2)},
	{issue.GateClosed, machine.Allocated, waits(machine.Wait{LateAt: ago(time.Minute), Sent: 4}), "switch VLAN: no answer within 40 s. The request never arrived, after 4 attempts.", waits(machine.Wait{})},
	{issue.GateClosed, machine.Registered, waits(machine.Wait{Refused: "port 23 is shut"}), "switch VLAN was refused: port 23 is shut", waits(machine.Wait{Refused: "port 23 is shut", OpenedAt: now})},
	{issue.Stuck, machine.Installing, since(33 * time.Minute), "within 30 min", since(31 * time.Minute)},
	{issue.LastEventError, machine.InUse, lastJob(machine.JobFailed), "no space left", lastJob(machine.JobFinished)},
	{issue.FailedReclaim, machine.Available, system(time.Minute), "calls itself old-web-1", system(11 * time.Minute)},
	{issue.FailedReclaim, machine.Recycling, func(in *issue.Input) { in.Machine.Observed.HomeAt = ago(time.Minute) }, "called home", func(in *issue.Input) {
		in.Machine.Observed.HomeAt = ago(time.Hour)
	}},
	{issue.BMCNoIP, machine.Available, func(in *issue.Input) { in.Machine.BMC = machine.BMC{} }, "without a known address", func(in *issue.Input) {
		in.Machine.BMC, in.Facts.BMC = machine.BMC{}, false
	}},
	{issue.BMCDuplicate, machine.InUse, sharing("C0MPUT3", "0TH3R"), "so has that of 0TH3R", sharing("C0MPUT3")},
	{issue.BMCAuth, machine.InUse, func(in *issue.Input) { in.Machine.BMC.Failed = "log-in refused: 401" }, "refuses the log-in", func(*issue.Input) {}},
	{issue.BMCDefault, machine.InUse, func(in *issue.Input) { in.Machine.BMC.Factory = true }, "default log-in of its vendor", func(*issue.Input) {}},
	{issue.BMCDefault, machine.Available, func(in *issue.Input) {
		in.Facts.BMCUsers = []machine.BMCUser{{Slot: 1, Enabled: true, Network: true, Privilege: "operator"}}
	}, "whoever gives no name, as operator: disable its user 1", func(in *issue.Input) {
		in.Facts.BMCUsers = []machine.BMCUser{{Slot: 1, Enabled: true}, {Slot: 2, Name: "ADMIN", Enabled: true, Network: true, Privilege: "administrator"}}
	}},
	{issue.BMCUnreachable, machine.InUse, func(in *issue.Input) { in.Machine.Observed.BMCError = "timeout" }, "does not answer", func(*issue.Input) {}},
	{issue.BMCInfoOld, machine.InUse, bmcAt(25 * time.Hour), "at 2026-11-25 11:00:00 UTC", bmcAt(23 * time.Hour)},
	{issue.PowerMismatch, machine.InUse, off(6 * time.Minute), "is in use, but its BMC says that it is off", off(4 * time.Minute)},
	{issue.PowerMismatch, machine.Available, off(6 * time.Minute), "its agent speaks since", func(in *issue.Input) {
		off(6 * time.Minute)(in)
		in.Heard = ago(6 * time.Minute)
		in.Machine.Observed.BootAt = ago(7 * time.Minute)
		in.Machine.Observed.CallAt = ago(4 * time.Minute)
	}},
	{issue.DNSMissing, machine.InUse, func(in *issue.Input) { in.DNS = "lon6-web-1 has no address" }, "no address", func(in *issue.Input) {
		in.DNS, in.Machine.Since = "lon6-web-1 has no address", ago(time.Second)
	}},
	{issue.OrphanName, machine.Available, func(in *issue.Input) { in.Machine.Hostname = "lon6-web-1" }, "lon6-web-1", func(in *issue.Input) {
		in.Machine.Hostname, in.Machine.Owned = "lon6-web-1", true
	}},
	{issue.ImageOld, machine.InUse, func(in *issue.Input) { in.Machine.Image = "debian-9" }, "debian-9 is not in the catalogue", func(in *issue.Input) {
		in.Machine.Image, in.Others.Images = "debian-9", nil
	}},
	{issue.ImageOld, machine.InUse, installed(300 * 24 * time.Hour), "replaced at 2026-05-10", installed(100 * 24 * time.Hour)},
	{issue.BrokenMachine, machine.Broken, func(in *issue.Input) { in.Machine.Sentence = "ada marked it: disk" }, "ada marked it", func(in *issue.Input) {
		in.Machine.Status = machine.Repairing
	}},
	{issue.EraseFailed, machine.Broken, func(in *issue.Input) {
		in.Machine.Flags.Fenced, in.Machine.Flags.FenceNote = true, "disk S1 (Intel, 4.0 TB): input/output error"
	}, "disk S1 (Intel, 4.0 TB): input/output error", func(in *issue.Input) { in.Machine.Flags.Fenced = false }},
	{issue.RepairReminder, machine.Repairing, since(73 * time.Hour), "in repair since 2026-11-23", since(71 * time.Hour)},
	{issue.RetiredSeen, machine.Retired, func(in *issue.Input) { in.Machine.Observed.BootAt = ago(time.Minute) }, "boots or speaks still", func(*issue.Input) {}},
	{issue.RetiredSeen, machine.Retired, func(in *issue.Input) { in.Machine.ReportedAt = ago(time.Minute) }, "boots or speaks still", func(in *issue.Input) {
		in.Machine.ReportedAt = in.Machine.Since
	}},
	{issue.NoBootRequest, machine.Allocated, shows(diagnosis.BMCLies, diagnosis.StagePower), "says bmc-lies", shows(diagnosis.PortSlow, diagnosis.Passed)},
	{issue.NoAddress, machine.Expected, shows(diagnosis.RangeFull, diagnosis.StageAddress), "says range-full", shows(diagnosis.PortSlow, diagnosis.Passed)},
	{issue.NoBootFile, machine.Registered, shows(diagnosis.NoLoader, diagnosis.StageLoader), "says loader-not-fetched", shows(diagnosis.NoDriver, diagnosis.StageScript)},
	{issue.NoCallback, machine.Registered, shows(diagnosis.NoDriver, diagnosis.StageScript), "says loader-without-nic-driver", shows(diagnosis.ReportRefused, diagnosis.StageAgent)},
	{issue.BadImage, machine.Installing, shows(diagnosis.ImageHash, diagnosis.StageImage), "says image-hash", shows(diagnosis.PortSlow, diagnosis.Passed)},
	{issue.WrongBoot, machine.Configuring, shows(diagnosis.DiskReturns, diagnosis.StageDisk), "says wrong-boot-order", shows(diagnosis.PortSlow, diagnosis.Passed)},
	{issue.WrongClock, machine.Available, shows(diagnosis.WrongClock, diagnosis.StageClock), "says wrong-clock", func(in *issue.Input) {
		shows(diagnosis.WrongClock, diagnosis.StageClock)(in)
		in.Machine.Status = machine.Retired
	}},
	{issue.Frozen, machine.InUse, func(in *issue.Input) { in.Machine.Flags.Frozen = true }, "older database", func(*issue.Input) {}},
}

func TestEachKindIsFoundAndNotWhereItIsNot(t *testing.T) {
	for _, c := range cases {
		t.Run(string(c.kind), func(t *testing.T) {
			in := healthy(c.status)
			c.bad(in)
			f := finding(in, c.kind)
			if f == nil {
				t.Fatalf("not found; found %q", kinds(in))
			}
			if !strings.Contains(f.Sentence, c.says) {
				t.Errorf("says %q, want it to say %q", f.Sentence, c.says)
			}
			if len(f.Evidence) == 0 {
				t.Error("it names no evidence")
			}
			in = healthy(c.status)
			c.near(in)
			if f := finding(in, c.kind); f != nil {
				t.Errorf("found where it is not: %s", f.Sentence)
			}
		})
	}
}

// shows is a boot that a rule of package diagnosis fires for.
func shows(f diagnosis.Fault, s diagnosis.Stage) func(*issue.Input) {
	return func(in *issue.Input) {
		in.Diagnoses = []diagnosis.Diagnosis{{Fault: f, Stage: s, Sentence: "says " + string(f), Action: "look", Evidence: []diagnosis.Evidence{{At: now, Text: "a row"}}}}
	}
}

func failedCheck(reason string) func(*issue.Input) {
	return func(in *issue.Input) {
		in.Machine.Reason = reason
		in.Machine.Checked = &machine.Checked{Job: "j1", At: ago(time.Minute), Sentence: "disk S4X reads 52 MB/s; 11 like it read 480 to 530", Bad: []string{"disk S4X reads 52 MB/s"}}
	}
}

func waits(w machine.Wait) func(*issue.Input) {
	w.Gate, w.Title, w.Since, w.Deadline = "vlan", "switch VLAN", ago(time.Hour), ago(time.Hour-40*time.Second)
	return func(in *issue.Input) { in.Waits = []*machine.Wait{&w} }
}

// TestTheCatalogueIsWhole holds it against its own cases: every kind has one,
// or says why nothing computes it.
func TestTheCatalogueIsWhole(t *testing.T) {
	for _, e := range issue.Catalogue() {
		tested := slices.ContainsFunc(cases, func(c example) bool { return c.kind == e.Kind })
		if tested == (e.NotComputed != "" || e.OfNetwork) {
			t.Errorf("%s: tested %v, not computed %q", e.Kind, tested, e.NotComputed)
		}
		if e.Title == "" || e.Means == "" || e.Severity == "" || len(e.Verbs) > 3 {
			t.Errorf("%s: title %q, means %q, severity %q, verbs %v", e.Kind, e.Title, e.Means, e.Severity, e.Verbs)
		}
	}
}

func TestWithoutFactsNothingIsSaidOfThem(t *testing.T) {
	in := healthy(machine.Available)
	in.Facts, in.Machine.BMC = nil, machine.BMC{}
	if all, looked := issue.Find(in); looked || len(all) > 0 {
		t.Errorf("found %v, looked %v", all, looked)
	}
}

func TestVerbsAreThoseThatTheMachineTakes(t *testing.T) {
	m := healthy(machine.Held).Machine
	m.Reason = "disk-not-empty"
	if got := issue.VerbsFor(issue.Held, m); !slices.Equal(got, []issue.Verb{issue.Release, issue.Recheck}) {
		t.Errorf("held for its disks: %v", got)
	}
	m.Reason = "no-rule"
	if got := issue.VerbsFor(issue.Held, m); !slices.Equal(got, []issue.Verb{issue.Recheck, issue.Waive}) {
		t.Errorf("held for want of a rule: %v", got)
	}
	m.Status, m.Owned = machine.Broken, true
	if got := issue.VerbsFor(issue.BrokenMachine, m); !slices.Equal(got, []issue.Verb{issue.Repair}) {
		t.Errorf("broken with an owner: %v", got)
	}
}

func finding(in *issue.Input, kind machine.IssueKind) *issue.Finding {
	all, _ := issue.Find(in)
	for _, f := range all {
		if f.Kind == kind {
			return &f
		}
	}
	return nil
}

func arrived(d time.Duration) func(*issue.Input) {
	return func(in *issue.Input) { in.Others.Arrived[issue.Place{Delivery: "2026-1140", Rack: "r12"}] = ago(d) }
}

func differs(by string) func(*issue.Input) {
	return func(in *issue.Input) {
		in.Facts.Differences = []discovery.Difference{{Field: "cores", Declared: "16", Discovered: "8", By: by}}
	}
}

func failing(pending uint64) func(*issue.Input) {
	return func(in *issue.Input) {
		m := &machine.Machine{Facts: &machine.Facts{Disks: []machine.Disk{{Name: "sda", Serial: "S1", Slot: "Slot 04", Health: &machine.Health{Pending: pending}}}}}
		in.Facts.Failing = issue.Look(m, nil).Failing
	}
}

func subnetOf(site string) func(*issue.Input) {
	return func(in *issue.Input) {
		in.Others.Subnet = func(*machine.Machine) (string, string) { return "boot", site }
	}
}

func booted(stage string, d time.Duration) func(*issue.Input) {
	return func(in *issue.Input) {
		o := &in.Machine.Observed
		if o.BootStage, o.BootAt = stage, ago(d); stage == "firmware" {
			o.LoaderFrom = o.BootAt
		}
		in.Heard = ago(d + time.Minute)
	}
}

func lastHeard(d time.Duration) func(*issue.Input) {
	return func(in *issue.Input) { in.Heard = ago(d) }
}

func boots(n int) func(*issue.Input) {
	return func(in *issue.Input) {
		in.Machine.Observed.Boots, in.Machine.Observed.BootsFrom = n, in.Machine.Since.Add(time.Second)
	}
}

func crashed(d time.Duration, life int) func(*issue.Input) {
	return func(in *issue.Input) {
		in.Machine.Observed.Crash = machine.Crash{At: ago(d), Boot: "b", Life: life, End: "killed by SIGKILL", Cause: "panic: boom"}
	}
}

// robbed was seen so long ago, and the last boot enrolled.
func robbed(seen, enrolled time.Duration) func(*issue.Input) {
	return func(in *issue.Input) {
		in.Machine.Observed.Contest = machine.Contest{At: ago(seen), How: "another agent used the boot token of this boot with another key", Key: "k", From: "10.80.12.9"}
		in.Machine.Observed.Proof = machine.Proof{At: ago(enrolled), Key: "mine"}
	}
}

func since(d time.Duration) func(*issue.Input) {
	return func(in *issue.Input) { in.Machine.Since = ago(d) }
}

func lastJob(s machine.JobStatus) func(*issue.Input) {
	return func(in *issue.Input) {
		in.Last = &machine.Job{ID: "j", Action: machine.ActionInstall, Status: s, Result: "no space left", EndedAt: ago(time.Minute)}
	}
}

func system(d time.Duration) func(*issue.Input) {
	return func(in *issue.Input) { in.System = issue.System{Name: "old-web-1", At: ago(d)} }
}

func sharing(names ...string) func(*issue.Input) {
	return func(in *issue.Input) { in.Others.BMCs["10.81.12.7"] = names }
}

func bmcAt(d time.Duration) func(*issue.Input) {
	return func(in *issue.Input) { in.Machine.Observed.BMCAt, in.Began = ago(d), ago(48*time.Hour) }
}

func off(d time.Duration) func(*issue.Input) {
	return func(in *issue.Input) {
		in.Machine.Observed.Power, in.Machine.Observed.PowerAt = "off", ago(d)
	}
}

func installed(d time.Duration) func(*issue.Input) {
	return func(in *issue.Input) { in.Machine.Observed.HomeAt = ago(d) }
}
