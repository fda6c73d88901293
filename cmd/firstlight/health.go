package main

import (
	"context"
	"errors"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
	"firstlight/server/health"
)

type healthCmd struct {
	remote
	showFlags
}

// Run shows how the parts are, and fails when one of them has and nobody watches.
func (c *healthCmd) Run(ctx context.Context, h *host) error {
	s := showing[api.Health]{path: "/health", lines: healthLines}
	found, err := s.run(ctx, h, &c.remote, c.showFlags)
	if err != nil {
		return err
	}
	if !c.Watch && found.State == string(health.Failed) {
		return errors.New("a part of the appliance has failed: its log says more")
	}
	return nil
}

func healthLines(p output.Printer, found api.Health) []string {
	return output.Table(p, found.Parts, []output.Column[health.Status]{
		{Name: "part", Value: func(s health.Status) any { return s.Name }},
		{Name: "state", Value: func(s health.Status) any { return status(string(s.State)) }},
		{Name: "detail", Value: func(s health.Status) any { return s.Detail }},
	})
}
