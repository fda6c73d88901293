package main

import (
	"context"
	"strconv"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
	"firstlight/server/machine"
)

type capacityCmd struct {
	remote
	listFlags
}

// Run counts machines by site and hardware type.
func (c *capacityCmd) Run(ctx context.Context, h *host) error {
	return listing[api.Capacity]{columns: capacityColumns(), read: whole[api.Capacity]("/capacity", nil)}.run(ctx, h, &c.remote, c.listFlags)
}

func capacityColumns() []output.Column[api.Capacity] {
	all := []output.Column[api.Capacity]{
		{Name: "site", Value: func(c api.Capacity) any { return orDash(c.Site) }},
		{Name: "type", Value: func(c api.Capacity) any { return orDash(c.Type) }},
		{Name: "free", Value: func(c api.Capacity) any { return c.Free }},
		{Name: "after_recycling", Value: func(c api.Capacity) any { return c.AfterRecycling }},
		{Name: "total", Value: func(c api.Capacity) any { return c.Total }},
		{Name: "statuses", Head: "STATUSES", Value: func(c api.Capacity) any { return statusCounts(c.ByStatus) }},
	}
	for _, s := range machine.Statuses() {
		if s != machine.Retired {
			all = append(all, output.Column[api.Capacity]{Name: string(s), Wide: true, Value: func(c api.Capacity) any { return number(c.ByStatus[string(s)]) }})
		}
	}
	return all
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func statusCounts(by map[string]int) string {
	var all []string
	for _, s := range machine.Statuses() {
		if n := by[string(s)]; n > 0 {
			all = append(all, strconv.Itoa(n)+" "+string(s))
		}
	}
	return joined(all...)
}
