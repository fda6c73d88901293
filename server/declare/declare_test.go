package declare

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"firstlight/server/machine"
)

// examples are items of each list with something in every field.
var examples = []machine.Plan{
	&machine.Site{Name: "lon6", Title: "London 6", Note: "two\nlines"},
	&machine.Room{Name: "hall-1", Site: "lon6", Title: "Hall", Note: "n"},
	&machine.Rack{Name: "r12", Site: "lon6", Room: "hall-1", Units: 42, Note: "n"},
	&machine.HardwareType{
		Name: "io", Title: "t", Vendor: "Dell*", Product: "R7?0", Height: 2, Sockets: 2, Cores: 64, Memory: 256 << 30, DIMMs: 16,
		Disks: []machine.DiskSpec{{Count: 2, Bytes: 480e9, Transport: "sata"}, {Count: 1, Bytes: 1920383410176}}, NICs: 2, Mbps: 25000, Note: "n",
		Limits: []string{"disk-read.rate>=400", "thermal.temperature<=90"},
	},
	&machine.Team{Name: "search", Title: "t", Contact: "#search", Note: "n"},
	&machine.Service{Name: "http", Protocol: "tcp", Port: 80, Priority: 1, Weight: 2, Note: "n"},
	&machine.Role{Name: "db", Title: "t", Team: "search", Services: []string{"http", "sql"}, Classes: []string{"role::db"}, Environment: "e", Params: map[string]string{"a": "1=2,3"}, Note: "n"},
	&machine.Pool{Name: "a", Site: "lon6", Role: "db", Note: "n"},
	&machine.Gate{Name: "vlan", Title: "switch VLAN", From: machine.Allocated, To: machine.Installing, Match: "rack=r12", URL: "https://x/", Deadline: 40 * time.Second, Note: "n"},
	&machine.OptionSet{
		Name: "storage", Options: []machine.Option{{Option: "mtu", Value: "9000"}, {Option: "dns-servers", Value: "10.0.0.1,10.0.0.2"}},
		Match: "role=db", Subnets: []string{"lab", "hall"}, Priority: -3, Note: "n",
	},
}

// TestEveryFieldReadsWhatItWrites: what is shown can be typed.
func TestEveryFieldReadsWhatItWrites(t *testing.T) {
	for i, kind := range machine.PlanKinds() {
		want := examples[i]
		if want.Kind() != kind {
			t.Fatalf("example %d is a %s, want a %s", i, want.Kind(), kind)
		}
		got := machine.NewPlan(kind, "")
		for _, f := range Plan(kind) {
			if f.Text(want) == "" {
				t.Errorf("%s.%s says nothing of the example", kind, f.Name)
			}
			if err := f.Set(got, f.Text(want)); err != nil {
				t.Error(err)
			}
		}
		if diff := cmp.Diff(strip(want), strip(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
		for _, f := range Plan(kind) {
			if err := f.Set(got, ""); err != nil || f.Text(got) != "" {
				t.Errorf("%s.%s emptied = %q, %v", kind, f.Name, f.Text(got), err)
			}
		}
	}
}

// strip takes away what no field is: the name.
func strip(p machine.Plan) machine.Plan {
	switch p := p.(type) {
	case *machine.Site:
		p.Name = ""
	case *machine.Room:
		p.Name = ""
	case *machine.Rack:
		p.Name = ""
	case *machine.HardwareType:
		p.Name = ""
	case *machine.Team:
		p.Name = ""
	case *machine.Service:
		p.Name = ""
	case *machine.Role:
		p.Name = ""
	case *machine.Pool:
		p.Name = ""
	case *machine.Gate:
		p.Name = ""
	case *machine.OptionSet:
		p.Name = ""
	}
	return p
}

func TestSizesAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64Range(0, 1<<61).Draw(t, "bytes")
		if unit := rapid.SampledFrom(units).Draw(t, "unit"); rapid.Bool().Draw(t, "round") {
			n = n % (1 << 20) * unit.bytes
		}
		if got, err := readSize(size(n)); err != nil || got != n {
			t.Fatalf("size %d is written %q, which reads %d, %v", n, size(n), got, err)
		}
	})
}

func TestPairsSurvive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key, value := rapid.StringMatching(`[a-z_]{1,8}`), rapid.StringMatching(`[a-z0-9,=:/.-]{0,12}`)
		want := rapid.MapOfN(key, value, 1, 4).Draw(t, "pairs")
		if got, err := readPairs(joinPairs(want)); err != nil || cmp.Diff(want, got) != "" {
			t.Fatalf("%v is written %q, which reads %v, %v", want, joinPairs(want), got, err)
		}
	})
}

func TestAMachinesFields(t *testing.T) {
	eth0 := machine.MAC{0x52, 0x54, 0, 0, 0, 1}
	m := &machine.Machine{Name: "MAC-525400000001", Serial: "To be filled by O.E.M.", NICs: []machine.NIC{{Name: "eth0", MAC: eth0}}}
	for _, tt := range []struct{ name, value, refused string }{
		{"name", "db-one", ""},
		{"serial", "none", "placeholder, too"},
		{"serial", "S1234", ""},
		{"serial", "S9999", "only a placeholder is replaced"},
		{"name", "db-two", "named db-one"},
		{"tags", "b,a", ""},
		{"tags", "+c -a", ""},
		{"tags", "+c,d", "only words that begin with + or -"},
		{"face", "both", ""},
		{"param.tier", "gold", ""},
		{"nic.eth0.switch", "sw1", ""},
		{"nic.52:54:00:00:00:01.port", "7", ""},
		{"nic.eth1.port", "7", "there are eth0"},
		{"nic.eth0.speed", "7", "nic.NAME.switch"},
		{"no_power_off", "maybe", "want true or false"},
		{"hostnme", "x", "did you mean hostname?"},
		{"completely-else", "x", "param.KEY"},
	} {
		f, err := MachineOf(tt.name)
		if err == nil {
			err = f.Set(m, tt.value)
		}
		var wrong *Error
		if tt.refused == "" && err != nil || tt.refused != "" && (!errors.As(err, &wrong) || !strings.Contains(err.Error(), tt.refused)) {
			t.Errorf("%s=%s: %v, want %q", tt.name, tt.value, err, tt.refused)
		}
	}
	if m.Name != "db-one" || m.Serial != "S1234" || strings.Join(m.Tags, ",") != "b,c" || m.Params["tier"] != "gold" || m.NICs[0].Switch+m.NICs[0].Port != "sw17" {
		t.Errorf("machine = %+v", m)
	}
	if n := len(NICFields(m)); n != 3 {
		t.Errorf("an interface has %d fields, want 3", n)
	}
}

func TestWords(t *testing.T) {
	got, err := Words([]string{"role=db", "note=a=b", "rack="})
	if diff := cmp.Diff(map[string]string{"role": "db", "note": "a=b", "rack": ""}, got); diff != "" || err != nil {
		t.Errorf("Words() = %v (-want +got):\n%s", err, diff)
	}
	for _, w := range []string{"role", "=db"} {
		if _, err := Words([]string{w}); err == nil {
			t.Errorf("Words(%q) took it", w)
		}
	}
}
