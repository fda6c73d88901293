package delivery

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/machine"
)

func nowhere(machine.PlanRef) string { return "" }

func counter() func() string {
	n := 0
	return func() string { n++; return fmt.Sprintf("new-%d", n) }
}

var arrivedAt = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// fleet has machines that stand in one rack: one seen, one expected, and one
// that was seen and has a name of its MAC only.
func fleet() Fleet {
	f := Fleet{NewID: counter(), Images: map[string]bool{"debian-12": true}, Plan: map[machine.PlanRef]machine.Plan{}, Near: func(r machine.PlanRef) string {
		if r.Kind == machine.KindRack {
			return "lon6-r12"
		}
		return ""
	}}
	for _, p := range []machine.Plan{
		&machine.Site{Name: "lon6"}, &machine.Rack{Name: "lon6-r12", Site: "lon6", Units: 20}, &machine.HardwareType{Name: "high-io"}, &machine.Role{Name: "db"},
	} {
		f.Plan[machine.PlanRef{Kind: p.Kind(), Name: p.Key()}] = p
	}
	f.Machines = []*machine.Machine{
		{
			ID: "1", Name: "SEEN", Serial: "SEEN", Status: machine.Available, ReportedAt: arrivedAt, Site: "lon6", Rack: "lon6-r12", Unit: 1, Version: 3,
			NICs: []machine.NIC{{Name: "eth0", MAC: machine.MAC{2, 0, 0, 0, 0, 1}}}, BMC: machine.BMC{MAC: machine.MAC{2, 0, 0, 0, 1, 1}, Address: "10.0.0.1"},
		},
		{
			ID: "2", Name: "DUE", Serial: "DUE", Status: machine.Expected, Site: "lon6", Rack: "lon6-r12", Unit: 2, Version: 1,
			NICs: []machine.NIC{{MAC: machine.MAC{2, 0, 0, 0, 0, 2}}},
		},
		{
			ID: "4", Name: "MAC-020000000004", Serial: "Default string", Status: machine.Available, ReportedAt: arrivedAt, Site: "lon6", Rack: "lon6-r12", Unit: 15, Version: 2,
			NICs: []machine.NIC{{Name: "eth0", MAC: machine.MAC{2, 0, 0, 0, 0, 4}}},
		},
		{ID: "3", Name: "GONE", Serial: "GONE", Status: machine.Retired},
	}
	return f
}

func judged(t *testing.T, o Order, list string) *Judgement {
	t.Helper()
	l, err := Read([]byte(list), nil)
	if err != nil {
		t.Fatal(err)
	}
	o.Lines = l.Lines
	return Judge(fleet(), o)
}

