package main

import (
	"cmp"
	"context"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
	"firstlight/server/machine"
)

type machineHistoryCmd struct {
	machineRef
	listFlags
	Guards bool `help:"With what each guard saw."`
}

// Run shows every status the machine had.
func (c *machineHistoryCmd) Run(ctx context.Context, h *host) error {
	guards := machine.GuardSummary
	if c.Guards {
		guards = func(notes []string) string { return joined(notes...) }
	}
	columns := []output.Column[api.Change]{
		{Name: "id", Wide: true, Value: func(s api.Change) any { return s.ID }},
		{Name: "at", Value: func(s api.Change) any { return s.At }},
		{Name: "from", Value: func(s api.Change) any { return status(cmp.Or(s.From, "unknown")) }},
		{Name: "to", Value: func(s api.Change) any { return status(s.To) }},
		{Name: "who", Value: func(s api.Change) any { return s.Who }},
		{Name: "why", Value: func(s api.Change) any { return cmp.Or(s.Sentence, s.Why) }},
		{Name: "job", Wide: true, Value: func(s api.Change) any { return s.Job }},
		{Name: "guards", Value: func(s api.Change) any { return guards(s.Guards) }},
	}
	l := listing[api.Change]{columns: columns, read: whole[api.Change](c.path("/history"), nil)}
	return l.run(ctx, h, &c.remote, c.listFlags)
}
