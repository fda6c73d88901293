package main

import (
	"context"
	"net/url"
	"strconv"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

type machineLogCmd struct {
	machineRef
	formFlags
	Limit int `default:"200" help:"The last so many lines, at most 2000."`
}

// Run prints the end of what a machine's agent logged.
func (c *machineLogCmd) Run(ctx context.Context, h *host) error {
	path := c.path("/log") + "?" + url.Values{"lines": {strconv.Itoa(c.Limit)}}.Encode()
	s := showing[api.Log]{path: path, lines: logLines}
	_, err := s.run(ctx, h, &c.remote, showFlags{formFlags: c.formFlags})
	return err
}

func logLines(_ output.Printer, l api.Log) (lines []string) {
	for _, line := range l.Lines {
		lines = append(lines, output.Plain(line))
	}
	return lines
}
