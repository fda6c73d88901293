package machine

import (
	"strings"
	"testing"
)

func set(name, match string, priority int, subnets []string, options ...string) *OptionSet {
	p := &OptionSet{Name: name, Match: match, Priority: priority, Subnets: subnets}
	for _, text := range options {
		name, value, _ := strings.Cut(text, "=")
		p.Options = append(p.Options, Option{name, value})
	}
	return p
}

// Of one option the nearest set counts: priority, selector, subnets, name.
func TestTheNearestSetCounts(t *testing.T) {
	lab := []string{"lab"}
	table := NewOptionTable([]*OptionSet{
		set("z-all", "", 0, nil, "mtu=1400", "ntp-servers=10.0.0.1", "domain-name=all.example"),
		set("a-all", "", 0, nil, "224=first by name"), set("b-all", "", 0, nil, "224=second"),
		set("lab", "", 0, lab, "mtu=1500", "ntp-servers=10.0.0.2"),
		set("db", "role=db", 0, nil, "mtu=9000"), set("db-lab", "role=db pool=a", 0, lab, "mtu=8000"),
		set("last", "role=db", -1, lab, "mtu=576", "tz-name=last"), set("above", "", 5, []string{"hall"}, "mtu=1300"),
	})
	db, pool := &Machine{Role: "db"}, &Machine{Role: "db", Pool: "a"}
	for _, tt := range []struct {
		subnet string
		m      *Machine
		want   string
	}{
		{"lab", nil, "mtu=1500 ntp-servers=10.0.0.2 224=first by name domain-name=all.example"},
		{"other", nil, "224=first by name mtu=1400 ntp-servers=10.0.0.1 domain-name=all.example"},
		{"lab", &Machine{Role: "web"}, "mtu=1500 ntp-servers=10.0.0.2 224=first by name domain-name=all.example"},
		{"lab", db, "mtu=9000 ntp-servers=10.0.0.2 224=first by name domain-name=all.example tz-name=last"},
		{"lab", pool, "mtu=8000 ntp-servers=10.0.0.2 224=first by name domain-name=all.example tz-name=last"},
		{"hall", pool, "mtu=1300 224=first by name ntp-servers=10.0.0.1 domain-name=all.example"},
	} {
		var got []string
		for o := range table.For(tt.subnet, tt.m) {
			got = append(got, o.Text.String())
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s, %+v gets %q, want %q", tt.subnet, tt.m, got, tt.want)
		}
	}
	for o := range (*OptionTable)(nil).For("lab", db) {
		t.Errorf("no table gives %v", o)
	}
}

// No packet parses a selector or encodes a value.
func TestOptionsOfAClientTakeNoMemory(t *testing.T) {
	table := NewOptionTable([]*OptionSet{set("db", "role=db pool=a", 0, nil, "mtu=9000"), set("all", "", 0, nil, "ntp-servers=10.0.0.1")})
	m, n := &Machine{Role: "db", Pool: "b"}, 0
	if got := testing.AllocsPerRun(100, func() {
		for range table.For("lab", m) {
			n++
		}
	}); got > 3 || n == 0 {
		t.Errorf("options of a client take %v allocations, %d options", got, n)
	}
}

func TestWhichSetsApplyAndWhoOverridesWhom(t *testing.T) {
	table := NewOptionTable([]*OptionSet{
		set("site", "", 0, nil, "mtu=1500", "ntp-servers=10.80.0.3"), set("db", "role=db", 0, nil, "26=9000"),
		set("lab", "", 5, []string{"lab"}, "tz-name=UTC"),
	})
	text := func(m *Machine) (all string) {
		for _, s := range table.Explain("lon6", m) {
			for _, o := range s.Options {
				all += s.Name + " " + o.Option.Option + "=" + o.Value + " by " + o.By + "; "
			}
		}
		return all
	}
	if got, want := text(&Machine{Role: "db"}), "db 26=9000 by ; site mtu=1500 by db; site ntp-servers=10.80.0.3 by ; "; got != want {
		t.Errorf("of a db: %q, want %q", got, want)
	}
	if got, want := text(nil), "site mtu=1500 by ; site ntp-servers=10.80.0.3 by ; "; got != want {
		t.Errorf("of a stranger: %q, want %q", got, want)
	}
	if got := (*OptionTable)(nil).Explain("lon6", nil); got != nil {
		t.Errorf("of no sets: %v", got)
	}
}

func TestWrongSetsSayWhatIsWanted(t *testing.T) {
	for _, tt := range []struct {
		set  *OptionSet
		want string
	}{
		{set("", "", 0, nil, "mtu=9000"), `name "": want 1 to 63`},
		{set("x", "", 0, nil), `options "0": want 1 to 64`},
		{set("x", "", 0, nil, "54=10.0.0.1"), `option x: options "54=10.0.0.1": option "54": leases and boots are made of it: leave it to the appliance`},
		{set("x", "", 0, nil, "82=x"), `leases and boots are made of it`},
		{set("x", "", 0, nil, "mtu=9000", "26=1500"), `options "26=1500": the set has this option twice`},
		{set("x", "rolle=db", 0, nil, "mtu=9000"), `match "rolle=db": selector "rolle=db", column 1`},
		{set("x", "cores>=8", 0, nil, "mtu=9000"), `match "cores>=8": cores is not looked at for each packet`},
		{set("x", "", 2000, nil, "mtu=9000"), `priority "2000": want -1000 to 1000`},
		{set("x", "", 0, []string{"The Lab"}, "mtu=9000"), `subnets "The Lab"`},
	} {
		if err := tt.set.Validate(); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Validate(%+v) = %v, want %q in it", tt.set, err, tt.want)
		}
	}
	if err := set("storage", "role=db type=high-io site=lon6 name=c0*", -5, []string{"lab"}, "mtu=9000", "224=hex:0102").Validate(); err != nil {
		t.Errorf("a good one: %v", err)
	}
}
