package main

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"firstlight/cmd/firstlight/client"
	"firstlight/server/api"
)

type machineHistoryCmd struct {
	machineRef
	listJSON
	Guards bool `help:"With what each guard saw."`
}

// Run shows every status the machine had.
func (c *machineHistoryCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	rows, err := client.Whole[api.Change](ctx, a, c.path("/history"), nil)
	if err != nil {
		return err
	}
	guards := guardNames
	if c.Guards {
		guards = func(s api.Change) string { return joined(s.Guards...) }
	}
	return printList(h.out, c.Output, rows, []column[api.Change]{
		{"AT", func(s api.Change) string { return clock(s.At) }},
		{"FROM", func(s api.Change) string { return cmp.Or(s.From, "unknown") }},
		{"TO", func(s api.Change) string { return s.To }},
		{"WHO", func(s api.Change) string { return s.Who }},
		{"WHY", func(s api.Change) string { return cmp.Or(s.Sentence, s.Why) }},
		{"GUARDS", guards},
	})
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
