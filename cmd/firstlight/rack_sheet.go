package main

import (
	"context"
	"fmt"
	"strings"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

type rackSheetCmd struct {
	planRef[rackKind]
	Output string `short:"o" enum:"table,wide,json,yaml,csv,name" default:"table" help:"table, wide (all columns), json (as the API says it), yaml, csv or name (one on a line)."`
}

// Run prints what a technician takes to the rack.
func (c *rackSheetCmd) Run(ctx context.Context, h *host) error {
	l := listing[api.SheetLine]{columns: sheetColumns, read: whole[api.SheetLine](c.path()+"/sheet", nil)}
	return l.run(ctx, h, &c.remote, listFlags{Output: c.Output})
}

var sheetColumns = []output.Column[api.SheetLine]{
	{Name: "unit", Value: func(l api.SheetLine) any { return sheetUnits(l) }},
	{Name: "face", Wide: true, Value: func(l api.SheetLine) any { return l.Face }},
	{Name: "name", Value: func(l api.SheetLine) any {
		if l.Free {
			return output.Word{Text: "free", Tone: output.Absent}
		}
		return l.Name
	}},
	{Name: "serial", Value: func(l api.SheetLine) any { return l.Serial }},
	{Name: "interfaces", Value: func(l api.SheetLine) any { return sheetNICs(l) }},
	{Name: "bmc", Value: func(l api.SheetLine) any { return joined(l.BMCAddress, l.BMCMAC) }},
	{Name: "status", Wide: true, Value: func(l api.SheetLine) any {
		if l.Free {
			return nil
		}
		return status(l.Status)
	}},
	{Name: "hostname", Head: "HOST NAME", Wide: true, Value: func(l api.SheetLine) any { return l.Hostname }},
}

// sheetUnits are the units of a line, the higher one last as people count.
func sheetUnits(l api.SheetLine) string {
	switch {
	case l.Unit == 0:
		return "?"
	case l.Top > l.Unit:
		return fmt.Sprintf("%d-%d", l.Unit, l.Top)
	}
	return fmt.Sprint(l.Unit)
}

// sheetNICs are the interfaces with the ports that they are cabled to.
func sheetNICs(l api.SheetLine) string {
	all := make([]string, len(l.NICs))
	for i, n := range l.NICs {
		all[i] = strings.Join(strings.Fields(n.MAC+" "+n.Switch+" "+n.Port), " ")
	}
	return strings.Join(all, ", ")
}
