package web

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"firstlight/server/auth"
	"firstlight/server/discovery"
	"firstlight/server/issue"
	"firstlight/server/machine"
)

// issueData is an issue as a person meets it: one sentence, at most two acts,
// and who has it.
type issueData struct {
	ID, URL               string // of its element, and where it is taken
	Kind, Title, Means    string
	Sentence, Next        string // what is wrong, and what helps where no button does
	Broken                bool
	Since                 time.Time
	Evidence              []fact
	Acts                  []act
	Taken                 string
	TakenAt               time.Time
	Mine, MayTake, MayEnd bool
	State                 string // of who has it
	MachineState          string // of the machine that its acts change
}

// act is a button: a form that posts, or a link to a dialog.
type act struct {
	Label, URL, Value string
	Dialog, Danger    bool
}

// issueActs are the acts that pages have, by the verbs of issues; those that
// are not here are no buttons.
var issueActs = map[issue.Verb]struct {
	act
	role auth.Role
}{
	issue.Recheck:    {act{Label: "Check again", URL: "recheck"}, auth.Technician},
	issue.Waive:      {act{Label: "Waive…", URL: "waive", Dialog: true, Danger: true}, auth.Admin},
	issue.Release:    {act{Label: "Release…", URL: "release", Dialog: true, Danger: true}, auth.Engineer},
	issue.Light:      {act{Label: "Blink light", URL: "light", Value: "blink"}, auth.Technician},
	issue.Power:      {act{Label: "Power…", URL: "power", Dialog: true}, auth.Technician},
	issue.BMCLogin:   {act{Label: "BMC log-in…", URL: "bmc", Dialog: true}, auth.Admin},
	issue.BMCAdopt:   {act{Label: "Take over the BMC…", URL: "adopt-bmc", Dialog: true}, auth.Admin},
	issue.AcceptPort: {act{Label: "Accept this port", URL: "accept-port"}, auth.Technician},
	issue.AskGate:    {act{Label: "Ask again", URL: "ask-gate"}, auth.Technician},
	issue.PassGate:   {act{Label: "Let it pass…", URL: "pass-gate", Dialog: true}, auth.Engineer},
	issue.MarkBroken: {act{Label: "Mark as broken…", URL: "broken", Dialog: true}, auth.Technician},
	issue.Repair:     {act{Label: "Repair…", URL: "repair", Dialog: true}, auth.Technician},
	issue.Repaired:   {act{Label: "Repaired…", URL: "repaired", Dialog: true}, auth.Technician},
	issue.Erase:      {act{Label: "Erase…", URL: "erase", Dialog: true, Danger: true}, auth.Engineer},
	issue.Check:      {act{Label: "Check hardware…", URL: "check", Dialog: true}, auth.Technician},
	issue.Unfence:    {act{Label: "Take the fence away…", URL: "unfence", Dialog: true, Danger: true}, auth.Engineer},
	issue.Install:    {act{Label: "Install…", URL: "install", Dialog: true}, auth.Engineer},
}

// newIssue shows an issue to a user. m is nil where its machine has no record.
func (s *Site) newIssue(i *machine.Issue, m *machine.Machine, u auth.User) issueData {
	e, _ := issue.Of(i.Kind)
	d := issueData{
		ID: "issue-" + i.Subject + "-" + string(i.Kind), URL: "/issues/" + url.PathEscape(i.Subject) + "/" + url.PathEscape(string(i.Kind)),
		Kind: string(i.Kind), Title: e.Title, Means: e.Means, Sentence: sentence(i.Sentence), Broken: e.Severity == issue.Broken, Since: i.Since,
		Taken: i.Taken, TakenAt: i.TakenAt, Mine: i.Taken == u.Name && u.Name != "", MayTake: u.Role.Allows(auth.Technician),
	}
	d.State = s.States.Tag(i)
	d.MayEnd = i.Taken != "" && (d.Mine || u.Role.Allows(auth.Admin))
	d.Next = sentence(i.Evidence["next"])
	for _, name := range slices.Sorted(maps.Keys(i.Evidence)) {
		if name == "next" {
			continue
		}
		d.Evidence = append(d.Evidence, fact{name, i.Evidence[name]})
	}
	if m == nil {
		return d
	}
	d.MachineState = s.States.Tag(m)
	for _, v := range issue.VerbsFor(i.Kind, m) {
		if a, ok := issueActs[v]; ok && u.Role.Allows(a.role) {
			a.act.URL = machineURL(m) + "/" + a.act.URL
			d.Acts = append(d.Acts, a.act)
		}
	}
	return d
}

// needCard is what one machine, or one that has no record, asks for: the worst
// first, and how much more.
type needCard struct {
	tile
	Known bool // it has a record
	Issue issueData
	More  int
}

// needsData is the first of them, and where the others are.
type needsData struct {
	Cards []needCard
	More  int
	URL   string
}

// within leads to those of what a field of the selector picks.
func (d needsData) within(field, value string) needsData {
	d.URL += "?q=" + url.QueryEscape(field+"="+value)
	return d
}

const maxCards = 12

