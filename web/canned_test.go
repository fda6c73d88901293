package web

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"firstlight/agent/report"
	"firstlight/server/auth"
	"firstlight/server/boot"
	"firstlight/server/bootclock"
	"firstlight/server/bootpath"
	"firstlight/server/delivery"
	"firstlight/server/diagnosis"
	"firstlight/server/discovery"
	"firstlight/server/frame"
	"firstlight/server/issue"
	"firstlight/server/journal"
	"firstlight/server/lease"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/replay"
	"firstlight/server/trust"
)

// canned is everything that pages show, in memory. It implements Data, Actions
// and Insight; what it was asked to do stands in asked.
type canned struct {
	hub journal.Hub

	mu       sync.Mutex
	machines []*machine.Machine
	jobs     []*machine.Job
	events   map[string][]journal.Event // newest first
	changes  map[string][]Change
	evidence trust.Evidence // of every machine
	asked    []string
	waits    map[string][]*machine.Wait
	taken    map[string]string           // who has the issues of a machine
	clashes  map[string][]*machine.Issue // that others share with a machine
	types    map[string]*machine.HardwareType

	racks     []*machine.Rack
	plan      []machine.PlanItem
	ordered   []*machine.Delivery
	subnets   []*machine.Subnet
	rules     []*machine.Rule
	images    []*machine.Image
	leases    []lease.Lease
	strangers []journal.Event
	checks    []Check
	entries   []auth.Entry
	queried   auth.Query // what the audit was asked last
	refuse    error      // what every action answers
	broken    error      // what reads from disk answer
}

// cannedNow is the present, so that the browser's clock agrees on ages.
var cannedNow = time.Now().UTC()

func at(back time.Duration) time.Time { return cannedNow.Add(-back) }

func (c *canned) Machines() []*machine.Machine {
	all, _ := c.Select(context.Background(), machine.Selector{})
	return all
}

func (c *canned) Select(_ context.Context, sel machine.Selector) ([]*machine.Machine, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var some []*machine.Machine
	for _, m := range c.machines {
		if sel.Match(m) {
			some = append(some, m)
		}
	}
	return some, nil
}

func (c *canned) Full(_ context.Context, m *machine.Machine) (*machine.Machine, error) { return m, nil }

func (c *canned) Machine(ref string) (*machine.Machine, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.machines {
		if m.Name == ref || m.ID == ref {
			return m, nil
		}
	}
	return nil, machine.ErrNotFound
}

// change replaces a machine by an edited copy and publishes that.
func (c *canned) change(name string, edit func(*machine.Machine)) {
	m, err := c.Machine(name)
	if err != nil {
		panic(err)
	}
	next := m.Clone()
	edit(next)
	c.mu.Lock()
	c.machines[slices.Index(c.machines, m)] = next
	c.mu.Unlock()
	c.hub.Publish(journal.Signal{Machine: next.ID})
}

func (c *canned) Rack(name string) *machine.Rack {
	if i := slices.IndexFunc(c.racks, func(r *machine.Rack) bool { return r.Name == name }); i >= 0 {
		return c.racks[i]
	}
	return nil
}

func (c *canned) Subnets() []*machine.Subnet { return c.subnets }
func (c *canned) Rules() []*machine.Rule     { return c.rules }
func (c *canned) Images() []*machine.Image   { return c.images }

func (c *canned) Jobs(sel func(*machine.Job) bool) (some []*machine.Job) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, j := range c.jobs {
		if sel(j) {
			some = append(some, j)
		}
	}
	return some
}

func (c *canned) Job(id string) (*machine.Job, error) {
	all := c.Jobs(func(j *machine.Job) bool { return j.ID == id })
	if len(all) == 0 {
		return nil, machine.ErrNotFound
	}
	return all[0], nil
}

func (c *canned) OpenJob(id string) (*machine.Job, bool) {
	all := c.Jobs(func(j *machine.Job) bool { return j.Machine == id && j.Status.Open() })
	if len(all) == 0 {
		return nil, false
	}
	return all[0], true
}

func (c *canned) Leases() []lease.Lease { return c.leases }

func (c *canned) Timeline(_ context.Context, id string, before int64, limit int) (some []journal.Event, err error) {
	if c.broken != nil {
		return nil, c.broken
	}
	for _, e := range c.events[id] {
		if (before == 0 || e.ID < before) && len(some) < limit {
			some = append(some, e)
		}
	}
	return some, nil
}

func (c *canned) Strangers() []journal.Event { return c.strangers }

// Issues are those that package issue finds by the records alone, since five
// minutes.
func (c *canned) Issues() []*machine.Issue {
	all := []*machine.Issue{}
	for _, m := range c.Machines() {
		all = append(all, c.IssuesOf(m.ID)...)
	}
	return all
}

func (c *canned) Shown(*machine.Machine) trust.Evidence { return c.evidence }