func TestEachLineHasItsVerdict(t *testing.T) {
	for _, tt := range []struct {
		name, list string
		order      Order
		want       Result // of the last line
		says       string // part of its first fault or change
	}{
		{"a new machine", "serial,rack,unit\nN1,lon6-r12,9", Order{}, New, ""},
		{"a rack as people write it", "serial,site,rack,unit\nN1,lon6,R12,9", Order{}, New, ""},
		{"nothing to do", "serial,rack,unit\nDUE,lon6-r12,2", Order{}, Unchanged, ""},
		{"a change", "serial,unit\nDUE,5", Order{}, Update, "{unit 2 5}"},
		{"what a machine was found with may be said again", "serial,nic1_mac,bmc_mac\nSEEN,02:00:00:00:00:01,02:00:00:00:01:01", Order{}, Unchanged, ""},
		{"cabling of what was found", "serial,nic1_switch,nic1_port\nSEEN,sw3,23", Order{}, Update, "sw3 23"},
		{"a bad MAC", "serial,nic1_mac\nN1,zz", Order{}, Refused, `nic1_mac "zz": want six pairs`},
		{"a group address", "serial,nic1_mac\nN1,01:00:5e:00:00:01", Order{}, Refused, "nic1_mac"},
		{"a MAC of another line", "serial,nic1_mac\nN1,02:00:00:00:00:09\nN2,02:00:00:00:00:09", Order{}, Refused, `nic1_mac "02:00:00:00:00:09": line 2 gives it, too`},
		{"a MAC of another machine", "serial,nic1_mac\nN1,02:00:00:00:00:01", Order{}, Refused, "belongs to machine SEEN"},
		{"a MAC that was not found", "serial,nic1_mac\nSEEN,02:00:00:00:00:09", Order{}, Refused, "the agent found 02:00:00:00:00:01"},
		{"a BMC that was not found", "serial,bmc_address\nSEEN,10.0.0.9", Order{}, Refused, "does not overwrite"},
		{"a serial that was not found", "name,serial\nSEEN,OTHER", Order{}, Refused, `serial "OTHER": the agent found SEEN`},
		{"an unknown rack", "serial,rack\nN1,lon6-r13", Order{}, Refused, "did you mean lon6-r12?"},
		{"an unknown type", "serial,type\nN1,hihg-io", Order{}, Refused, "there is no such type"},
		{"an unknown site", "serial,site\nN1,lon7", Order{}, Refused, "--create-racks"},
		{"a unit that is filled", "serial,rack,unit\nN1,lon6-r12,1", Order{}, Refused, "is filled by machine SEEN"},
		{"a unit of another line", "serial,rack,unit,height\nN1,lon6-r12,8,2\nN2,lon6-r12,9,1", Order{}, Refused, "line 2 gives it, too"},
		{"a unit outside its rack", "serial,rack,unit\nN1,lon6-r12,21", Order{}, Refused, "has units 1 to 20"},
		{"a unit of no rack", "serial,unit\nN1,3", Order{}, Refused, "give the rack"},
		{"a site that is not the rack's", "serial,site,rack\nN1,lon5,lon6-r12", Order{}, Refused, "stands at lon6"},
		{"a placeholder", "serial\nTo Be Filled By O.E.M.", Order{}, Refused, "placeholder"},
		{"a placeholder of a machine that is named", "serial,name,unit\nDefault string,MAC-020000000004,3", Order{}, Update, "{unit 15 3}"},
		{"a placeholder that the named machine has not", "serial,name\nDefault string,DUE", Order{}, Refused, "placeholder"},
		{"no serial", "serial,rack\n,lon6-r12", Order{}, Refused, "is missing"},
		{"one serial twice", "serial\nN1\nN1", Order{}, Refused, "line 2 is about the same machine"},
		{"a retired machine", "serial\nGONE", Order{}, Refused, "retired"},
		{"a name of another machine", "serial,name\nDUE,SEEN", Order{}, Refused, "belongs to machine SEEN"},
		{"a virtual machine", "serial,kind\nDUE,virtual", Order{}, Update, "{kind  virtual}"},
		{"a kind that there is not", "serial,kind\nN1,gce", Order{}, Refused, `kind "gce": want metal or virtual`},
		{"an image", "serial,image\nDUE,debian-12", Order{}, Update, "{image  debian-12}"},
		{"an image that there is not", "serial,image\nDUE,debian-99", Order{}, Refused, `image "debian-99": is not in the catalogue`},
		{"a status is no matter of lists", "serial,status\nDUE,in_use", Order{}, Unchanged, ""},
		{"a host name that is none", "serial,hostname\nN1,Web_1", Order{}, Refused, "lower-case letters"},
		{"somebody else's machine", "serial,unit\nDUE,7", Order{May: func(*machine.Machine, *machine.Machine) error { return errors.New("belongs to team search") }}, Refused, "team search"},
		{"a rack that is created", "serial,site,rack,unit\nN1,lon7,lon7-r1,48", Order{CreateRacks: true, CreateSites: true}, New, ""},
		{"a rack at no site", "serial,rack\nN1,lon7-r1", Order{CreateRacks: true}, Refused, "at which site"},
		{"adoption of a new one", "serial,mac\nN1,02:00:00:00:00:09", Order{InUse: true}, New, "{status unknown in use}"},
		{"adoption of an expected one", "serial\nDUE", Order{InUse: true}, Update, "{status expected in use}"},
		{"adoption without an address", "serial\nN1", Order{InUse: true}, Refused, "would be taken for a stranger"},
		{"adoption of an available one", "serial\nSEEN", Order{InUse: true}, Refused, "only machines that are unknown or expected"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all := judged(t, tt.order, tt.list).Verdicts
			v := all[len(all)-1]
			says := ""
			switch {
			case len(v.Faults) > 0:
				says = v.Faults[0].String()
			case len(v.Changes) > 0:
				says = fmt.Sprint(v.Changes[0])
			}
			if v.Result != tt.want || !strings.Contains(says, tt.says) {
				t.Errorf("%s %q, want %s %q", v.Result, says, tt.want, tt.says)
			}
		})
	}
}

