package api

import (
	"context"
	"slices"
	"strings"
	"time"

	"firstlight/server/auth"
	"firstlight/server/issue"
	"firstlight/server/machine"
)

// IssueQuery picks issues.
type IssueQuery struct {
	Kind     string `query:"kind" maxLength:"64" doc:"Only those of one kind" example:"silent"`
	Selector string `query:"selector" maxLength:"1024" doc:"Only those of machines that it picks" example:"site=lon6 rack=r12"`
	Site     string `query:"site" maxLength:"64" doc:"Only those of machines at a site" example:"lon6"`
	Rack     string `query:"rack" maxLength:"64" doc:"Only those of machines in a rack" example:"r12"`
	Machine  string `query:"machine" maxLength:"200" doc:"Only those of one machine: name, id, MAC or host name" example:"C0MPUT3"`
	Taken    string `query:"taken" enum:"yes,no" doc:"Only those that somebody has, or nobody; absent: all"`
}

type issuesInput struct {
	Page
	IssueQuery
}

// issueOrder is the oldest first, then by name.
var issueOrder = order[*machine.Issue]{
	after: func(cursor string) (func(*machine.Issue) bool, error) {
		since, rest, _ := strings.Cut(cursor, "~")
		at, err := time.Parse(time.RFC3339Nano, since)
		return func(i *machine.Issue) bool {
			c := i.Since.Compare(at)
			return c > 0 || c == 0 && strings.Compare(issueRest(i), rest) > 0
		}, err
	},
	name: func(i *machine.Issue) string { return i.Since.UTC().Format(time.RFC3339Nano) + "~" + issueRest(i) },
}

func issueRest(i *machine.Issue) string { return i.Name + "~" + i.Subject + "~" + string(i.Kind) }

func (a *API) issues(ctx context.Context, in *issuesInput) (List[Issue], error) {
	want, err := a.wantIssues(ctx, in.IssueQuery)
	if err != nil {
		return List[Issue]{}, err
	}
	var picked []*machine.Issue
	for _, i := range a.DB.Issues() {
		if want(i) {
			picked = append(picked, i)
		}
	}
	return page(picked, in.Page, issueOrder, a.showIssue)
}

// wantIssues makes one condition of a query. An issue without a machine of the
// fleet is picked by none that asks for one.
func (a *API) wantIssues(ctx context.Context, q IssueQuery) (func(*machine.Issue) bool, error) {
	if _, ok := issue.Of(machine.IssueKind(q.Kind)); q.Kind != "" && !ok {
		return nil, missing("kind of issue", q.Kind, "issues/kinds")
	}
	ids, err := a.pickMachines(ctx, q)
	if err != nil {
		return nil, err
	}
	return func(i *machine.Issue) bool {
		return (q.Kind == "" || string(i.Kind) == q.Kind) && (ids == nil || ids[i.Machine]) &&
			(q.Taken == "" || (q.Taken == "yes") == (i.Taken != ""))
	}, nil
}

// pickMachines gives the ids of those that a query is about; nil: of all.
func (a *API) pickMachines(ctx context.Context, q IssueQuery) (map[string]bool, error) {
	if q.Selector == "" && q.Site == "" && q.Rack == "" && q.Machine == "" {
		return nil, nil
	}
	sel, err := machine.ParseSelector(q.Selector)
	if err != nil {
		return nil, at("query.selector", q.Selector, err)
	}
	of := ""
	if q.Machine != "" {
		m, err := a.DB.Machine(q.Machine)
		if err != nil {
			return nil, err
		}
		of = m.ID
	}
	all, err := a.DB.Select(ctx, sel)
	if err != nil {
		return nil, selectorProblem(q.Selector, err)
	}
	ids := map[string]bool{}
	for _, m := range all {
		if (q.Site == "" || strings.EqualFold(m.Site, q.Site)) && (q.Rack == "" || strings.EqualFold(m.Rack, q.Rack)) && (of == "" || m.ID == of) {
			ids[m.ID] = true
		}
	}
	return ids, nil
}

