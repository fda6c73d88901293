package serverdb

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// given is what a client of the lab gets, as "option=value option=value".
func given(d *DB, m *machine.Machine) string {
	var all []string
	for o := range d.DHCPOptions().For("lab", m) {
		all = append(all, o.Text.String())
	}
	return strings.Join(all, " ")
}

func TestOptionSetsAreReadyForPackets(t *testing.T) {
	d := open(t, file(t))
	db := &machine.Machine{Role: "db"}
	mtu := &machine.OptionSet{Name: "jumbo", Match: "role=db", Options: []machine.Option{{Option: "mtu", Value: "9000"}}}
	if _, err := d.PutPlan(t.Context(), Actor{Name: "ada"}, mtu, -1); err != nil {
		t.Fatal(err)
	}
	if all, one := given(d, nil), given(d, db); all != "" || one != "mtu=9000" {
		t.Errorf("a stranger gets %q, a database %q", all, one)
	}
	mtu = &machine.OptionSet{Name: "jumbo", Subnets: []string{"lab"}, Options: []machine.Option{{Option: "mtu", Value: "1400"}}}
	if _, err := d.PutPlan(t.Context(), Actor{Name: "ada"}, mtu, 1); err != nil || given(d, nil) != "mtu=1400" {
		t.Errorf("changed: %v, a stranger gets %q", err, given(d, nil))
	}
	var field *machine.FieldError
	_, err := d.PutPlan(t.Context(), Actor{Name: "ada"}, &machine.OptionSet{Name: "x", Subnets: []string{"hall"}, Options: mtu.Options}, -1)
	if !errors.As(err, &field) || field.Field != "subnets" || field.Value != "hall" {
		t.Errorf("a subnet that there is not: %v", err)
	}
	if err := d.DropPlan(t.Context(), Actor{Name: "ada"}, machine.PlanRef{Kind: machine.KindOption, Name: "jumbo"}, 2); err != nil || given(d, nil) != "" {
		t.Errorf("removed: %v, a stranger gets %q", err, given(d, nil))
	}
}

// Subnets had lists of options of their own, of which the first that matches
// counted: it still does.
func TestOptionsOfSubnetsBecomeSets(t *testing.T) {
	o := func(name, value, match string) store.SubnetOption {
		return store.SubnetOption{Option: machine.Option{Option: name, Value: value}, Match: match}
	}
	sets := setsOf("lab", []store.SubnetOption{o("mtu", "1500", "role=web"), o("26", "1400", ""), o("mtu", "576", ""), o("ntp-servers", "10.0.0.1", ""), o("mtu", "9000", "role=db")})
	for i, set := range sets {
		if set.Name = fmt.Sprint("s", i); set.Validate() != nil {
			t.Errorf("%+v: %v", set, set.Validate())
		}
	}
	table := machine.NewOptionTable(sets)
	for role, want := range map[string]string{"db": "26=1400 ntp-servers=10.0.0.1", "web": "mtu=1500 ntp-servers=10.0.0.1"} {
		var all []string
		for o := range table.For("lab", &machine.Machine{Role: role}) {
			all = append(all, o.Text.String())
		}
		if got := strings.Join(all, " "); got != want {
			t.Errorf("%s gets %q, want %q", role, got, want)
		}
	}
	if one := setsOf("lab", []store.SubnetOption{o("mtu", "1500", "")}); len(one) != 1 || one[0].Priority != 0 {
		t.Errorf("one list without selectors is %+v, want one set of priority 0", one)
	}
}