// needs are the cards of some machines: those that nobody has before those that
// somebody has, what is broken before what asks, then the oldest. With all, the
// issues of machines without a record are among them.
func (s *Site) needs(r *http.Request, some []*machine.Machine, all bool) []needCard {
	u, _ := auth.From(r.Context())
	byID := make(map[string]*machine.Machine, len(some))
	for _, m := range some {
		byID[m.ID] = m
	}
	cards, index := []needCard{}, map[string]int{}
	for _, i := range inUrgency(s.Data.Issues()) {
		m := byID[i.Machine]
		if m == nil && (!all || i.Subject == i.Machine) {
			continue
		}
		if at, ok := index[i.Subject]; ok {
			cards[at].More++
			continue
		}
		index[i.Subject] = len(cards)
		c := needCard{Known: m != nil && i.Subject == m.ID, Issue: s.newIssue(i, m, u)}
		if c.tile = (tile{Name: i.Name, Group: "broken"}); c.Known {
			c.tile = s.tile(m)
		}
		cards = append(cards, c)
	}
	return cards
}

// inUrgency sorts what is open, the oldest first, by who may have to hurry.
func inUrgency(all []*machine.Issue) []*machine.Issue {
	rank := func(i *machine.Issue) int {
		e, _ := issue.Of(i.Kind)
		n := 1
		if e.Severity == issue.Broken {
			n = 0
		}
		if i.Taken != "" {
			n += 2
		}
		return n
	}
	return slices.SortedStableFunc(slices.Values(all), func(a, b *machine.Issue) int { return cmp.Compare(rank(a), rank(b)) })
}

// needsYou is the page of everything that asks for a person.
func (s *Site) needsYou(r *http.Request) (view, error) {
	q := parseSearch(r)
	some, err := s.Data.Select(r.Context(), q.selector)
	if err != nil {
		return view{}, err
	}
	d := needsPage{Search: q, Cards: s.needs(r, some, !q.picks()), NotComputed: notComputed()}
	return view{
		title: "Needs you", template: "needs-page", data: d, query: q.Text,
		fragments: []fragment{{id: "needs-list", template: "needs-list", data: d.Cards}},
	}, nil
}

type needsPage struct {
	Search      search
	Cards       []needCard
	NotComputed []issue.Entry
}

func notComputed() []issue.Entry {
	return slices.DeleteFunc(slices.Clone(issue.Catalogue()), func(e issue.Entry) bool { return e.NotComputed == "" })
}

// machineIssues are those of one machine, as its page shows them.
func (s *Site) machineIssues(m *machine.Machine, u auth.User) []issueData {
	all := []issueData{}
	for _, i := range inUrgency(s.Data.IssuesOf(m.ID)) {
		of := m
		if i.Subject != m.ID {
			of = nil // about another that shows its marks
		}
		all = append(all, s.newIssue(i, of, u))
	}
	return all
}

// differences holds what is declared of a machine against what was found.
func (s *Site) differences(m *machine.Machine) []discovery.Difference {
	return discovery.Differences(m, s.Data.HardwareType(m.Type))
}

// take is "I have this one": it leads to the machine, where the work is. over
// takes it from whoever has it.
func (s *Site) take(w http.ResponseWriter, r *http.Request) error {
	return s.onIssue(func(ctx context.Context, r *http.Request) (string, error) {
		subject := r.PathValue("subject")
		err := s.Actions.TakeIssue(ctx, userOf(r), subject, r.PathValue("kind"), r.PostFormValue("over") == "yes")
		if m, lost := s.Data.Machine(subject); lost == nil {
			return machineURL(m), err
		}
		return "/needs", err
	})(w, r)
}

// letGo leads back to the list, for whoever takes it next.
func (s *Site) letGo(w http.ResponseWriter, r *http.Request) error {
	return s.onIssue(func(ctx context.Context, r *http.Request) (string, error) {
		return "/needs", s.Actions.DropIssue(ctx, userOf(r), r.PathValue("subject"), r.PathValue("kind"))
	})(w, r)
}

// onIssue does something to the issue that the address names, as it was shown.
// One that is closed by now, or named by its machine, is the verb's to judge.
func (s *Site) onIssue(do func(context.Context, *http.Request) (next string, err error)) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		ctx, all := r.Context(), s.Data.Issues()
		at := slices.IndexFunc(all, func(i *machine.Issue) bool {
			return i.Subject == r.PathValue("subject") && string(i.Kind) == r.PathValue("kind")
		})
		var err error
		var next string
		if at >= 0 {
			ctx, err = s.resting(r, all[at])
		}
		if err == nil {
			next, err = do(ctx, r)
		}
		if err != nil && at >= 0 {
			return s.again(w, r, all[at], nil, err)
		}
		if err != nil {
			return &refused{err}
		}
		http.Redirect(w, r, next, http.StatusSeeOther)
		return nil
	}
}

func (s *Site) acceptPort(w http.ResponseWriter, r *http.Request) error {
	return s.act(nil, func(ctx context.Context, u auth.User, m *machine.Machine, _ *http.Request) error {
		return s.Actions.AcceptPort(ctx, u, m.Name)
	})(w, r)
}
