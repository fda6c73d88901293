package web

import (
	"context"
	"fmt"
	"log/slog"
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
	"firstlight/server/journal"
	"firstlight/server/lease"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/replay"
	"firstlight/server/trust"
)

// Data is what pages show. Reads come from memory and are cheap; values are
// read-only.
type Data interface {
	// Machines gives all of them by name; Select those that a selector picks.
	// Neither loads facts: Full does, for one machine.
	Machines() []*machine.Machine
	Select(context.Context, machine.Selector) ([]*machine.Machine, error)
	Full(context.Context, *machine.Machine) (*machine.Machine, error)
	Machine(ref string) (*machine.Machine, error)
	// Rack finds one of the plan, nil where there is none.
	Rack(name string) *machine.Rack
	// Plan gives a list of the plan by name, PlanOf one item of it. Rests names
	// what rests on an item, such as "machine C0MPUT3".
	Plan(machine.PlanKind) []machine.PlanItem
	PlanOf(machine.PlanRef) (machine.PlanItem, error)
	Rests(machine.PlanRef) []string
	Subnets() []*machine.Subnet
	Rules() []*machine.Rule
	Images() []*machine.Image
	Jobs(func(*machine.Job) bool) []*machine.Job
	Job(id string) (*machine.Job, error)
	OpenJob(machineID string) (*machine.Job, bool)
	Leases() []lease.Lease
	// Timeline gives newest first; before 0 is the newest.
	Timeline(ctx context.Context, machineID string, before int64, limit int) ([]journal.Event, error)
	Strangers() []journal.Event
	// Issues gives what asks for a person, the oldest first; IssuesOf the same
	// of one machine.
	Issues() []*machine.Issue
	IssuesOf(machineID string) []*machine.Issue
	// WaitsOf gives the gates before which a machine waits, the longest first.
	WaitsOf(machineID string) []*machine.Wait
	// HardwareType finds one of the plan, nil where there is none.
	HardwareType(name string) *machine.HardwareType
	// Deliveries gives all of them, the newest first; Delivery one, with how far
	// it has come and when its machines booted.
	Deliveries(context.Context) ([]*machine.Delivery, error)
	Delivery(ctx context.Context, name string) (*machine.Delivery, delivery.Standing, error)
	// Shown is what the last boot of a machine has shown.
	Shown(*machine.Machine) trust.Evidence
	// History gives a machine's changes of status, oldest first.
	History(ctx context.Context, machineID string) ([]Change, error)
	// Erases gives the jobs that erased disks of a machine, or tried to, newest first.
	Erases(ctx context.Context, machineID string) ([]*machine.Job, error)
	// Checks gives the checks of a machine, newest first, without their samples;
	// CheckRecord one with them.
	Checks(ctx context.Context, machineID string) ([]*machine.CheckRecord, error)
	CheckRecord(ctx context.Context, job string) (*machine.CheckRecord, error)
	Watch(room int) *journal.Watcher
}

