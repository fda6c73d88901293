package main

import (
	"context"
	"encoding/json"
	"errors"

	"firstlight/server/api"
	"firstlight/server/health"
)

type healthCmd struct {
	remote
	showFlags
}

// Run shows how the parts are, and fails when one of them has.
func (c *healthCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var found api.Health
	text, err := a.Get(ctx, "/health", nil, &found)
	if err != nil {
		return err
	}
	if err := c.print(h, text, found); err != nil {
		return err
	}
	if found.State == string(health.Failed) {
		return errors.New("a part of the appliance has failed: its log says more")
	}
	return nil
}

func (c *healthCmd) print(h *host, text json.RawMessage, found api.Health) error {
	if c.Output == "json" {
		return printJSON(h.out, text)
	}
	return printTable(h.out, found.Parts, []column[health.Status]{
		{"PART", func(s health.Status) string { return s.Name }},
		{"STATE", func(s health.Status) string { return string(s.State) }},
		{"DETAIL", func(s health.Status) string { return s.Detail }},
	})
}