func (a *API) issueKinds(context.Context, *struct{}) (List[IssueKind], error) {
	open := map[machine.IssueKind]int{}
	for _, i := range a.DB.Issues() {
		open[i.Kind]++
	}
	return whole(issue.Catalogue(), func(e issue.Entry) IssueKind {
		return IssueKind{
			Kind: string(e.Kind), Title: e.Title, Means: e.Means, Severity: string(e.Severity), Actions: each(e.Verbs, verb),
			Open: open[e.Kind], NotComputed: e.NotComputed,
		}
	}), nil
}

func (a *API) machineIssues(_ context.Context, in *MachineRef) (List[Issue], error) {
	m, err := a.DB.Machine(in.Ref)
	if err != nil {
		return List[Issue]{}, err
	}
	return whole(a.DB.IssuesOf(m.ID), a.showIssue), nil
}

// IssuePath names one issue; exported as MachineRef is.
type IssuePath struct {
	Subject string `path:"subject" maxLength:"200" doc:"Of the issue; or name, id, MAC or host name of its machine" example:"C0MPUT3"`
	Kind    string `path:"kind" maxLength:"64" doc:"What is wrong, in one word of the catalogue" example:"silent"`
}

type takeInput struct {
	IssuePath
	Body *TakeOrder
}

func (a *API) takeIssue(ctx context.Context, in *takeInput) (Issue, error) {
	who, _ := auth.From(ctx)
	over := in.Body != nil && in.Body.Over
	if err := a.Desk.TakeIssue(ctx, who, in.Subject, in.Kind, over); err != nil {
		return Issue{}, err
	}
	return a.issue(in.IssuePath)
}

func (a *API) dropIssue(ctx context.Context, in *IssuePath) (Issue, error) {
	who, _ := auth.From(ctx)
	if err := a.Desk.DropIssue(ctx, who, in.Subject, in.Kind); err != nil {
		return Issue{}, err
	}
	return a.issue(*in)
}

// issue finds one as it is after a verb.
func (a *API) issue(in IssuePath) (Issue, error) {
	ref := machine.IssueRef{Subject: in.Subject, Kind: machine.IssueKind(in.Kind)}
	i, err := a.DB.Issue(ref)
	if err == nil {
		return a.showIssue(i), nil
	}
	if m, bad := a.DB.Machine(in.Subject); bad == nil {
		ref.Subject = m.ID
		i, err = a.DB.Issue(ref)
	}
	if err != nil {
		return Issue{}, missing("issue", in.Kind, "issues")
	}
	return a.showIssue(i), nil
}

func (a *API) acceptPort(ctx context.Context, in *MachineRef) (Machine, error) {
	return a.done(ctx, in.Ref, func(who auth.User) error { return a.Desk.AcceptPort(ctx, who, in.Ref) })
}

func (a *API) showIssue(i *machine.Issue) Issue {
	e, _ := issue.Of(i.Kind)
	shown := Issue{
		Kind: string(i.Kind), Title: e.Title, Severity: string(e.Severity), Subject: i.Subject, Name: i.Name, Sentence: i.Sentence,
		Evidence: i.Evidence, Since: i.Since, Taken: i.Taken, TakenAt: showTime(i.TakenAt),
	}
	m, err := a.DB.Machine(i.Machine)
	if err == nil {
		shown.Machine, shown.Site, shown.Rack, shown.Unit = m.Name, m.Site, m.Rack, m.Unit
	} else {
		m = nil
	}
	shown.Actions = each(issue.VerbsFor(i.Kind, m), verb)
	return shown
}

func verb(v issue.Verb) string { return string(v) }

// showIssues are the kinds of the open issues of a machine.
func (a *API) showIssues(id string) (kinds []string) {
	for _, i := range a.DB.IssuesOf(id) {
		kinds = append(kinds, string(i.Kind))
	}
	slices.Sort(kinds)
	return kinds
}

// showDifferences is what is declared against what was found, where the facts
// were read.
func (a *API) showDifferences(m *machine.Machine) (all []Difference) {
	if seen := issue.Look(m, a.DB.HardwareType(m.Type)); seen != nil {
		for _, d := range seen.Differences {
			all = append(all, Difference(d))
		}
	}
	return all
}
