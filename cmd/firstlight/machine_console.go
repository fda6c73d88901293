package main

import (
	"context"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

type machineConsoleCmd struct {
	machineRef
	formFlags
}

// Run prints the end of a machine's console.
func (c *machineConsoleCmd) Run(ctx context.Context, h *host) error {
	s := showing[api.Console]{path: c.path("/console"), lines: consoleLines}
	_, err := s.run(ctx, h, &c.remote, showFlags{formFlags: c.formFlags})
	return err
}

func consoleLines(_ output.Printer, c api.Console) (lines []string) {
	for _, line := range c.Lines {
		lines = append(lines, output.Plain(line))
	}
	return lines
}
