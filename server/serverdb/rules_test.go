package serverdb

import (
	"errors"
	"strings"
	"testing"

	"firstlight/server/machine"
)

func anyRule(*machine.Rule) error { return nil }

// ruleOrder is the list as it is numbered.
func ruleOrder(d *DB) string {
	var all []string
	for i, r := range d.Rules() {
		if r.Order != i+1 {
			all = append(all, "!")
		}
		all = append(all, r.Name)
	}
	return strings.Join(all, " ")
}

func TestRulesKeepTheirOrder(t *testing.T) {
	d := open(t, file(t))
	who := Actor{Name: "ada"}
	put := func(name string, order int) {
		t.Helper()
		if err := d.PutRule(t.Context(), who, &machine.Rule{Name: name, Order: order}, anyRule); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name  string
		order int
		want  string
	}{
		{"a", 0, "a"}, {"b", 0, "a b"}, {"c", 1, "c a b"}, {"b", 2, "c b a"}, {"b", 0, "c b a"}, {"c", 99, "b a c"}, {"d", 2, "b d a c"},
	} {
		if put(tt.name, tt.order); ruleOrder(d) != tt.want {
			t.Errorf("after %s at %d: %s, want %s", tt.name, tt.order, ruleOrder(d), tt.want)
		}
	}
}

func TestARuleStaysWithinThePlan(t *testing.T) {
	d := open(t, file(t))
	who := Actor{Name: "ada"}
	for _, p := range []machine.Plan{&machine.Site{Name: "lon6"}, &machine.Site{Name: "ams1"}, &machine.Rack{Name: "ams1-r1", Site: "ams1", Units: 42}} {
		if _, err := d.PutPlan(t.Context(), who, p, 0); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		rule machine.Rule
		says string
	}{
		{machine.Rule{Name: "x", Accept: true, Site: "lon7"}, `no site "lon7": did you mean lon6?`},
		{machine.Rule{Name: "x", Accept: true, Site: "lon6", Rack: "ams1-r1"}, "stands at site ams1"},
		{machine.Rule{Name: "x", Accept: true, Site: "lon6", Role: "db"}, `no role "db"`},
		{machine.Rule{Name: "x", Match: "statu=held"}, "did you mean status?"},
	} {
		if err := d.PutRule(t.Context(), who, &tt.rule, anyRule); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("PutRule(%+v) = %v, want …%s…", tt.rule, err, tt.says)
		}
	}
	refused := errors.New("no")
	if err := d.PutRule(t.Context(), who, &machine.Rule{Name: "x"}, func(*machine.Rule) error { return refused }); !errors.Is(err, refused) || len(d.Rules()) != 0 {
		t.Errorf("PutRule() = %v with %d rules, want what found says and none", err, len(d.Rules()))
	}
}

// TestARemovedRuleStaysAway although the configuration still has it.
func TestARemovedRuleStaysAway(t *testing.T) {
	d := open(t, file(t))
	configured := []*machine.Rule{{Name: "a", Order: 1}, {Name: "b", Order: 2}}
	seed := func() {
		t.Helper()
		if err := d.Seed(t.Context(), nil, configured); err != nil {
			t.Fatal(err)
		}
	}
	seed()
	if err := d.DropRule(t.Context(), Actor{Name: "ada"}, "a", anyRule); err != nil {
		t.Fatal(err)
	}
	if seed(); len(d.Rules()) != 1 {
		t.Errorf("rules = %v, want b alone", ruleOrder(d))
	}
	if err := d.PutRule(t.Context(), Actor{Name: "ada"}, configured[0], anyRule); err != nil {
		t.Fatal(err)
	}
	if err := d.DropRule(t.Context(), Actor{Name: "ada"}, "z", anyRule); !errors.Is(err, machine.ErrNotFound) {
		t.Errorf("DropRule(z) = %v, want not found", err)
	}
	if got := ruleOrder(d); got != "a b" {
		t.Errorf("rules = %s, want a b", got)
	}
	rows, err := d.Audits(t.Context(), AuditQuery{Action: "remove rule", Limit: 10})
	if err != nil || len(rows) != 1 || rows[0].Target != "a" {
		t.Errorf("audit = %+v, %v; want one removal of a", rows, err)
	}
}