// Actions is what people may ask for. The text of an error is shown to them; one
// that is a refusal names the field that is wrong.
type Actions interface {
	Install(ctx context.Context, who auth.User, name, image string) (*machine.Job, error)
	// Release gives a machine back: one that is held for the data on its
	// disks, or one that is in use. The typed name must be the machine's.
	Release(ctx context.Context, who auth.User, name, typed string) error
	Recheck(ctx context.Context, who auth.User, name string) error
	Waive(ctx context.Context, who auth.User, name, reason string) error
	// Power takes on, off or cycle. The typed name must be the machine's, where
	// the power of one in use is cut.
	Power(ctx context.Context, who auth.User, name, verb, typed string) error
	// Light takes on, off or blink.
	Light(ctx context.Context, who auth.User, name, verb string) error
	// TakeIssue is "I have this one"; over takes it from somebody else.
	TakeIssue(ctx context.Context, who auth.User, subject, kind string, over bool) error
	DropIssue(ctx context.Context, who auth.User, subject, kind string) error
	// AcceptPort makes where a machine was seen the plan.
	AcceptPort(ctx context.Context, who auth.User, name string) error
	// PassGate lets a machine go on without the answer that it waits for; AskGate
	// asks for it again.
	PassGate(ctx context.Context, who auth.User, name, gate, why string) error
	AskGate(ctx context.Context, who auth.User, name, gate string) error
	Lock(ctx context.Context, who auth.User, name, note string) error
	Unlock(ctx context.Context, who auth.User, name, note string) error
	// Thaw lets a machine go on that a restore froze.
	Thaw(ctx context.Context, who auth.User, name, why string) error
	Cancel(ctx context.Context, who auth.User, jobID string) error
	// Broken takes one of machine.BrokenReasons.
	Broken(ctx context.Context, who auth.User, name, reason, note string) error
	// Repair takes one of machine.Handlings for the disks.
	Repair(ctx context.Context, who auth.User, name, disks, note string) error
	Repaired(ctx context.Context, who auth.User, name, note string) error
	// Return gives a broken machine back to its owner.
	Return(ctx context.Context, who auth.User, name, note string) error
	// Retire takes a machine out of the fleet. The typed name must be its own.
	Retire(ctx context.Context, who auth.User, name, typed, note string) error
	// Erase has all disks of a machine erased; Unfence takes the fence from one whose
	// erase failed. The typed name must be its own.
	Erase(ctx context.Context, who auth.User, name, typed, note string) (*machine.Job, error)
	Unfence(ctx context.Context, who auth.User, name, typed, why string) error
	// AdoptBMC has the machine's agent make a user of ours on its BMC, or rotate its
	// password.
	AdoptBMC(ctx context.Context, who auth.User, name string, network *report.BMCNetwork) (*machine.Job, error)
	// Check has the hardware checked by some tests, none for all; 0 is as long as is
	// usual.
	Check(ctx context.Context, who auth.User, name string, long time.Duration, tests []string) (*machine.Job, error)
	// Undo takes back the last act of a person on a machine.
	Undo(ctx context.Context, who auth.User, name string) error
	// PutPlan adds or changes an item of the plan: version is the one that was
	// read, -1 where there was none.
	PutPlan(ctx context.Context, who auth.User, p machine.Plan, version int64) (machine.PlanItem, error)
	// DropPlan takes an item out of the plan, unless something rests on it.
	DropPlan(ctx context.Context, who auth.User, ref machine.PlanRef, version int64) error
	// PutRule adds or changes a rule and puts it at its place: Order counts from
	// 1, 0 is where it stands. found judges what is there (nil: nothing) before
	// anything is written, as in DropRule.
	PutRule(ctx context.Context, who auth.User, r *machine.Rule, found func(*machine.Rule) error) error
	DropRule(ctx context.Context, who auth.User, name string, found func(*machine.Rule) error) error
	// PutSubnet adds or changes a subnet; found is as in PutRule.
	PutSubnet(ctx context.Context, who auth.User, s *machine.Subnet, found func(*machine.Subnet) error) error
	// SetMachine changes what is declared, by the fields of package declare.
	SetMachine(ctx context.Context, who auth.User, name string, version int64, changes map[string]string) (*machine.Machine, error)
	// Bulk changes all machines that a selector picks, or none where one of them is
	// refused.
	Bulk(ctx context.Context, who auth.User, b Bulk) (all []BulkVerdict, written bool, err error)
	// Bring judges a list of machines that are expected and, unless it is a dry
	// run, writes it.
	Bring(ctx context.Context, who auth.User, l List) (*Brought, error)
	// CloseDelivery says that nothing more of a delivery comes.
	CloseDelivery(ctx context.Context, who auth.User, name, note string) error
	// SetBMC keeps how to log in to a BMC; the next log-in proves it.
	SetBMC(ctx context.Context, who auth.User, l oob.Login) error
}

