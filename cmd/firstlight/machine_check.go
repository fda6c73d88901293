package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"firstlight/cmd/firstlight/client"
	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
	"firstlight/server/machine"
)

type machineCheckCmd struct {
	machineRef
	For   time.Duration `help:"How long all tests may take, 1m to 72h; else as its rule asks, or 10m. From an hour on all that makes heat runs at once."`
	Tests []string      `placeholder:"TEST" help:"Some of network, disk-read, disk-self-test, processor, memory, thermal; else all."`
	Wait  bool          `help:"Follow the job until it ends; fails when it or the hardware does."`
}

// Run has a machine checked. Nothing is written to it.
func (c *machineCheckCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var j api.Job
	if _, err := a.Do(ctx, http.MethodPost, c.path("/check"), api.CheckOrder{Seconds: int(c.For.Seconds()), Tests: c.Tests}, &j); err != nil {
		return err
	}
	if err := h.say("%s: job %s checks its hardware for %s", j.Machine, j.ID, j.Params["for"]); err != nil || !c.Wait {
		return err
	}
	jobs := []api.Job{j}
	if err := follow(ctx, newWatcher(h), a, jobs); err != nil || jobs[0].Check == nil {
		return err
	}
	return h.say("%s: passed: %s", j.Machine, jobs[0].Check.Sentence)
}

type machineChecksCmd struct {
	machineRef
	ID string `arg:"" optional:"" help:"Of one check, to show what it found, the worst first; last is the newest."`
	listFlags
}

// Run lists the checks of a machine, or what one of them found.
func (c *machineChecksCmd) Run(ctx context.Context, h *host) error {
	if c.ID != "" {
		l := listing[api.Finding]{columns: findingColumns, read: c.findings, none: "Nothing was measured."}
		return l.run(ctx, h, &c.remote, c.listFlags)
	}
	columns := []output.Column[api.Check]{
		{Name: "at", Value: func(k api.Check) any { return k.At }},
		{Name: "for", Value: func(k api.Check) any { return machine.Span(time.Duration(k.Seconds) * time.Second) }},
		{Name: "passed", Value: func(k api.Check) any { return map[bool]string{true: "yes", false: "no"}[k.OK] }},
		{Name: "verdict", Value: func(k api.Check) any { return k.Sentence }},
		{Name: "beside", Wide: true, Value: func(k api.Check) any { return k.Like }},
		{Name: "id", Value: func(k api.Check) any { return k.ID }},
	}
	l := listing[api.Check]{columns: columns, read: whole[api.Check](c.path("/checks"), nil), none: "It was never checked."}
	return l.run(ctx, h, &c.remote, c.listFlags)
}

var findingColumns = []output.Column[api.Finding]{
	{Name: "is", Value: func(f api.Finding) any { return f.Is }},
	{Name: "test", Wide: true, Value: func(f api.Finding) any { return f.Test }},
	{Name: "metric", Wide: true, Value: func(f api.Finding) any { return f.Metric }},
	{Name: "part", Wide: true, Value: func(f api.Finding) any { return f.Part }},
	{Name: "model", Wide: true, Value: func(f api.Finding) any { return f.Model }},
	{Name: "value", Wide: true, Value: func(f api.Finding) any { return f.Value }},
	{Name: "unit", Wide: true, Value: func(f api.Finding) any { return f.Unit }},
	{Name: "says", Value: func(f api.Finding) any { return f.Sentence }},
}

// findings reads those of one check.
func (c *machineChecksCmd) findings(ctx context.Context, a *client.Client) (rows client.Rows[api.Finding], err error) {
	id := c.ID
	if id == "last" {
		all, err := whole[api.Check](c.path("/checks"), nil)(ctx, a)
		if err != nil {
			return rows, err
		}
		if len(all.Items) == 0 {
			return rows, failure{code: exitNotFound, err: fmt.Errorf("machine %s was never checked", c.Ref)}
		}
		id = all.Items[0].ID
	}
	var k api.Check
	if _, err := a.Get(ctx, "/checks/"+url.PathEscape(id), nil, &k); err != nil {
		return rows, err
	}
	rows.Items = k.Findings
	return rows, nil
}