func (c *canned) IssuesOf(id string) (all []*machine.Issue) {
	m, err := c.Machine(id)
	if err != nil {
		return nil
	}
	findings, _ := issue.Find(&issue.Input{
		Machine: m, Now: cannedNow, Began: cannedNow, Open: func(machine.IssueKind) bool { return false },
		Others: &issue.Others{Subnet: func(*machine.Machine) (string, string) { return "", "" }},
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	all = append(all, c.clashes[m.ID]...)
	for _, f := range findings {
		if f.Kind != issue.Held && f.Kind != issue.BrokenMachine {
			continue
		}
		all = append(all, &machine.Issue{
			Kind: f.Kind, Subject: m.ID, Machine: m.ID, Name: m.Name, Sentence: f.Sentence, Evidence: f.Evidence,
			Since: at(5 * time.Minute), Taken: c.taken[m.ID], TakenAt: at(2 * time.Minute),
		})
	}
	return all
}

func (c *canned) HardwareType(name string) *machine.HardwareType { return c.types[name] }

func (c *canned) TakeIssue(_ context.Context, who auth.User, subject, kind string, over bool) error {
	return c.do(who.Name, "take", subject, kind, strconv.FormatBool(over))
}

func (c *canned) DropIssue(_ context.Context, who auth.User, subject, kind string) error {
	return c.do(who.Name, "drop", subject, kind)
}

func (c *canned) AcceptPort(_ context.Context, who auth.User, name string) error {
	return c.do(who.Name, "accept-port", name)
}

func (c *canned) History(_ context.Context, id string) ([]Change, error) {
	return slices.Clone(c.changes[id]), c.broken
}

func (c *canned) Watch(room int) *journal.Watcher { return c.hub.Watch(room) }

func (c *canned) do(what ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, strings.Join(what, " "))
	return c.refuse
}

func (c *canned) Install(_ context.Context, who auth.User, name, image string) (*machine.Job, error) {
	return &machine.Job{}, c.do(who.Name, "install", name, image)
}

func (c *canned) Release(_ context.Context, who auth.User, name, typed string) error {
	return c.do(who.Name, "release", name, typed)
}

func (c *canned) Recheck(_ context.Context, who auth.User, name string) error {
	return c.do(who.Name, "recheck", name)
}

func (c *canned) Waive(_ context.Context, who auth.User, name, reason string) error {
	return c.do(who.Name, "waive", name, reason)
}

func (c *canned) Power(_ context.Context, who auth.User, name, verb, _ string) error {
	return c.do(who.Name, "power", name, verb)
}

func (c *canned) Light(_ context.Context, who auth.User, name, verb string) error {
	return c.do(who.Name, "light", name, verb)
}

func (c *canned) Broken(_ context.Context, who auth.User, name, reason, note string) error {
	return c.do(who.Name, "broken", name, reason, note)
}

func (c *canned) Repair(_ context.Context, who auth.User, name, disks, note string) error {
	return c.do(who.Name, "repair", name, disks, note)
}

func (c *canned) Repaired(_ context.Context, who auth.User, name, note string) error {
	return c.do(who.Name, "repaired", name, note)
}

func (c *canned) Return(_ context.Context, who auth.User, name, note string) error {
	return c.do(who.Name, "return", name, note)
}

func (c *canned) Retire(_ context.Context, who auth.User, name, typed, note string) error {
	return c.do(who.Name, "retire", name, typed, note)
}

func (c *canned) Erase(_ context.Context, who auth.User, name, typed, note string) (*machine.Job, error) {
	return nil, c.do(who.Name, "erase", name, typed, note)
}

func (c *canned) Unfence(_ context.Context, who auth.User, name, typed, why string) error {
	return c.do(who.Name, "unfence", name, typed, why)
}

func (c *canned) Check(_ context.Context, who auth.User, name string, long time.Duration, tests []string) (*machine.Job, error) {
	return nil, c.do(who.Name, "check", name, long.String(), strings.Join(tests, " "))
}

// Checks gives one of the machine that is held.
func (c *canned) Checks(_ context.Context, id string) ([]*machine.CheckRecord, error) {
	if m, err := c.Machine("MQ0009"); err != nil || m.ID != id {
		return nil, c.broken
	}
	return []*machine.CheckRecord{aCheck()}, c.broken
}

func (c *canned) CheckRecord(context.Context, string) (*machine.CheckRecord, error) {
	return aCheck(), c.broken
}

func aCheck() *machine.CheckRecord {
	reads := func(serial string, is machine.Worth, says string, samples ...float64) machine.Finding {
		return machine.Finding{Is: is, Sentence: says, Figure: machine.Figure{
			Test: "disk-read", Metric: "rate", Part: serial, Model: "PM883", Unit: "MB/s", Value: samples[0], Samples: samples, Seconds: 180,
		}}
	}
	return &machine.CheckRecord{
		Job: "c1", Like: "type high-io", At: time.Date(2026, 11, 26, 17, 45, 0, 0, time.UTC), Seconds: 600, Tests: []string{"disk-read"}, Sentence: "disk S4X reads 52 MB/s; 11 like it read 480 to 530",
		Findings: []machine.Finding{
			reads("S4X", machine.Odd, "disk S4X reads 52 MB/s; 11 like it read 480 to 530", 52, 51, 54),
			reads("S4Y", machine.Well, "disk S4Y reads 500 MB/s; 11 like it read 480 to 530", 500, 499, 501),
		},
	}
}

func (c *canned) Erases(_ context.Context, id string) (all []*machine.Job, err error) {
	return c.Jobs(func(j *machine.Job) bool { return j.Machine == id && j.Erase != nil }), c.broken
}

func (c *canned) Undo(_ context.Context, who auth.User, name string) error {
	return c.do(who.Name, "undo", name)
}

func (c *canned) Lock(_ context.Context, who auth.User, name, note string) error {
	return c.do(who.Name, "lock", name, note)
}

func (c *canned) Unlock(_ context.Context, who auth.User, name, _ string) error {
	return c.do(who.Name, "unlock", name)
}

func (c *canned) Cancel(_ context.Context, who auth.User, job string) error {
	return c.do(who.Name, "cancel", job)
}

func (c *canned) Deliveries(context.Context) ([]*machine.Delivery, error) {
	return c.ordered, c.broken
}

func (c *canned) Delivery(_ context.Context, name string) (*machine.Delivery, delivery.Standing, error) {
	i := slices.IndexFunc(c.ordered, func(d *machine.Delivery) bool { return d.Name == name })
	if i < 0 {
		return nil, delivery.Standing{}, machine.ErrNotFound
	}
	s := delivery.Sort(c.ordered[i], c.Machines())
	s.First, s.Last = at(52*time.Minute), at(time.Minute)
	return c.ordered[i], s, c.broken
}

// Bring judges as the appliance does.
func (c *canned) Bring(_ context.Context, who auth.User, l List) (*Brought, error) {
	m, err := delivery.ParseMap(l.Map)
	if err != nil {
		return nil, err
	}
	read, err := delivery.Read(l.Text, m)
	if err != nil {
		return nil, err
	}
	fleet := delivery.Fleet{Machines: c.Machines(), Plan: map[machine.PlanRef]machine.Plan{}, Near: func(machine.PlanRef) string { return "" }, NewID: func() string { return "new" }}
	fleet.Plan[machine.PlanRef{Kind: machine.KindSite, Name: "lon6"}] = &machine.Site{Name: "lon6"}
	for _, r := range c.racks {
		fleet.Plan[machine.PlanRef{Kind: machine.KindRack, Name: r.Name}] = r
	}
	got := &Brought{Style: read.Style, Headings: read.Headings, Judgement: *delivery.Judge(fleet, delivery.Order{
		Lines: read.Lines, Delivery: l.Delivery, Site: l.Site, CreateRacks: l.Create, May: func(_, _ *machine.Machine) error { return nil },
	})}
	refused := got.Count(delivery.Refused)
	if got.Written = !l.DryRun && (refused == 0 || l.Partial); got.Written {
		return got, c.do(who.Name, "bring", l.Delivery, strconv.Itoa(len(got.Verdicts)-refused))
	}
	return got, nil
}

func (c *canned) CloseDelivery(_ context.Context, who auth.User, name, note string) error {
	return c.do(who.Name, "close", name, note)
}

func (c *canned) AdoptBMC(_ context.Context, who auth.User, name string, network *report.BMCNetwork) (*machine.Job, error) {
	how := "as it is"
	if network != nil {
		how = strings.TrimSpace(fmt.Sprint(network.DHCP, " ", network.Address, " ", network.Gateway))
	}
	return nil, c.do(who.Name, "adopt-bmc", name, how)
}

func (c *canned) SetBMC(_ context.Context, who auth.User, l oob.Login) error {
	return c.do(who.Name, "bmc", l.Serial, l.Address, l.User)
}

func (c *canned) WaitsOf(id string) []*machine.Wait {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.waits[id]
}

func (c *canned) PassGate(_ context.Context, who auth.User, name, gate, why string) error {
	return c.do(who.Name, "pass-gate", name, gate, why)
}

func (c *canned) AskGate(_ context.Context, who auth.User, name, gate string) error {
	return c.do(who.Name, "ask-gate", name, gate)
}

func (c *canned) Thaw(_ context.Context, who auth.User, name, why string) error {
	return c.Unlock(context.Background(), who, name, why)
}

func (c *canned) TryRules(_ context.Context, name string) (*discovery.Trial, error) {
	m, err := c.Machine(name)
	if err != nil {
		return nil, err
	}
	return discovery.Try(m, discovery.Known{Subnet: "lab", Rules: c.rules, Accepted: func(string) int { return 0 }, Plan: noPlan{}}), nil
}

type noPlan struct{}

func (noPlan) HardwareType(string) *machine.HardwareType { return nil }
func (noPlan) Rack(string) *machine.Rack                 { return nil }
func (noPlan) Racked(string) bool                        { return false }

func (c *canned) Explain(_ context.Context, name string) (boot.Answer, boot.Request, []string, error) {
	m, err := c.Machine(name)
	if err != nil {
		return boot.Answer{}, boot.Request{}, nil, err
	}
	k := boot.Known{Machine: m}
	k.Job, _ = c.OpenJob(m.ID)
	r := boot.Request{MAC: m.BootMAC(), Arch: 7, Platform: "efi", Stage: boot.StageIPXE, Subnet: "boot"}
	return boot.Decide(r, k, cannedNow), r, []string{"#!ipxe", "kernel http://10.80.12.1/boot/amd64/vmlinuz initrd=agent.img", "boot"}, nil
}

// Diff finds one boot in 8,212 that a rule or a subnet of the name "wide" changes.
func (c *canned) Diff(_ context.Context, _ auth.User, p Proposal) (*replay.Diff, error) {
	d, name := &replay.Diff{Boots: 8212, Decisions: 24636}, ""
	switch {
	case p.Rule != nil:
		name = p.Rule.Name
	case p.Subnet != nil:
		name = p.Subnet.Name
	case p.Bulk != nil && p.Bulk.Lock != nil:
		name = "wide"
	case p.Options != nil:
		name = p.Options.Name
	}
	if strings.HasPrefix(name, "wide") {
		d.Changed = 1
		d.Changes = []replay.Change{{MAC: machine.MAC{2, 0, 0, 0, 0, 7}, Subnet: "lab", Before: "its own disk", After: "the agent, to register", Boots: 1, Last: cannedNow}}
		if name == "wide-forbidden" {
			d.Destructive, d.Changes[0].Destructive, d.Changes[0].InUse = 1, true, "MQ0012"
		}
	}
	return d, nil
}

func (c *canned) Simulate(ctx context.Context, b BootClient) (*Simulation, error) {
	if b.Subnet == "nowhere" {
		return nil, fmt.Errorf("subnet %q: there is no such subnet", b.Subnet)
	}
	told := &Simulation{
		Steps:  []BootStep{{"DISCOVER of UEFI x64", "snponly.efi by TFTP from 10.80.12.1"}, {"DISCOVER of iPXE on UEFI x64", "http://10.80.12.1/boot/entry.ipxe"}},
		Answer: &boot.Answer{Target: boot.Agent, Mode: boot.ModeRegister, Why: "it is not known"}, Lines: []string{"#!ipxe", "boot"},
	}
	if b.Ref != "" { // whom no set is for, else
		told.Options, _ = c.Options(ctx, b.Ref)
	}
	return told, nil
}

// cannedServer answers where it should not, and is called what a stranger likes.
var cannedServer = machine.DHCPServer{
	Address: netip.MustParseAddr("10.80.12.9"), MAC: machine.MAC{0x52, 0x54, 0, 0x12, 0x34, 0x99}, Interface: "eth1", Subnet: "boot",
	First: cannedNow.Add(-time.Minute), Last: cannedNow.Add(-3 * time.Second), Count: 3, Client: machine.MAC{0x52, 0x54, 0, 0x12, 0x34, 0x56},
	Offered: netip.MustParseAddr("10.80.12.30"), File: `pxelinux.0"><script>x()</script>`,
}

func (c *canned) OtherServers() []machine.DHCPServer {
	if len(c.machines) == 0 {
		return nil
	}
	return []machine.DHCPServer{cannedServer}
}

func (c *canned) Options(_ context.Context, ref string) ([]machine.AppliedSet, error) {
	mtu := machine.Option{Option: "mtu", Value: "9000"}
	return []machine.AppliedSet{
		{Name: "storage", Options: []machine.AppliedOption{{Option: mtu, Code: 26}}},
		{Name: "site", Options: []machine.AppliedOption{{Option: machine.Option{Option: "mtu", Value: "1500"}, Code: 26, By: "storage"}, {Option: machine.Option{Option: "ntp-servers", Value: "10.80.0.3"}, Code: 42}}},
	}, nil
}

func (c *canned) Packets(ref string) ([]frame.Packet, error) {
	if _, err := c.Machine(ref); err != nil && ref != cannedServer.Client.String() {
		return nil, err
	}
	return []frame.Packet{
		{At: cannedNow.Add(-3 * time.Second), From: netip.MustParseAddrPort("0.0.0.0:68"), To: netip.MustParseAddrPort("255.255.255.255:67"), Text: "DISCOVER, class <script>x()</script>"},
		{At: cannedNow.Add(-2 * time.Second), From: netip.MustParseAddrPort("10.80.12.9:67"), To: netip.MustParseAddrPort("255.255.255.255:68"), Text: "OFFER, gives 10.80.12.30, server 10.80.12.9"},
	}, nil
}

// Clock has a median of three machines, the firmware's alone.
func (c *canned) Clock(_ context.Context, m *machine.Machine, events []journal.Event) ([]bootclock.Stage, int) {
	all := bootclock.Of(events, cannedNow, group(m.Status) == "work")
	for i := range all {
		if all[i].Name == "firmware" {
			all[i].Usual = 95 * time.Second
		}
	}
	return all, 3
}

func (c *canned) Paths(m *machine.Machine, events []journal.Event) []bootpath.Path {
	return bootpath.Of(events, m.Observed.BootOrder, cannedNow)
}

func (c *canned) Diagnose(m *machine.Machine, events []journal.Event) []diagnosis.Diagnosis {
	return diagnosis.Of(&diagnosis.Input{Now: cannedNow, Machine: m, Events: events})
}

func (c *canned) Health() []Check { return c.checks }

func (c *canned) Audit(_ context.Context, q auth.Query) ([]auth.Entry, error) {
	c.queried = q
	return c.entries, c.broken
}

func (c *canned) VerifyAudit(_ context.Context, kept auth.ChainHead) (auth.Chain, error) {
	chain := auth.Chain{Rows: int64(len(c.entries)), First: 1, Head: auth.ChainHead{ID: int64(len(c.entries)), Hash: strings.Repeat("9f3c", 16)}}
	if kept.ID != 0 && kept != chain.Head {
		chain.Broken, chain.Why = kept.ID, "the head that was kept is not there"
	}
	return chain, c.broken
}

// full is a site with 23 machines, one at least in every status.
func full() *canned {
	c := &canned{events: map[string][]journal.Event{}, changes: map[string][]Change{}}
	for i := range 23 {
		c.machines = append(c.machines, cannedMachine(i))
	}
	for i, s := range machine.Statuses() {
		c.machines[i+7].Status = s
	}
	dressUp(c)
	cannedRack(c)
	cannedJobs(c)
	cannedNetwork(c)
	cannedPlan(c)
	for id, rows := range c.events {
		c.events[id] = slices.Insert(rows, 0, cannedLog(rows[0].At))
	}
	return c
}

// cannedLog is the row of an agent's log, with more and longer lines than are shown.
func cannedLog(at time.Time) journal.Event {
	lines := make([]string, 0, 45)
	for i := range 40 {
		lines = append(lines, fmt.Sprintf("[    1.%03d] module loaded name=driver%d", 31*i%1_000, i))
	}
	lines = append(lines, "[    1.204] link up nic=eth0 mbps=10000", "[    2.910] "+strings.Repeat("long ", 60), "[    3.101] reported name=MQ0012 status=held disks=4 nics=2")
	return journal.Event{
		ID: 9000, At: at, Source: journal.Log, Text: "The agent's log: reported name=MQ0012 status=held disks=4 nics=2",
		Details: map[string]string{journal.DetailLog: strings.Join(lines, "\n"), "lines": strconv.Itoa(len(lines))},
	}
}

func cannedMachine(i int) *machine.Machine {
	name := fmt.Sprintf("MQ%04d", i)
	m := &machine.Machine{
		ID: fmt.Sprintf("0190-%04d", i), Name: name, Kind: machine.Virtual, Serial: name,
		UUID: fmt.Sprintf("9f3c1d00-0000-4000-8000-%012d", i), Vendor: "QEMU", Product: "Standard PC (Q35 + ICH9, 2009)",
		Status: machine.InUse, Since: at(time.Duration(i) * time.Minute), Site: "lon6", Rack: "r12", Unit: i + 1, Role: "web",
		Hostname: fmt.Sprintf("lon6-web-%d", i), Image: "debian-12", Rule: "lab-light", Owner: "search-infra", Owned: true,
		NICs:     []machine.NIC{{Name: "eth0", MAC: machine.MAC{0x52, 0x54, 0, 0, 1, byte(i)}, Address: netip.AddrFrom4([4]byte{10, 80, 12, byte(20 + i)}), Boot: true}},
		BMC:      machine.BMC{Type: "redfish", Address: fmt.Sprintf("10.9.12.%d", 20+i), Proven: true, Firmware: "1.4"},
		Observed: machine.Observed{Power: "on", BootAt: at(4 * time.Minute), BootAnswer: "disk", CallAt: at(time.Second), HomeAt: at(2 * time.Minute)},
		Facts: &machine.Facts{
			Vendor: "QEMU", Product: "Standard PC (Q35 + ICH9, 2009)", Firmware: "edk2-stable202511", Platform: "efi", Kernel: "6.12.57+deb13-amd64", Arch: "amd64",
			Sockets: 2, Cores: 24, Threads: 48, CPU: "Intel Xeon E5-2690 v3", Memory: 256 << 30, BMC: true,
			DIMMs:   append(slices.Repeat([]machine.DIMM{{Slot: "A1", Bytes: 16 << 30, Type: "DDR4", MTs: 2666, Vendor: "Samsung", Part: "M393A2K40CB2", Serial: "41D07A12"}}, 16), machine.DIMM{Slot: "B1", Empty: true}),
			Disks:   []machine.Disk{{Name: "nvme0n1", Serial: "S4EVNF0M31", Model: "SAMSUNG MZQLB1T9HAJR", Bytes: 1_920_383_410_176, Transport: "nvme", WWN: "eui.0025385b71b0a7a1", Firmware: "EDA5202Q", Logical: 512, Physical: 512, PCI: "0000:3b:00.0"}},
			NICs:    []machine.Port{{Name: "eth0", MAC: machine.MAC{0x52, 0x54, 0, 0, 1, byte(i)}, Driver: "virtio_net", Link: true, Mbps: 25000}},
			PCI:     []machine.PCI{{Address: "0000:3b:00.0", Class: "010400", ID: "1000:005d", Subsystem: "1028:1f49", Driver: "megaraid_sas"}},
			Missing: []string{"dimm B2"},
		},
		CreatedAt: at(time.Hour),
	}
	return m
}

// free takes what only an owned machine has.
func free(m *machine.Machine) {
	m.Owner, m.Owned, m.Hostname, m.Image, m.Role = "", false, "", "", ""
	m.Observed.HomeAt = time.Time{}
}

// dressUp makes the statuses look as they do.
func dressUp(c *canned) {
	for _, m := range c.machines {
		switch m.Status {
		case machine.Expected:
			free(m)
			m.Facts, m.Observed, m.BMC, m.NICs = nil, machine.Observed{}, machine.BMC{}, nil
		case machine.Registered, machine.Available:
			free(m)
			m.Observed.Waits = "The agent waits for an order."
		case machine.Held:
			free(m)
			m.Observed.Light = "blinking"
			m.Reason, m.Sentence = discovery.ReasonDisks, "nvme0n1 has an ext4 file system 'pgdata', 412 GB used; release it by name."
			m.Facts.Disks[0].Contents = []machine.Content{
				{Device: "nvme0n1", Kind: "partition-table", Type: "gpt"},
				{Device: "nvme0n1p1", Kind: "filesystem", Type: "ext4", Label: "pgdata", Used: 412e9, Bytes: 1_900e9},
			}
		case machine.Installing:
			m.Observed.Waits, m.Observed.Progress, m.Observed.BootAnswer = "Writing debian-12 to S4EVNF0M31, 11.9 of 19.5 GB.", 0.61, "agent"
		case machine.Configuring, machine.Recycling:
			m.Observed.Progress = 0.3
		case machine.Broken:
			m.Reason, m.Sentence = "oob", "Its BMC refuses every log-in: 401 Unauthorized from https://10.9.12.36/redfish/v1/Sessions."
			m.BMC.Proven, m.BMC.Failed = false, "401 Unauthorized"
		}
	}
	c.machines[21].Unit, c.machines[21].Rack = 0, ""
	c.machines[21].Name = "A-VERY-LONG-SERIAL-NUMBER-THAT-SOME-VENDOR-WROTE-0000000000000001"
	c.machines[21].Hostname = "lon6-a-role-with-a-remarkably-long-name-11"
	c.machines[22].Unit = 0
	before := c.machines[22].Undoes("lock", "tech", "locked it", "unlocks it", at(time.Minute))
	c.machines[22].Flags = machine.Flags{Locked: true, LockNote: "disk swap on Monday"}
	c.machines[22].Undo = before
	c.machines[22].Version++
}

// cannedRack gives the machines heights, faces and ports.
func cannedRack(c *canned) {
	c.racks = []*machine.Rack{{Name: "r12", Site: "lon6", Room: "hall-2", Units: 42}, {Name: "r99", Site: "lon6", Units: 12}}
	c.ordered = []*machine.Delivery{
		{Name: "2026-1140", Site: "lon6", Lines: 9, CreatedBy: "tech", CreatedAt: at(3 * time.Hour)},
		{Name: "2026-0971", Site: "lon6", Lines: 14, CreatedBy: "root", CreatedAt: at(40 * 24 * time.Hour), ClosedBy: "root", ClosedAt: at(31 * 24 * time.Hour)},
	}
	for i, m := range c.machines {
		if m.Delivery = "2026-0971"; i >= 7 && i < 16 {
			m.Delivery = "2026-1140"
		}
		for n := range m.NICs {
			m.NICs[n].Switch, m.NICs[n].Port = "sw3", fmt.Sprint(i+1)
		}
	}
	c.machines[0].Face, c.machines[2].Face = machine.Rear, machine.Front
	c.machines[20].Unit, c.machines[20].Height = 24, 3
}

func cannedJobs(c *canned) {
	m := c.machines[12] // installing
	steps := []machine.Step{
		{Name: "boot device to network", Status: machine.StepDone, Attempt: 1, StartedAt: at(160 * time.Second), EndedAt: at(159 * time.Second)},
		{Name: "power", Status: machine.StepDone, Attempt: 2, Error: "", Note: "the first reset had no effect", StartedAt: at(159 * time.Second), EndedAt: at(157 * time.Second)},
		{Name: "wait for the boot request", Status: machine.StepDone, Attempt: 1, StartedAt: at(157 * time.Second), EndedAt: at(62 * time.Second)},
		{Name: "wait for the agent", Status: machine.StepDone, Attempt: 1, StartedAt: at(62 * time.Second), EndedAt: at(24 * time.Second)},
		{Name: "write", Status: machine.StepRunning, Attempt: 1, StartedAt: at(24 * time.Second), Deadline: cannedNow.Add(29 * time.Minute)},
		{Name: "reboot", Status: machine.StepWaiting},
		{Name: "wait for the call home", Status: machine.StepWaiting},
	}
	open := &machine.Job{
		ID: "13fd7feb-95ae-4b0c-b6ff-1f8d1b3ab9c1", Action: machine.ActionInstall, Status: machine.JobStarted, Target: "hardwarename=" + m.Name,
		Params: map[string]string{"image": "debian-12", "disk": "S4EVNF0M31"}, Requester: "negz", User: "root", CreatedAt: at(161 * time.Second), Machine: m.ID, Attempt: 1, Steps: steps,
		Token: machine.Token{RedeemedAt: at(23 * time.Second)},
	}
	failed := &machine.Job{
		ID: "77aa0c22-0000-4b0c-b6ff-1f8d1b3ab9c1", Action: machine.ActionInstall, Status: machine.JobFailed, Target: "hardwarename=MQ0016", Machine: c.machines[16].ID,
		Result: "wait for the boot request: no boot request within 10m0s after the BMC accepted the reset", User: "root", CreatedAt: at(3 * time.Hour), EndedAt: at(2 * time.Hour), Attempt: 3,
		Steps: []machine.Step{{Name: "power", Status: machine.StepDone}, {Name: "wait for the boot request", Status: machine.StepFailed, Attempt: 3, Error: "no boot request within 10m0s"}},
	}
	done := &machine.Job{ID: "88bb0c22-0000-4b0c-b6ff-1f8d1b3ab9c1", Action: machine.ActionInstall, Status: machine.JobFinished, Machine: c.machines[0].ID, User: "rule lab-light", CreatedAt: at(time.Hour), EndedAt: at(50 * time.Minute)}
	c.jobs = []*machine.Job{failed, done, open}
	for _, i := range []int{0, 1, 2, 12} {
		c.events[c.machines[i].ID] = cannedEvents(i == 12)
		c.changes[c.machines[i].ID] = cannedChanges(c.machines[i], i == 12)
	}
}

// cannedEvents is an install, newest first; an ended one reaches the call home.
func cannedEvents(open bool) []journal.Event {
	all := []journal.Event{
		{At: at(166 * time.Second), Source: journal.People, Text: "Install asked for", Who: "negz"},
		{At: at(165 * time.Second), Source: journal.Job, Text: "install started", Who: "negz"},
		{At: at(164 * time.Second), Source: journal.BMC, Text: "Power on", Duration: 1900 * time.Millisecond},
		{At: at(69 * time.Second), Source: journal.DHCP, Text: "DISCOVER → OFFER → REQUEST → ACK 10.80.12.32", Duration: 3100 * time.Millisecond},
		{At: at(66 * time.Second), Source: journal.Files, Text: "TFTP snponly.efi, 1468-byte blocks", Bytes: 285_000, Duration: 200 * time.Millisecond},
		{At: at(65 * time.Second), Source: journal.Boot, Text: "Decided the agent, install: it is installing by job 13fd7feb", Details: map[string]string{"inputs": `{"mac":"52:54:00:00:01:0c","arch":7,"stage":"ipxe"}`, "answer": "agent install"}, Count: 3, LastAt: at(64 * time.Second)},
		{At: at(64800 * time.Millisecond), Source: journal.Files, Text: "GET vmlinuz → 200", Bytes: 8_200_000, Duration: 400 * time.Millisecond},
		{At: at(63 * time.Second), Source: journal.Files, Text: "GET agent.img → 200", Bytes: 15_300_000, Duration: 900 * time.Millisecond},
		{At: at(28 * time.Second), Source: journal.Agent, Text: "Reported 3.1 s after kernel start: 24 cores, 275 GB memory, 1 disk, 1 interface"},
		{At: at(24 * time.Second), Source: journal.Agent, Text: "Redeemed the install token; plan accepted: write debian-12 to disk S4EVNF0M31, 1.9 TB"},
	}
	if !open {
		all = append(all,
			journal.Event{At: at(12 * time.Second), Source: journal.Agent, Text: "Image hashed; verifies the disk", Bytes: 19_500_000_000, Duration: 14 * time.Second},
			journal.Event{At: at(10 * time.Second), Source: journal.Status, Text: "installing → configuring: image written", Who: "agent"},
			journal.Event{At: at(time.Second), Source: journal.System, Text: "Called home as lon6-web-0"})
	}
	for i := range all {
		all[i].ID = int64(i + 1)
	}
	slices.Reverse(all)
	return all
}

func cannedChanges(m *machine.Machine, open bool) []Change {
	all := []Change{
		{ID: 1, At: at(27 * time.Second), To: machine.Registered, Who: "agent", Why: "the agent reported", Guards: []string{"passed:identity (serial and UUID)"}},
		{ID: 2, At: at(26 * time.Second), From: machine.Registered, To: machine.Available, Who: "discovery", Why: "all checks passed", Guards: []string{"passed:rule-matched (rule lab-light)", "not-checked:burn-in", "not-checked:spec-matches"}},
		{ID: 3, At: at(25 * time.Second), From: machine.Available, To: machine.Allocated, Who: "negz", Why: "a request or a rule", Sentence: "for role web as " + m.Hostname},
		{ID: 4, At: at(24 * time.Second), From: machine.Allocated, To: machine.Installing, Who: "job 13fd7feb", Why: "the install job started"},
	}
	if !open {
		all = append(all, Change{ID: 5, At: at(time.Second), From: machine.Configuring, To: machine.InUse, Who: "job 88bb0c22", Why: "the installed system came up", Guards: []string{"not-checked:puppet"}})
	}
	return all
}

func cannedNetwork(c *canned) {
	c.subnets = []*machine.Subnet{
		{
			Name: "boot", Prefix: netip.MustParsePrefix("10.80.12.0/24"), Site: "lon6", Domain: "lon6.example.net", Mode: "server", Policy: machine.PolicyRegister,
			Ranges: []machine.Range{{First: netip.MustParseAddr("10.80.12.100"), Last: netip.MustParseAddr("10.80.12.199")}}, Lease: time.Hour,
		},
		{Name: "office", Prefix: netip.MustParsePrefix("192.168.7.0/24"), Site: "lon6", Mode: "off", Policy: machine.PolicyObserve, Gateway: netip.MustParseAddr("192.168.7.1")},
	}
	c.rules = []*machine.Rule{
		{Name: "lab-light", Order: 10, Match: "vendor=Light* subnet=boot", Accept: true, Site: "lon6", Rack: "r12", Limit: 20},
		{Name: "lab-metal", Order: 20, Match: "subnet=boot", Accept: true, Site: "lon6", Rack: "r12", Role: "web", Image: "debian-12", Limit: 2},
		{Name: "rest", Order: 30, Match: "", Accept: false},
	}
	c.images = []*machine.Image{
		{Name: "debian-12", Arch: "amd64", Compressed: 212_000_000, Bytes: 1_100_000_000, SHA256: strings.Repeat("9f3c", 16), AddedAt: at(48 * time.Hour)},
		{Name: "debian-13-arm", Arch: "arm64", Compressed: 222_000_000, Bytes: 1_200_000_000, SHA256: strings.Repeat("77aa", 16), AddedAt: at(24 * time.Hour)},
	}
	for i := range 8 {
		c.leases = append(c.leases, lease.Lease{
			Address: netip.AddrFrom4([4]byte{10, 80, 12, byte(20 + i)}), MAC: machine.MAC{0x52, 0x54, 0, 0, 1, byte(i)}, Subnet: "boot",
			State: lease.Bound, Reserved: i%2 == 0, Hostname: "debian", ExpiresAt: cannedNow.Add(time.Duration(i-1) * time.Hour),
		})
	}
	c.strangers = []journal.Event{
		{At: at(time.Minute), MAC: machine.MAC{0xa4, 0xbb, 0x6d, 0, 0, 1}, Source: journal.DHCP, Text: "DISCOVER, UEFI x64, on office: recorded and sent on", Count: 14},
		{At: at(time.Hour), MAC: machine.MAC{0xa4, 0xbb, 0x6d, 0, 0, 2}, Source: journal.DHCP, Text: "DISCOVER, BIOS, on office: recorded and sent on"},
	}
	c.checks = []Check{
		{"DHCP", "ok", "answers on 10.80.12.1:67, 0.4 ms in the middle"},
		{"database", "ok", "schema 3, 1.2 MB, last write 0.8 s ago"},
		{"image folder", "degraded", "91 % full: 4.1 GB left of 48 GB"},
		{"BMC network", "failed", "no BMC of 3 answered within 5 s"},
	}
	c.entries = []auth.Entry{
		{ID: 4, At: at(time.Minute), Who: "negz", Token: "3f1c0f6f2b10", Address: "127.0.0.1", What: "install", Object: "MQ0012", After: "image debian-12 on disk S4EVNF0M31", Note: "acting on another team's machine: its owner is search"},
		{ID: 3, At: at(30 * time.Minute), Who: "root", Address: "127.0.0.1", What: "write subnet", Object: "lon6-boot", Before: `{"domain":"lon6.example","policy":"observe"}`, After: `{"domain":"lon6.example.net","policy":"register"}`},
		{ID: 2, At: at(time.Hour), Who: "root", Address: "127.0.0.1", What: "log in"},
		{ID: 1, At: at(2 * time.Hour), Address: "198.51.100.7", What: "log in failed"},
	}
}
