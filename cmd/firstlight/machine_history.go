package main

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

type machineHistoryCmd struct {
	machineRef
	listFlags
	Guards bool `help:"With what each guard saw."`
}

// Run shows every status the machine had.
func (c *machineHistoryCmd) Run(ctx context.Context, h *host) error {
	guards := guardNames
	if c.Guards {
		guards = func(s api.Change) string { return joined(s.Guards...) }
	}
	columns := []output.Column[api.Change]{
		{Name: "id", Wide: true, Value: func(s api.Change) any { return s.ID }},
		{Name: "at", Value: func(s api.Change) any { return s.At }},
		{Name: "from", Value: func(s api.Change) any { return status(cmp.Or(s.From, "unknown")) }},
		{Name: "to", Value: func(s api.Change) any { return status(s.To) }},
		{Name: "who", Value: func(s api.Change) any { return s.Who }},
		{Name: "why", Value: func(s api.Change) any { return cmp.Or(s.Sentence, s.Why) }},
		{Name: "job", Wide: true, Value: func(s api.Change) any { return s.Job }},
		{Name: "guards", Value: func(s api.Change) any { return guards(s) }},
	}
	l := listing[api.Change]{columns: columns, read: whole[api.Change](c.path("/history"), nil)}
	return l.run(ctx, h, &c.remote, c.listFlags)
}

// guardNames counts the guards that passed, and names those that did not: what
// could not be checked must never look like a proof.
func guardNames(s api.Change) string {
	passed := 0
	others := map[string][]string{}
	for _, g := range s.Guards {
		g, _, _ = strings.Cut(g, " (")
		verdict, name, _ := strings.Cut(g, ":")
		if verdict == "passed" {
			passed++
			continue
		}
		others[verdict] = append(others[verdict], name)
	}
	text := ""
	if passed > 0 {
		text = strconv.Itoa(passed) + " passed"
	}
	for _, verdict := range slices.Sorted(maps.Keys(others)) {
		text = strings.TrimPrefix(text+"; "+verdict+": "+strings.Join(others[verdict], ", "), "; ")
	}
	return text
}
