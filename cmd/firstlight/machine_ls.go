package main

import (
	"context"
	"strings"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

type machineLsCmd struct {
	remote
	listFlags
	Selector string `arg:"" optional:"" complete:"selector" help:"Which ones, such as 'status=available rack=r12'; all when left out."`
}

// Run lists machines.
func (c *machineLsCmd) Run(ctx context.Context, h *host) error {
	query := queryOf("selector", c.Selector)
	if c.Output == "name" && !c.Watch { // a script wants names of the whole fleet
		query.Set("fields", "name")
	}
	l := listing[api.Machine]{columns: machineColumns, read: paged[api.Machine]("/machines", query, 0)}
	if c.Selector != "" {
		l.none = "no machine matches " + c.Selector
	}
	return l.run(ctx, h, &c.remote, c.listFlags)
}

var machineColumns = []output.Column[api.Machine]{
	{Name: "name", Value: func(m api.Machine) any { return m.Name }},
	{Name: "status", Value: func(m api.Machine) any { return status(m.Status) }},
	{Name: "since", Value: func(m api.Machine) any { return output.Age(m.Since) }},
	{Name: "power", Value: func(m api.Machine) any { return m.Observed.Power }},
	{Name: "hostname", Head: "HOST", Value: func(m api.Machine) any { return m.Hostname }},
	{Name: "address", Value: func(m api.Machine) any { return m.Address }},
	{Name: "site", Value: func(m api.Machine) any { return m.Site }},
	{Name: "room", Wide: true, Value: func(m api.Machine) any { return m.Room }},
	{Name: "rack", Value: func(m api.Machine) any { return m.Rack }},
	{Name: "unit", Wide: true, Value: func(m api.Machine) any { return number(m.Unit) }},
	{Name: "role", Wide: true, Value: func(m api.Machine) any { return m.Role }},
	{Name: "pool", Wide: true, Value: func(m api.Machine) any { return m.Pool }},
	{Name: "owner", Value: func(m api.Machine) any { return m.Owner }},
	{Name: "image", Wide: true, Value: func(m api.Machine) any { return m.Image }},
	{Name: "kind", Wide: true, Value: func(m api.Machine) any { return m.Kind }},
	{Name: "type", Wide: true, Value: func(m api.Machine) any { return m.Type }},
	{Name: "vendor", Wide: true, Value: func(m api.Machine) any { return m.Vendor }},
	{Name: "product", Wide: true, Value: func(m api.Machine) any { return m.Product }},
	{Name: "serial", Wide: true, Value: func(m api.Machine) any { return m.Serial }},
	{Name: "bmc", Wide: true, Value: func(m api.Machine) any { return m.BMC.Address }},
	{Name: "delivery", Wide: true, Value: func(m api.Machine) any { return m.Delivery }},
	{Name: "tags", Wide: true, Value: func(m api.Machine) any { return strings.Join(m.Tags, ", ") }},
	{Name: "id", Wide: true, Value: func(m api.Machine) any { return m.ID }},
	{Name: "flags", Value: func(m api.Machine) any { return flagsText(m.Flags) }},
	{Name: "what", Value: func(m api.Machine) any { return whatText(m) }},
}

// whatText is one sentence on what a machine does, or why it does nothing.
func whatText(m api.Machine) string {
	if m.Observed.Waits != "" {
		return m.Observed.Waits
	}
	return m.Sentence
}

// number leaves out one that is not known.
func number(n int) any {
	if n == 0 {
		return nil
	}
	return n
}
