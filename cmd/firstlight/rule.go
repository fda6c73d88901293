package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"firstlight/cmd/firstlight/client"
	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
	"firstlight/server/declare"
	"firstlight/server/machine"
)

type ruleCmd struct {
	Ls   ruleLsCmd   `cmd:"" help:"List the rules that accept or hold machines."`
	Show ruleShowCmd `cmd:"" help:"Show a rule."`
	Set  ruleSetCmd  `cmd:"" help:"Add a rule, or change what is given of one."`
	Move ruleMoveCmd `cmd:"" help:"Put a rule at another place of the list."`
	Rm   ruleRmCmd   `cmd:"" help:"Remove a rule."`
	Test ruleTestCmd `cmd:"" help:"Say which rule a machine would get now, and why not the others."`
}

// ruleRef names one rule.
type ruleRef struct {
	remote
	Name string `arg:"" help:"Name of a rule."`
}

func (r ruleRef) path() string { return "/rules/" + url.PathEscape(r.Name) }

type ruleShowCmd struct {
	ruleRef
	showFlags
}

// Run shows a rule.
func (c *ruleShowCmd) Run(ctx context.Context, h *host) error {
	_, err := showRule(c.path()).run(ctx, h, &c.remote, c.showFlags)
	return err
}

func showRule(path string) showing[api.Rule] {
	return showing[api.Rule]{path: path, lines: func(p output.Printer, r api.Rule) []string {
		rule := machine.Rule(r)
		return output.Facts(p, append([]output.Fact{{"name", r.Name}}, fieldFacts(declare.Rule(), &rule)...))
	}}
}

type ruleSetCmd struct {
	ruleRef
	formFlags
	Words []string `arg:"" optional:"" name:"field=value" help:"What changes, such as match='subnet=lab cores>=8' accept=true site=lon6; an empty value takes it away."`
}

// Run changes what was given and leaves the rest.
func (c *ruleSetCmd) Run(ctx context.Context, h *host) error {
	if len(c.Words) == 0 {
		return nothingToSet(declare.Rule())
	}
	return c.write(ctx, h, c.formFlags, func(_ *client.Client, r *machine.Rule) error {
		return setFields(declare.Rule(), r, c.Words)
	})
}

// write changes a rule over the state that it read.
func (r ruleRef) write(ctx context.Context, h *host, f formFlags, change func(*client.Client, *machine.Rule) error) error {
	a, err := r.open(h)
	if err != nil {
		return err
	}
	var old api.Rule
	tag, err := a.Tag(ctx, r.path(), &old)
	if err != nil && !missing(err) {
		return err
	}
	rule := machine.Rule(old)
	rule.Name, rule.Order = r.Name, 0 // where it stands, unless that changes
	if err := change(a, &rule); err != nil {
		return err
	}
	put := api.RulePut(rule)
	text, err := a.Write(ctx, http.MethodPut, r.path(), condition(tag), put, &old)
	if err != nil {
		return err
	}
	return showRule(r.path()).print(h, f, reply[api.Rule]{old, text})
}

type ruleMoveCmd struct {
	ruleRef
	formFlags
	To string `arg:"" help:"A place, from 1: first, last, or the name of the rule that it goes before."`
}

// Run moves a rule.
func (c *ruleMoveCmd) Run(ctx context.Context, h *host) error {
	return c.write(ctx, h, c.formFlags, func(a *client.Client, r *machine.Rule) (err error) {
		r.Order, err = c.place(ctx, a)
		return err
	})
}

// place is the number of the place that was named.
func (c *ruleMoveCmd) place(ctx context.Context, a *client.Client) (int, error) {
	rows, err := client.Whole[api.Rule](ctx, a, "/rules", nil)
	if err != nil {
		return 0, err
	}
	others := slices.DeleteFunc(rows.Items, func(r api.Rule) bool { return r.Name == c.Name })
	if len(others) == len(rows.Text) {
		var names []string
		for _, r := range others {
			names = append(names, r.Name)
		}
		return 0, failure{exitNotFound, machine.Missing("rule", c.Name, names...)}
	}
	before := slices.IndexFunc(others, func(r api.Rule) bool { return r.Name == c.To })
	n, bad := strconv.Atoi(c.To)
	switch {
	case before >= 0:
		return before + 1, nil
	case c.To == "first":
		return 1, nil
	case c.To == "last":
		return len(others) + 1, nil
	case bad != nil || n < 1:
		return 0, usage("%q is no place: want a number from 1, first, last, or the name of another rule", c.To)
	}
	return n, nil
}

type ruleRmCmd struct{ ruleRef }

// Run removes a rule.
func (c *ruleRmCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	if _, err := a.Do(ctx, http.MethodDelete, c.path(), nil, nil); err != nil {
		return err
	}
	return h.say("rule %s: removed", c.Name)
}

type ruleTestCmd struct {
	machineRef
	showFlags
}

// Run changes nothing.
func (c *ruleTestCmd) Run(ctx context.Context, h *host) error {
	_, err := showing[api.Trial]{path: c.path("/rules"), lines: trialLines}.run(ctx, h, &c.remote, c.showFlags)
	return err
}

func trialLines(_ output.Printer, t api.Trial) []string {
	says := "it would become available"
	if !t.Accepted {
		says = fmt.Sprintf("it would be held (%s): %s", t.Reason, t.Sentence)
	}
	lines := []string{fmt.Sprintf("%s on subnet %s: %s", t.Machine, t.Subnet, output.Plain(says))}
	for i, o := range t.Rules {
		word := "does not match"
		switch {
		case o.Decides:
			word = "decides"
		case o.Matches:
			word = "matches"
		}
		lines = append(lines, fmt.Sprintf("%3d  %s  %s: %s", i+1, o.Rule, word, output.Plain(o.Why)))
	}
	return lines
}
