package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

type importCmd struct {
	remote
	Output      string   `short:"o" enum:"table,json" default:"table" help:"table or json (as the API says it)."`
	File        string   `arg:"" help:"List of machines, CSV or JSON; - reads standard input."`
	DryRun      bool     `help:"Print the verdict on every line and write nothing."`
	Partial     bool     `help:"Write the lines that are good and leave the others."`
	As          string   `enum:"expected,in_use" default:"expected" help:"in_use adopts machines that serve already; for admins."`
	Reason      string   `help:"Why machines are adopted."`
	Delivery    string   `placeholder:"NAME" help:"Delivery that the machines belong to, such as the order's number."`
	Site        string   `help:"Of machines whose line names neither site nor rack."`
	CreateRacks bool     `help:"Add the racks, and for an admin the sites, that are not there."`
	Map         []string `sep:"none" placeholder:"HEADING=COLUMN" help:"What a heading means; nothing after = leaves it out. May be repeated."`
}

// Run brings a list. What was refused ends with the code of a refusal.
func (c *importCmd) Run(ctx context.Context, h *host) error {
	if c.As == "in_use" && c.Reason == "" && !c.DryRun {
		return usage("--as in_use needs --reason: history keeps why the machines were adopted")
	}
	text, err := c.read(h)
	if err != nil {
		return err
	}
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var got api.Import
	raw, err := a.Import(ctx, c.query(), text, func(done, total int) { h.tell("Writes line %d of %d", done, total) }, &got)
	h.clear()
	if err != nil {
		return err
	}
	if c.Output == "json" {
		err = h.printer("json").Document(raw)
	} else {
		err = c.print(h, got)
	}
	if got.Refused > 0 {
		err = errors.Join(err, failure{code: exitRefused, err: errors.New(refusedSays(got))})
	}
	return err
}

func refusedSays(got api.Import) string {
	lines := plural(got.Refused, "line") + " refused"
	if got.Written || got.DryRun {
		return lines
	}
	return lines + ", so that nothing was written: correct the list, or import the rest with --partial"
}

func (c *importCmd) read(h *host) ([]byte, error) {
	if c.File == "-" {
		return io.ReadAll(h.in)
	}
	text, err := os.ReadFile(c.File)
	if err != nil {
		return nil, usage("%w", err)
	}
	return text, nil
}

func (c *importCmd) query() url.Values {
	q := queryOf("dry_run", yes(c.DryRun, "true"), "partial", yes(c.Partial, "true"), "as", c.As, "reason", c.Reason,
		"delivery", c.Delivery, "site", c.Site, "create_racks", yes(c.CreateRacks, "true"))
	for _, m := range c.Map {
		q.Add("map", m)
	}
	return q
}

// print tells of each line that does something; a long list that only adds
// machines is told in one line.
func (c *importCmd) print(h *host, got api.Import) error {
	for _, v := range got.Lines {
		for _, f := range v.Faults {
			value := ""
			if f.Value != "" {
				value = fmt.Sprintf(" %q", f.Value)
			}
			if err := h.say("line %d, %s: refused: %s%s: %s", v.Line, v.Machine, f.Field, value, f.Detail); err != nil {
				return err
			}
		}
		if v.Result == "update" || c.DryRun && v.Result == "new" {
			if err := h.say("line %d, %s: %s", v.Line, v.Machine, verdictSays(v)); err != nil {
				return err
			}
		}
	}
	if len(got.LeftOut) > 0 {
		h.note("left out: %s (--map 'HEADING=COLUMN' takes one in)", strings.Join(got.LeftOut, ", "))
	}
	for _, m := range got.Missing {
		h.note("with the list: %s", m)
	}
	done := "written"
	switch {
	case !got.Written:
		done = "nothing written"
	case got.New+got.Changed == 0:
		done = "nothing to write"
	}
	return h.say("%d new, %d changed, %d unchanged, %d refused: %s", got.New, got.Changed, got.Unchanged, got.Refused, done)
}

func verdictSays(v api.Verdict) string {
	all := make([]string, len(v.Changes))
	for i, c := range v.Changes {
		all[i] = fmt.Sprintf("%s %q → %q", c.Field, c.Before, c.After)
	}
	return strings.TrimSuffix(v.Result+": "+strings.Join(all, ", "), ": ")
}

type exportCmd struct {
	remote
	Selector string `arg:"" optional:"" help:"Which machines, such as rack=lon6-r12; all that are not retired, when left out."`
	Output   string `short:"o" enum:"csv,json" default:"csv" help:"csv or json."`
}

