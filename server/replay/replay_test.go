package replay

import (
	"strings"
	"testing"
	"time"

	"firstlight/server/boot"
	"firstlight/server/machine"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func world(p machine.Policy, rules ...*machine.Rule) World {
	return World{Subnets: map[string]*machine.Subnet{"lab": {Name: "lab", Mode: machine.ModeServer, Policy: p}}, Rules: rules}
}

func rule(match, image string) *machine.Rule {
	return &machine.Rule{Name: "web", Order: 1, Match: match, Accept: true, Site: "lon6", Role: "web", Image: image}
}

// asked is one of a boot's decisions.
func asked(n byte, status machine.Status) *boot.Record {
	r := &boot.Record{Request: boot.Request{MAC: machine.MAC{2, 0, 0, 0, 0, n}, UUID: "u" + string('0'+n), Subnet: "lab", Stage: boot.StageIPXE}, Status: status}
	if status != machine.Unknown {
		r.Machine = "m" + string('0'+n)
	}
	r.Answer = boot.Decide(r.Request, r.Known(), noon)
	return r
}

func compare(before, after World, records ...*boot.Record) *Diff {
	machines := map[string]*machine.Machine{
		"m1": {ID: "m1", Name: "ONE", Serial: "ONE", Status: machine.InUse, Facts: &machine.Facts{Cores: 32, Disks: []machine.Disk{{Serial: "D1"}}}},
		"m2": {ID: "m2", Name: "TWO", Serial: "TWO", Status: machine.InUse},
	}
	p := New(before, after, Facts{
		Machine:  func(id string) *machine.Machine { return machines[id] },
		ByMAC:    func(machine.MAC) *machine.Machine { return nil },
		Accepted: func(string, string) int { return 0 },
		Plan:     noPlan{},
		InUse: func(r boot.Request) string {
			if r.UUID == "u9" {
				return "NINE"
			}
			return ""
		},
	})
	for i, r := range records {
		p.Add(noon.Add(time.Duration(i)*time.Minute), r)
	}
	return p.Diff()
}

type noPlan struct{}

func (noPlan) HardwareType(string) *machine.HardwareType { return nil }
func (noPlan) Rack(string) *machine.Rack                 { return nil }
func (noPlan) Racked(string) bool                        { return false }

func TestWhatAChangeDoesToBoots(t *testing.T) {
	locked := world(machine.PolicyRegister)
	locked.Locked = map[string]bool{"m2": true}
	jumbo, others := world(machine.PolicyRegister), world(machine.PolicyRegister)
	mtu := []machine.Option{{Option: "mtu", Value: "9000"}}
	jumbo.Options = machine.NewOptionTable([]*machine.OptionSet{{Name: "jumbo", Options: mtu}})
	others.Options = machine.NewOptionTable([]*machine.OptionSet{{Name: "jumbo", Options: mtu, Match: "role=db"}})
	off := world(machine.PolicyRegister)
	off.Subnets["lab"] = &machine.Subnet{Name: "lab", Mode: machine.ModeOff}
	for _, tt := range []struct {
		name                   string
		before, after          World
		of                     *boot.Record
		changed, danger, never int
		says                   string
	}{
		{"the same world changes nothing", world(machine.PolicyRegister), world(machine.PolicyRegister), asked(3, machine.Unknown), 0, 0, 0, ""},
		{"a stranger is registered from now on", world(machine.PolicyObserve), world(machine.PolicyRegister), asked(3, machine.Unknown), 1, 0, 0, "its own disk → the agent, to register"},
		{"and installed, where a rule does so", world(machine.PolicyObserve, rule("subnet=lab", "debian-12")), world(machine.PolicyRegister, rule("subnet=lab", "debian-12")), asked(3, machine.Unknown), 1, 1, 0, "debian-12 is installed as web if its disks are empty"},
		{"which may not be where it is a machine in use", world(machine.PolicyObserve, rule("", "debian-12")), world(machine.PolicyRegister, rule("", "debian-12")), asked(9, machine.Unknown), 1, 1, 1, ""},
		{"a machine in use keeps its disk, whatever the subnet says", world(machine.PolicyObserve, rule("", "debian-12")), world(machine.PolicyRegister, rule("", "debian-12")), asked(1, machine.InUse), 0, 0, 0, ""},
		{"a subnet that is switched off answers nobody", world(machine.PolicyRegister), off, asked(1, machine.InUse), 1, 0, 0, "its own disk → no answer"},
		{"a rule that takes a machine which registered", world(machine.PolicyRegister), world(machine.PolicyRegister, rule("cores>=16", "debian-12")), asked(1, machine.Registered), 1, 1, 0, "then held: no-rule → the agent, to register; then debian-12 is installed as web"},
		{"a rule that does not match it", world(machine.PolicyRegister), world(machine.PolicyRegister, rule("cores>=64", "debian-12")), asked(1, machine.Registered), 0, 0, 0, ""},
		{"a rule that installs no more", world(machine.PolicyRegister, rule("", "debian-12")), world(machine.PolicyRegister, rule("", "")), asked(1, machine.Registered), 1, 0, 0, "debian-12 is installed as web → the agent, to register; then available at lon6"},
		{"DHCP options for all", world(machine.PolicyRegister), jumbo, asked(1, machine.InUse), 1, 0, 0, "its own disk → its own disk, with mtu=9000"},
		{"DHCP options for others", world(machine.PolicyRegister), others, asked(1, machine.InUse), 0, 0, 0, ""},
		{"a lock takes the agent's work away", world(machine.PolicyRegister), locked, asked(2, machine.Registered), 1, 0, 0, "the agent, to register → the agent, to idle"},
	} {
		d := compare(tt.before, tt.after, tt.of)
		says := ""
		for _, c := range d.Changes {
			says += c.Before + " → " + c.After
		}
		if d.Boots != 1 || d.Changed != tt.changed || d.Destructive != tt.danger || len(d.Forbidden()) != tt.never || !strings.Contains(says, tt.says) {
			t.Errorf("%s: %d of %d boots, %d destructive, %d forbidden, %q; want %d, %d, %d and %q", tt.name, d.Changed, d.Boots, d.Destructive, len(d.Forbidden()), says, tt.changed, tt.danger, tt.never, tt.says)
		}
	}
}

// Firmware, loader and script ask within a minute: that is one boot.
func TestABootAsksSeveralTimes(t *testing.T) {
	one := asked(3, machine.Unknown)
	d := compare(world(machine.PolicyObserve), world(machine.PolicyRegister), one, one, one, asked(4, machine.Unknown), asked(4, machine.Unknown), asked(5, machine.Unknown), one)
	if d.Decisions != 7 || d.Boots != 4 || d.Changed != 4 || len(d.Changes) != 3 || d.Changes[0].Boots != 2 {
		t.Errorf("%+v, want 7 decisions of 4 boots, all changed, by 3 machines of which the first booted twice", d)
	}
}