// Insight answers what no record holds.
type Insight interface {
	// TryRules tells which rule a machine would get now, and why not the others.
	TryRules(ctx context.Context, name string) (*discovery.Trial, error)
	// Diff replays the boots of the last 30 days through a change that is not made
	// yet, and says whose answer it changes.
	Diff(ctx context.Context, who auth.User, p Proposal) (*replay.Diff, error)
	// Simulate says what a machine would be told if it booted from the network now,
	// with an error as far as it got; nil: not even a step.
	Simulate(ctx context.Context, c BootClient) (*Simulation, error)
	// Explain says what a machine would boot if it asked now, for which
	// request, and the lines of the answer (script or options).
	Explain(ctx context.Context, name string) (boot.Answer, boot.Request, []string, error)
	// Clock gives the stages of a machine's last boot beside what is usual, by
	// its newest events, and of how many machines of its kind the median is.
	Clock(ctx context.Context, m *machine.Machine, events []journal.Event) (stages []bootclock.Stage, peers int)
	// Paths tells of its last boots, newest first, what was expected and what was
	// seen.
	Paths(m *machine.Machine, events []journal.Event) []bootpath.Path
	// Diagnose says why a machine does not boot, by its newest events, newest
	// first; m is nil where nobody knows it.
	Diagnose(m *machine.Machine, events []journal.Event) []diagnosis.Diagnosis
	// Packets gives the last DHCP packets of a machine, or of a MAC that nobody
	// knows, the oldest first.
	Packets(ref string) ([]frame.Packet, error)
	// Options gives the sets of DHCP options that apply to a machine where it was
	// last, the nearest first.
	Options(ctx context.Context, ref string) ([]machine.AppliedSet, error)
	// OtherServers gives the DHCP servers that were heard beside ours.
	OtherServers() []machine.DHCPServer
	Health() []Check
	// Audit gives what a query picks.
	Audit(context.Context, auth.Query) ([]auth.Entry, error)
	// VerifyAudit walks the chain of the audit, with a head that was kept or with
	// the zero one.
	VerifyAudit(ctx context.Context, kept auth.ChainHead) (auth.Chain, error)
}

// Proposal is a change that is not made yet: one of its fields.
type Proposal struct {
	Rule     *machine.Rule // added or changed, and put at its place
	DropRule string
	Subnet   *machine.Subnet    // added or changed
	Options  *machine.OptionSet // added or changed
	Bulk     *Bulk
}

// Change is one change of a machine's status.
type Change = machine.History

// Check is how one part of the appliance is.
type Check struct {
	Name   string
	State  string // ok, degraded or failed
	Detail string
}

// Config is what a Site needs. All fields but Site must be set.
type Config struct {
	Data    Data
	Actions Actions
	Insight Insight
	States  States
	People  *auth.Service
	// PlanRole is the smallest role that changes a list of the plan.
	PlanRole func(machine.PlanKind) auth.Role
	Log      *slog.Logger
	Now      func() time.Time
	API      []byte // the OpenAPI document, for the page that people read
	Site     string // short name shown in the corner; may be empty
	Version  string // of the build
	DNS      string // address of our DNS server, for the dig line: host or host:port
	// Banner says what everybody must know on every page, "" for nothing; nil: never.
	Banner func() string
}

func (c Config) check() error {
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"Data", c.Data != nil},
		{"Actions", c.Actions != nil},
		{"Insight", c.Insight != nil},
		{"States", c.States != nil},
		{"People", c.People != nil},
		{"PlanRole", c.PlanRole != nil},
		{"Log", c.Log != nil},
		{"Now", c.Now != nil},
		{"API", c.API != nil},
	} {
		if !f.set {
			return fmt.Errorf("web configuration: %s is not set", f.name)
		}
	}
	return nil
}
