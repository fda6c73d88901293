package web

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"firstlight/server/auth"
	"firstlight/server/declare"
	"firstlight/server/discovery"
	"firstlight/server/machine"
)

var (
	errBusy      = errors.New("it changes faster than this can be written: try again")
	errOvertaken = errors.New("somebody changed it in between")
)

// ruleRow is a rule with the machines that it accepted.
type ruleRow struct {
	*machine.Rule
	URL         string
	Accepted    int
	First, Last bool
	May         bool
	State       string
}

// rulesData is the list, and for an admin the form of a new rule.
type rulesData struct {
	Rows []ruleRow
	May  bool
	Form *form
	Open bool
	// Name is the machine that the rules are tried on; Trial is what they say,
	// Wrong why they cannot.
	Name  string
	Trial *discovery.Trial
	Wrong string
}

func (s *Site) rules(r *http.Request) (view, error) {
	d := s.rulesData(r)
	d.Open = r.URL.Query().Has("new")
	d.Form = s.ruleForms().blank()
	if d.Name = clip(strings.TrimSpace(r.URL.Query().Get("machine")), 64); d.Name != "" {
		var err error
		if d.Trial, err = s.Insight.TryRules(r.Context(), d.Name); err != nil {
			d.Wrong = sentence(err.Error())
		}
	}
	return rulesView(d), nil
}

func rulesView(d rulesData) view {
	return view{
		title: "Rules", template: "rules", data: d,
		fragments: []fragment{{id: "rules", template: "rule-rows", data: d.Rows}},
	}
}

func (s *Site) rulesData(r *http.Request) rulesData {
	d := rulesData{Rows: []ruleRow{}, May: roleOf(r).Allows(auth.Admin)}
	accepted := map[string]int{}
	for _, m := range s.Data.Machines() {
		accepted[m.Rule]++
	}
	all := s.inOrder()
	for i, rule := range all {
		d.Rows = append(d.Rows, ruleRow{rule, ruleURL(rule.Name), accepted[rule.Name], i == 0, i == len(all)-1, d.May, s.States.Tag(rule)})
	}
	return d
}

func (s *Site) inOrder() []*machine.Rule {
	all := slices.Clone(s.Data.Rules())
	slices.SortStableFunc(all, func(a, b *machine.Rule) int { return cmp.Compare(a.Order, b.Order) })
	return all
}

func ruleURL(name string) string { return "/rules/" + url.PathEscape(name) }

// rule finds the one that an address names.
func (s *Site) rule(r *http.Request) (*machine.Rule, error) { return s.ruleForms().find(r) }

// ruleForms are the forms of rules.
func (s *Site) ruleForms() listed[machine.Rule] {
	return listed[machine.Rule]{
		Site: s, list: "/rules", title: "Rules", one: "rule", fields: declare.Rule(), all: s.Data.Rules,
		fresh:    func(name string) *machine.Rule { return &machine.Rule{Name: name} },
		name:     func(r *machine.Rule) string { return r.Name },
		proposal: func(r *machine.Rule) Proposal { return Proposal{Rule: r} },
		put:      s.Actions.PutRule,
		page: func(r *http.Request, f *form) (view, error) {
			d := s.rulesData(r)
			d.Form, d.Open = f, true
			return rulesView(d), nil
		},
	}
}

// moveRule puts a rule one place up or down.
func (s *Site) moveRule(w http.ResponseWriter, r *http.Request) error {
	rule, err := s.rule(r)
	if err != nil {
		return err
	}
	moved := *rule
	moved.Order = 1 + slices.Index(s.inOrder(), rule)
	switch verb := r.PostFormValue("to"); verb {
	case "up":
		moved.Order = max(moved.Order-1, 1)
	case "down":
		moved.Order++
	default:
		return &refused{fmt.Errorf("to %q: want up or down", clip(verb, 32))}
	}
	ctx, err := s.resting(r, rule)
	if err == nil {
		d, lost := s.Insight.Diff(ctx, userOf(r), Proposal{Rule: &moved})
		if lost != nil {
			return lost
		}
		if p := newDiff(d); d.Changed > 0 && p.Seen != r.PostFormValue("seen") {
			return s.render(w, r, http.StatusOK, askMove(rule, r.PostFormValue("to"), p))
		}
		err = s.Actions.PutRule(ctx, userOf(r), &moved, s.ruleForms().same(rule))
	}
	if err != nil {
		return s.again(w, r, rule, nil, err)
	}
	http.Redirect(w, r, "/rules#rule-"+url.PathEscape(rule.Name), http.StatusSeeOther)
	return nil
}

// askMove shows what a move changes before it is made.
func askMove(rule *machine.Rule, to string, d *diffData) view {
	return confirmView(confirm{
		Title: "Move rule " + rule.Name + " " + to, Of: rule, Action: ruleURL(rule.Name) + "/move", Back: "/rules", Button: "Move it",
		Says: d.lines(), Sends: []detail{{"to", to}, {"seen", d.Seen}}, Shut: d.Seen == "",
	})
}

func (s *Site) askDropRule(r *http.Request) (view, error) {
	rule, err := s.rule(r)
	if err != nil {
		return view{}, err
	}
	n := 0
	for _, m := range s.Data.Machines() {
		if m.Rule == rule.Name {
			n++
		}
	}
	d, err := s.Insight.Diff(r.Context(), userOf(r), Proposal{DropRule: rule.Name})
	if err != nil {
		return view{}, err
	}
	return confirmView(confirm{
		Title: "Remove rule " + rule.Name, Of: rule, Action: ruleURL(rule.Name) + "/delete", Back: "/rules", Button: "Remove", Danger: true,
		Says: append([]string{
			"From now on the rules after it decide about what it matched: " + cmp.Or(rule.Match, "every machine") + ".",
			"It accepted " + plural(n, "machine", "machines") + "; they stay as they are.",
		}, newDiff(d).lines()...),
	}), nil
}

func (s *Site) dropRule(w http.ResponseWriter, r *http.Request) error {
	rule, err := s.rule(r)
	if err != nil {
		return err
	}
	ctx, err := s.resting(r, rule)
	if err == nil {
		err = s.Actions.DropRule(ctx, userOf(r), rule.Name, s.ruleForms().same(rule))
	}
	if err != nil {
		return s.again(w, r, rule, s.askDropRule, err)
	}
	http.Redirect(w, r, "/rules", http.StatusSeeOther)
	return nil
}
