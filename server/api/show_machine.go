package api

import (
	"cmp"
	"net/netip"
	"time"

	"firstlight/server/bootpath"
	"firstlight/server/diagnosis"
	"firstlight/server/issue"
	"firstlight/server/machine"
	"firstlight/server/operate"
)

// What ServerDb holds, as the API shows it. A field that is added there shows
// here only when somebody writes it down: secrets stay where they are.

func (a *API) showMachine(m *machine.Machine) Machine {
	shown := Machine{
		ID: m.ID, Name: m.Name, Kind: string(m.Kind), Serial: m.Serial, UUID: m.UUID, Vendor: m.Vendor, Product: m.Product,
		Status: string(m.Status), Reason: m.Reason, Sentence: m.Sentence, Since: m.Since, Flags: showFlags(m.Flags),
		Site: m.Site, Room: m.Room, Rack: m.Rack, Unit: m.Unit, Height: m.Height, Face: string(m.Face), Delivery: m.Delivery, Hostname: m.Hostname, Role: m.Role, Pool: m.Pool, Owner: m.Owner,
		Note: m.Note, Tags: m.Tags, Params: m.Params, Type: m.Type, Declared: showDeclared(m.Declared), ReportedAt: showTime(m.ReportedAt),
		Image: m.Image, Rule: m.Rule, Owned: m.Owned, Address: showAddr(m.Address()),
		NICs: each(m.NICs, showNIC), BMC: showBMC(m.BMC), Facts: showFacts(m.Facts), Observed: showObserved(m.Observed),
		Waits: a.showWaits(m.ID), Issues: a.showIssues(m.ID), Differences: a.showDifferences(m),
		Handling: string(m.Handling), Undo: showUndo(m.Undoable(a.Now())), Version: m.Version, CreatedAt: m.CreatedAt, UpdatedAt: m.UpdatedAt,
	}
	if j, open := a.DB.OpenJob(m.ID); open {
		shown.Job = j.ID
	}
	return shown
}

func showUndo(u *machine.Undo) *Undo {
	if u == nil {
		return nil
	}
	return &Undo{By: u.By, Did: u.Did, Does: u.Does, Until: u.Until()}
}

// each shows every row; the result is never nil.
func each[T, V any](all []T, show func(T) V) []V {
	shown := make([]V, 0, len(all))
	for _, row := range all {
		shown = append(shown, show(row))
	}
	return shown
}

func showAddr(addr netip.Addr) string {
	if !addr.IsValid() {
		return ""
	}
	return addr.String()
}

// showTime leaves out what has not happened.
func showTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func showNIC(n machine.NIC) NIC {
	return NIC{
		Name: n.Name, MAC: n.MAC.String(), Address: showAddr(n.Address), Boot: n.Boot,
		Switch: n.Switch, Port: n.Port, SeenSwitch: n.SeenSwitch, SeenPort: n.SeenPort,
	}
}

func showFlags(f machine.Flags) Flags {
	return Flags{
		Locked: f.Locked, LockNote: f.LockNote, RetireWhenReleased: f.RetireWhenReleased, NoPowerOff: f.NoPowerOff,
		Frozen: f.Frozen, Fenced: f.Fenced, FenceNote: f.FenceNote, UntilBoot: f.UntilBoot,
	}
}

func showDeclared(d machine.Declared) *Declared {
	if d == (machine.Declared{}) {
		return nil
	}
	return &Declared{Vendor: d.Vendor, Product: d.Product, Cores: d.Cores, MemoryBytes: d.Memory, Disks: d.Disks}
}

func showBMC(b machine.BMC) BMC {
	return BMC{Type: b.Type, Address: b.Address, MAC: b.MAC.String(), Firmware: b.Firmware, Proven: b.Proven, Failed: b.Failed, Switch: b.Switch, Port: b.Port}
}

func showObserved(o machine.Observed) Observed {
	return Observed{
		Power: o.Power, PowerAt: showTime(o.PowerAt), Light: o.Light, LightAt: showTime(o.LightAt), BootAt: showTime(o.BootAt), BootAnswer: o.BootAnswer, BootStage: o.BootStage, BootOrder: o.BootOrder,
		BMCAt: showTime(o.BMCAt), BMCError: o.BMCError,
		CallAt: showTime(o.CallAt), HomeAt: showTime(o.HomeAt), Waits: o.Waits, Progress: o.Progress,
		Proof: showProof(o.Proof), Contest: showContest(o.Contest),
	}
}

func showProof(p machine.Proof) *Proof {
	if p.At.IsZero() {
		return nil
	}
	return &Proof{At: showTime(p.At), Key: p.Key, From: p.From, Phase: p.Phase}
}

func showContest(c machine.Contest) *Contest {
	if c.At.IsZero() {
		return nil
	}
	return &Contest{At: showTime(c.At), How: c.How, Key: c.Key, From: c.From}
}