func TestMachinesMayChangePlaces(t *testing.T) {
	j := judged(t, Order{}, "serial,rack,unit\nSEEN,lon6-r12,2\nDUE,lon6-r12,1\n")
	if j.Count(Update) != 2 || !j.Verdicts[0].Moves() {
		t.Errorf("verdicts = %+v", j.Verdicts)
	}
}

func TestARefusedMoveRefusesThoseWhoCountOnIt(t *testing.T) {
	j := judged(t, Order{}, "serial,rack,unit\nN1,lon6-r12,1\nN2,lon6-r12,2\nDUE,lon6-r12,9\nSEEN,lon6-r12,9\n")
	for i, want := range []Result{Refused, New, Update, Refused} {
		if v := j.Verdicts[i]; v.Result != want {
			t.Errorf("line %d is %s (%v), want %s", v.Line, v.Result, v.Faults, want)
		}
	}
	if says := j.Verdicts[0].Faults[0].Why; !strings.Contains(says, "filled by machine SEEN") || !strings.Contains(says, "line 5 is refused") {
		t.Errorf("line 2 is refused because it %s", says)
	}
}

func TestWhatIsWrittenReadsAsUnchanged(t *testing.T) {
	f := fleet()
	m := f.Machines[1]
	m.Tags, m.Params, m.Note = []string{"a", "b"}, map[string]string{"tier": "gold"}, "=SUM(A1)\nsecond line"
	m.Declared = machine.Declared{Vendor: "Dell", Cores: 16, Memory: 64 << 30, Disks: 4}
	m.BMC = machine.BMC{Type: "redfish", Address: "10.0.0.7", MAC: machine.MAC{2, 0, 0, 0, 1, 7}}
	m.Kind, m.Image = machine.Virtual, "withdrawn"
	m.NICs[0].Switch, m.NICs[0].Port, m.Face, m.Height, m.Type, m.Role, m.Hostname = "sw3", "23", machine.Front, 2, "high-io", "db", "db-1"
	for name, write := range map[string]func(*bytes.Buffer) error{
		"CSV":  func(b *bytes.Buffer) error { return WriteCSV(b, f.Machines[:3]) },
		"JSON": func(b *bytes.Buffer) error { return WriteJSON(b, f.Machines[:3]) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		l, err := Read(b.Bytes(), nil)
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, b.String())
		}
		if diff := cmp.Diff(told, l.LeftOut()); diff != "" {
			t.Errorf("%s: left out (-want +got):\n%s", name, diff)
		}
		for _, v := range Judge(f, Order{Lines: l.Lines}).Verdicts {
			if v.Result != Unchanged {
				t.Errorf("%s: line %d is %s: %v %v", name, v.Line, v.Result, v.Faults, v.Changes)
			}
		}
	}
}

func TestTheHandOffIsOneLine(t *testing.T) {
	d := &machine.Delivery{Name: "2026-1140", Site: "lon6", CreatedAt: arrivedAt}
	var all []*machine.Machine
	for i := range 38 {
		all = append(all, &machine.Machine{ID: fmt.Sprint(i), Delivery: d.Name, Status: machine.Available})
	}
	all = append(all,
		&machine.Machine{ID: "h", Delivery: d.Name, Status: machine.Held, Reason: "spec"},
		&machine.Machine{ID: "d", Delivery: d.Name, Status: machine.Broken, Reason: machine.ReasonDOA},
		&machine.Machine{ID: "u", Site: "lon6", Status: machine.Held, CreatedAt: arrivedAt.Add(time.Hour), ReportedAt: arrivedAt.Add(time.Hour)},
		&machine.Machine{ID: "before", Site: "lon6", Status: machine.Available, CreatedAt: arrivedAt.Add(-time.Hour), ReportedAt: arrivedAt},
	)
	s := Sort(d, all)
	s.First, s.Last = arrivedAt, arrivedAt.Add(52*time.Minute)
	if got, want := s.HandOff(), "38 available, 1 held (spec), 1 DOA; first power-on → last available: 52 min"; got != want {
		t.Errorf("HandOff() = %q, want %q", got, want)
	}
	if len(s.Arrived) != 40 || len(s.Unexpected) != 1 {
		t.Errorf("%d arrived, %d unexpected", len(s.Arrived), len(s.Unexpected))
	}
}