// Run writes a list that import reads.
func (c *exportCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	text, err := a.Get(ctx, "/export", queryOf("selector", c.Selector, "format", c.Output), nil)
	if err != nil {
		return err
	}
	_, err = h.out.Write(text)
	return err
}

type deliveryCmd struct {
	Ls    deliveryLsCmd    `cmd:"" help:"List deliveries."`
	Show  deliveryShowCmd  `cmd:"" help:"Show one: what arrived, what is missing, what nobody expected."`
	Close deliveryCloseCmd `cmd:"" help:"Say that nothing more of it comes: what is missing becomes retired."`
}

type deliveryLsCmd struct {
	remote
	listFlags
}

// Run lists deliveries, the newest first.
func (c *deliveryLsCmd) Run(ctx context.Context, h *host) error {
	l := listing[api.Delivery]{columns: deliveryColumns, newest: true, none: "no delivery yet: firstlight import --delivery NAME FILE makes one", read: whole[api.Delivery]("/deliveries", nil)}
	return l.run(ctx, h, &c.remote, c.listFlags)
}

var deliveryColumns = []output.Column[api.Delivery]{
	{Name: "name", Value: func(d api.Delivery) any { return d.Name }},
	{Name: "site", Value: func(d api.Delivery) any { return d.Site }},
	{Name: "lines", Value: func(d api.Delivery) any { return d.Lines }},
	{Name: "arrived", Value: func(d api.Delivery) any { return d.Arrived }},
	{Name: "missing", Value: func(d api.Delivery) any { return d.Missing }},
	{Name: "unexpected", Value: func(d api.Delivery) any { return d.Unexpected }},
	{Name: "created_at", Head: "CREATED", Value: func(d api.Delivery) any { return d.CreatedAt }},
	{Name: "created_by", Head: "BY", Wide: true, Value: func(d api.Delivery) any { return d.CreatedBy }},
	{Name: "closed_at", Head: "CLOSED", Value: func(d api.Delivery) any {
		if d.ClosedAt == nil {
			return ""
		}
		return *d.ClosedAt
	}},
}

type deliveryRef struct {
	remote
	Name string `arg:"" help:"Name of a delivery."`
}

func (c *deliveryRef) path() string { return "/deliveries/" + url.PathEscape(c.Name) }

type deliveryShowCmd struct {
	deliveryRef
	showFlags
	CSV bool `name:"csv" help:"Print the hand-off list of its machines as CSV."`
}

// Run shows a delivery.
func (c *deliveryShowCmd) Run(ctx context.Context, h *host) error {
	if c.CSV {
		a, err := c.open(h)
		if err != nil {
			return err
		}
		text, err := a.Get(ctx, c.path()+"/handoff", nil, nil)
		if err == nil {
			_, err = h.out.Write(text)
		}
		return err
	}
	_, err := showing[api.DeliveryState]{path: c.path(), lines: deliveryLines}.run(ctx, h, &c.remote, c.showFlags)
	return err
}

func deliveryLines(_ output.Printer, d api.DeliveryState) []string {
	lines := []string{fmt.Sprintf("%s: %d of %d arrived, %d missing, %d unexpected", d.Name, d.Arrived, d.Lines, d.Missing, d.Unexpected)}
	if d.HandOff != "" {
		lines = append(lines, d.HandOff)
	}
	for _, group := range []struct {
		says string
		all  []api.DeliveryMachine
	}{{"missing", d.MissingMachines}, {"unexpected", d.UnexpectedMachines}, {"never arrived", d.NeverCame}, {"arrived", d.ArrivedMachines}} {
		for _, m := range group.all {
			line := fmt.Sprintf("  %-13s %s", group.says, m.Name)
			if m.Rack != "" {
				line += fmt.Sprintf("  %s u%d", m.Rack, m.Unit)
			}
			if group.says == "arrived" || group.says == "unexpected" {
				line += "  " + strings.ReplaceAll(m.Status, "_", " ")
			}
			lines = append(lines, line)
		}
	}
	return lines
}

type deliveryCloseCmd struct {
	deliveryRef
	Note string `help:"Why; kept with each machine that never arrived."`
}

// Run closes a delivery.
func (c *deliveryCloseCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var d api.DeliveryState
	if _, err := a.Do(ctx, http.MethodPost, c.path()+"/close", api.DeliveryClose{Note: c.Note}, &d); err != nil {
		return err
	}
	return h.say("delivery %s is closed: %d arrived, %d never did", d.Name, d.Arrived, d.NeverArrived)
}