func showFacts(f *machine.Facts) *Facts {
	if f == nil {
		return nil
	}
	return &Facts{
		Vendor: f.Vendor, Product: f.Product, Serial: f.Serial, SKU: f.SKU, BoardSerial: f.BoardSN, ChassisSerial: f.ChassisSN,
		Firmware: f.Firmware, Platform: f.Platform, SecureBoot: f.SecureBoot, Kernel: f.Kernel, Arch: f.Arch, CPU: f.CPU,
		Sockets: f.Sockets, Cores: f.Cores, Threads: f.Threads, MemoryBytes: f.Memory,
		DIMMs: each(f.DIMMs, func(d machine.DIMM) DIMM { return DIMM(d) }),
		Disks: each(f.Disks, showDisk), NICs: each(f.NICs, showPort),
		FirmwareVendor: f.FirmwareVendor, FirmwareDate: f.FirmwareDate, Board: f.Board, ChassisVendor: f.ChassisVendor, ChassisType: f.ChassisType,
		Asset: f.Asset, Microcode: f.Microcode, PCI: each(f.PCI, func(p machine.PCI) PCI { return PCI(p) }), BMC: f.BMC,
		BMCMode: f.BMCMode, BMCUsers: each(f.BMCUsers, func(u machine.BMCUser) BMCUser { return BMCUser(u) }), Missing: f.Missing,
	}
}

func showDisk(d machine.Disk) Disk {
	shown := Disk{
		Name: d.Name, Serial: d.Serial, WWN: d.WWN, Model: d.Model, Bytes: d.Bytes, Transport: d.Transport, Rotational: d.Rotational,
		RPM: d.RPM, Firmware: d.Firmware, Logical: d.Logical, Physical: d.Physical, PCI: d.PCI,
		Slot: d.Slot, Health: showHealth(&d),
	}
	for _, c := range d.Contents {
		shown.Contents = append(shown.Contents, Content(c))
	}
	return shown
}

func showHealth(d *machine.Disk) *DiskHealth {
	h := d.Health
	if h == nil {
		return nil
	}
	return &DiskHealth{
		Failing: d.Failing(), Source: h.Source, Hours: h.Hours, Celsius: h.Celsius, Used: h.Used, Spare: h.Spare, SpareLimit: h.SpareLimit,
		MediaErrors: h.MediaErrors, Reallocated: h.Reallocated, Pending: h.Pending, Uncorrectable: h.Uncorrectable,
	}
}

func showPort(p machine.Port) Port {
	return Port{
		Name: p.Name, MAC: p.MAC.String(), Driver: p.Driver, Link: p.Link, Mbps: p.Mbps,
		PermanentMAC: p.PermanentMAC.String(), Firmware: p.Firmware, PCI: p.PCI, ID: p.ID, TotalVFs: p.TotalVFs, VFs: p.VFs,
	}
}

func showChange(h machine.History) Change {
	return Change{
		ID: h.ID, At: h.At, From: string(h.From), To: string(h.To), Who: h.Who, Why: h.Why, Sentence: h.Sentence,
		Job: h.Job, Guards: filled(h.Guards),
	}
}

func showDiagnosis(d diagnosis.Diagnosis) Diagnosis {
	return Diagnosis{
		Fault: string(d.Fault), Level: level(d), Issue: string(issue.KindOf(&d)), Sentence: d.Sentence, Next: d.Action, Since: d.Since,
		Evidence: each(d.Evidence, func(e diagnosis.Evidence) Evidence { return Evidence(e) }),
	}
}

func level(d diagnosis.Diagnosis) string {
	if d.Suspected {
		return "suspected"
	}
	return "certain"
}

func showPath(p bootpath.Path) BootPath {
	return BootPath{
		At: p.At, Expected: each(p.Expected, func(s string) string { return s }), By: p.By,
		Steps: each(p.Steps, func(s bootpath.Step) BootPathStep { return BootPathStep(s) }), Verdict: string(p.Verdict), Why: p.Why,
	}
}

func showClock(c operate.Clock) *BootClock {
	if len(c.Stages) == 0 {
		return nil
	}
	shown := &BootClock{Kind: c.Kind, Peers: c.Peers}
	for _, s := range c.Stages {
		stage := BootStage{Name: s.Name, Seconds: s.Took.Seconds(), Open: s.Open, Tries: s.Tries}
		if s.Usual > 0 {
			usual := s.Usual.Seconds()
			stage.UsualSeconds = &usual
		}
		shown.Stages = append(shown.Stages, stage)
	}
	return shown
}

func showBoot(e operate.Explanation) Boot {
	r := e.Request
	shown := Boot{
		Request: BootRequest{
			MAC: r.MAC.String(), UUID: r.UUID, Serial: r.Serial, Arch: r.Arch, Platform: r.Platform, Stage: string(r.Stage), Subnet: r.Subnet,
		},
		Answer: BootAnswer{Target: cmp.Or(string(e.Answer.Target), "ignore"), Mode: string(e.Answer.Mode), Address: e.Answer.Address, Why: e.Answer.Why},
		Script: e.Script,
	}
	if e.Known.Machine != nil {
		shown.Machine = e.Known.Machine.Name
	}
	return shown
}
