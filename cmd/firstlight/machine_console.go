package main

import (
	"context"

	"firstlight/server/api"
)

type machineConsoleCmd struct {
	machineRef
	showFlags
}

// Run prints the end of a machine's console.
func (c *machineConsoleCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var console api.Console
	text, err := a.Get(ctx, c.path("/console"), nil, &console)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(h.out, text)
	}
	for _, line := range console.Lines {
		if err := h.say("%s", line); err != nil {
			return err
		}
	}
	return nil
}
