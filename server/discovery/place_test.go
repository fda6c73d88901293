package discovery

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"firstlight/server/machine"
)

// planned is a plan of one site with a rack, lon6, and one without, lab.
type planned struct{ types []*machine.HardwareType }

func (p planned) HardwareType(name string) *machine.HardwareType {
	for _, t := range p.types {
		if t.Name == name {
			return t
		}
	}
	return nil
}

func (planned) Rack(name string) *machine.Rack {
	if name != "lon6-r12" {
		return nil
	}
	return &machine.Rack{Name: name, Site: "lon6", Units: 42}
}

func (planned) Racked(site string) bool { return site == "lon6" }

var highIO = &machine.HardwareType{Name: "high-io", Vendor: "dell", Cores: 64, Disks: []machine.DiskSpec{{Count: 2, Bytes: 400e9}}}

func TestSpecAndLocation(t *testing.T) {
	rules := []*machine.Rule{rule("metal", "vendor=dell", func(r *machine.Rule) { r.Site = "lon6" }), rule("racked", "vendor=hpe", func(r *machine.Rule) { r.Site, r.Rack = "lon6", "lon6-r12" }), rule("lab", "subnet=lab")}
	for _, tt := range []struct {
		name   string
		change func(*machine.Machine)
		reason string // empty: it is accepted
		says   string // of the sentence, or of the evidence
	}{
		{"nothing was declared, where there are no racks", func(m *machine.Machine) { m.Vendor = "Lab" }, "", "it has no hardware type, so that nothing was expected of it; the plan has no racks of site lab"},
		{"rack and unit are known", func(m *machine.Machine) { m.Rack, m.Unit = "lon6-r12", 7 }, "", "rack lon6-r12 unit 7"},
		{"no rack", func(m *machine.Machine) {}, ReasonNoPlace, "nobody said in which rack of site lon6 it stands; say where it stands, or let an admin waive it"},
		{"no unit", func(m *machine.Machine) { m.Rack = "lon6-r12" }, ReasonNoPlace, "nobody said at which unit of rack lon6-r12"},
		{"a rule that says the rack", func(m *machine.Machine) { m.Vendor = "HPE" }, "", "rack lon6-r12 by rule racked, at a unit that nobody said"},
		{"a rack that is not planned", func(m *machine.Machine) { m.Rack, m.Unit = "r13", 7 }, ReasonNoPlace, `rack "r13" is not in the plan`},
		{"a virtual machine stands nowhere", func(m *machine.Machine) { m.Kind = machine.Virtual }, "", "it is no hardware"},
		{"a rack of another site", func(m *machine.Machine) { m.Vendor, m.Rack, m.Unit = "Lab", "lon6-r12", 7 }, ReasonPlace, "its record says site lab, but the plan says that rack lon6-r12 is at site lon6"},
		{"not what its type says", func(m *machine.Machine) { m.Type, m.Rack, m.Unit = "high-io", "lon6-r12", 7 }, ReasonSpec, "not what hardware type high-io says: cores 32 instead of 64, disks of at least 400 GB 1 instead of 2; put the hardware right"},
		{"what its record says holds nothing up", func(m *machine.Machine) { m.Declared.Cores, m.Rack, m.Unit = 64, "lon6-r12", 7 }, "", "rack lon6-r12"},
		{"as its type says, but for what was not read", func(m *machine.Machine) {
			m.Type, m.Rack, m.Unit, m.Facts.Missing = "high-io", "lon6-r12", 7, []string{"cpus"}
			m.Facts.Vendor, m.Facts.Disks = "Dell", append(m.Facts.Disks, drive("D2"))
		}, "", "hardware type high-io, but for what could not be read: cpus"},
		{"a disk that fails", func(m *machine.Machine) {
			m.Type, m.Rack, m.Unit = "", "lon6-r12", 7
			m.Facts.Disks[0].Health = &machine.Health{Says: []string{"it predicts its own failure"}, Pending: 8}
		}, ReasonFailing, "disk D1 (nvme0n1) is failing: it predicts its own failure; its pending sectors are 8, and the limit is 0; replace it and check again, or let an admin waive it"},
		{"a type that is gone", func(m *machine.Machine) { m.Type, m.Rack, m.Unit = "high-oi", "lon6-r12", 7 }, ReasonSpec, `hardware type "high-oi" is not in the plan`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newcomer(drive("D1"))
			m.Facts.Vendor = "Dell"
			tt.change(m)
			k := Known{Subnet: "lab", Rules: rules, Plan: planned{[]*machine.HardwareType{highIO}}}
			v := Judge(m, k)
			says := v.Sentence
			if v.Accept {
				says = v.Evidence[machine.GuardSpec] + "; " + v.Evidence[machine.GuardLocation]
			}
			if v.Accept != (tt.reason == "") || v.Reason != tt.reason || !strings.Contains(says, tt.says) {
				t.Errorf("Judge = %v (%s) %s; want %q …%s…", v.Accept, v.Reason, says, tt.reason, tt.says)
			}
			if waived := Waive(m, k); !waived.Accept || len(waived.Waived) == 0 != v.Accept || waived.Rule == nil {
				t.Errorf("Waive = %+v", waived)
			}
		})
	}
}

func TestWhatIsNeverWaived(t *testing.T) {
	for reason, change := range map[string]func(*machine.Machine){
		ReasonSerial: func(m *machine.Machine) { m.Serial = "Default string" },
		ReasonDisks:  func(m *machine.Machine) { m.Owned = true },
	} {
		m := newcomer(drive("D1"))
		change(m)
		if v := Waive(m, Known{Subnet: "lab", Plan: planned{}}); v.Accept || v.Reason != reason || Waivable(reason) {
			t.Errorf("%s: Waive = %+v", reason, v)
		}
	}
	v := Waive(newcomer(drive("D1")), Known{Subnet: "lab", Plan: planned{}})
	if !v.Accept || v.Rule != nil || !strings.Contains(v.Waived[machine.GuardRule], "no rule accepts it") {
		t.Errorf("a machine that no rule takes: Waive = %+v", v)
	}
}

func TestEachRuleSaysWhy(t *testing.T) {
	rules := []*machine.Rule{
		rule("big", "subnet=lab cores>=64"), rule("full", "vendor=dell", limitOne), rule("hp", "vendor=hp or rack"), rule("not", "!(vendor=dell)"),
		rule("lab", "subnet=lab"), rule("suspect", "cores=32", holds),
	}
	k := Known{Subnet: "lab", Rules: rules, Accepted: func(string) int { return 1 }, Plan: planned{}}
	got := Try(newcomer(drive("D1")), k)
	var all []string
	for _, o := range got.Opinions {
		all = append(all, fmt.Sprintf("%s %v %v %s", o.Rule.Name, o.Matches, o.Decides, o.Why))
	}
	want := []string{
		"big false false cores is 32, not >=64",
		"full true false rule full matches, but has accepted its limit of machines",
		"hp false false vendor is Dell, not hp, and rack is not known",
		"not false false what must not be is: vendor is Dell",
		"lab true true accepts such machines",
		"suspect true false rule suspect holds such machines",
	}
	if !slices.Equal(all, want) || got.Verdict.Rule.Name != "lab" {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(all, "\n"), strings.Join(want, "\n"))
	}
}
