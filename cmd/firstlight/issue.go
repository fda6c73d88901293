package main

import (
	"context"
	"net/http"
	"net/url"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

type issuesCmd struct {
	remote
	listFlags
	Selector string `arg:"" optional:"" help:"Of which machines, such as 'site=lon6 role=db'; all when left out."`
	Kind     string `placeholder:"KIND" help:"Only those of one kind, such as silent; issue kinds lists them."`
	Site     string `placeholder:"SITE" help:"Only those of machines at one site."`
	Rack     string `placeholder:"RACK" help:"Only those of machines in one rack."`
	Taken    string `placeholder:"yes|no" help:"Only those that somebody has, or nobody."`
}

// Run lists what asks for a person, the oldest first.
func (c *issuesCmd) Run(ctx context.Context, h *host) error {
	query := queryOf("selector", c.Selector, "kind", c.Kind, "site", c.Site, "rack", c.Rack, "taken", c.Taken)
	l := listing[api.Issue]{columns: issueColumns, read: paged[api.Issue]("/issues", query, 0), none: "nothing asks for a person"}
	return l.run(ctx, h, &c.remote, c.listFlags)
}

var issueColumns = []output.Column[api.Issue]{
	{Name: "name", Value: func(i api.Issue) any { return i.Name }},
	{Name: "kind", Value: func(i api.Issue) any { return severe(i.Severity, i.Kind) }},
	{Name: "since", Value: func(i api.Issue) any { return output.Age(i.Since) }},
	{Name: "site", Wide: true, Value: func(i api.Issue) any { return i.Site }},
	{Name: "rack", Value: func(i api.Issue) any { return i.Rack }},
	{Name: "unit", Wide: true, Value: func(i api.Issue) any { return number(i.Unit) }},
	{Name: "taken", Value: func(i api.Issue) any { return i.Taken }},
	{Name: "actions", Wide: true, Value: func(i api.Issue) any { return joined(i.Actions...) }},
	{Name: "subject", Wide: true, Value: func(i api.Issue) any { return i.Subject }},
	{Name: "what", Value: func(i api.Issue) any { return i.Sentence }},
}

// severe gives a word in the colour of how much is wrong.
func severe(severity, word string) output.Word {
	if severity == "broken" {
		return output.Word{Text: word, Tone: output.Broken}
	}
	return output.Word{Text: word, Tone: output.Held}
}

type issueCmd struct {
	Take  issueTakeCmd  `cmd:"" help:"Say: I have this one, so that no other goes after it."`
	Drop  issueDropCmd  `cmd:"" help:"Give an issue back that you took."`
	Kinds issueKindsCmd `cmd:"" help:"List the catalogue: what is looked for, what it means, and what is not computed."`
}

// issueRef names one issue.
type issueRef struct {
	remote
	Name string `arg:"" help:"Name of the machine, or subject of the issue."`
	Kind string `arg:"" help:"Kind of the issue, such as silent."`
}

func (i issueRef) path(verb string) string {
	return "/issues/" + url.PathEscape(i.Name) + "/" + url.PathEscape(i.Kind) + verb
}

type issueTakeCmd struct {
	issueRef
	Over bool `help:"Take it over from whoever has it."`
}

// Run takes.
func (c *issueTakeCmd) Run(ctx context.Context, h *host) error {
	i, err := c.order(ctx, h, "/take", api.TakeOrder{Over: c.Over})
	if err != nil {
		return err
	}
	return h.say("%s %s: %s has it", i.Name, i.Kind, i.Taken)
}

type issueDropCmd struct{ issueRef }

// Run gives it back.
func (c *issueDropCmd) Run(ctx context.Context, h *host) error {
	i, err := c.order(ctx, h, "/drop", nil)
	if err != nil {
		return err
	}
	return h.say("%s %s: nobody has it", i.Name, i.Kind)
}

func (i issueRef) order(ctx context.Context, h *host, verb string, body any) (shown api.Issue, err error) {
	a, err := i.open(h)
	if err != nil {
		return shown, err
	}
	_, err = a.Do(ctx, http.MethodPost, i.path(verb), body, &shown)
	return shown, err
}

type issueKindsCmd struct {
	remote
	listFlags
}

// Run lists the catalogue.
func (c *issueKindsCmd) Run(ctx context.Context, h *host) error {
	return listing[api.IssueKind]{columns: issueKindColumns, read: whole[api.IssueKind]("/issues/kinds", nil)}.run(ctx, h, &c.remote, c.listFlags)
}

var issueKindColumns = []output.Column[api.IssueKind]{
	{Name: "kind", Value: func(k api.IssueKind) any { return severe(k.Severity, k.Kind) }},
	{Name: "open", Value: func(k api.IssueKind) any { return number(k.Open) }},
	{Name: "title", Value: func(k api.IssueKind) any { return k.Title }},
	{Name: "actions", Wide: true, Value: func(k api.IssueKind) any { return joined(k.Actions...) }},
	{Name: "not_computed", Head: "NOT COMPUTED", Value: func(k api.IssueKind) any { return k.NotComputed }},
	{Name: "means", Wide: true, Value: func(k api.IssueKind) any { return k.Means }},
}
