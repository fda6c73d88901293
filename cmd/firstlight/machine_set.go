package main

import (
	"context"
	"net/http"

	"firstlight/server/api"
	"firstlight/server/declare"
)

type machineSetCmd struct {
	machinesRef
	formFlags
	Words []string `arg:"" optional:"" name:"field=value" help:"What changes, such as rack=lon6-r12 unit=17 tags=+loaner nic.eth0.port=23 param.tier=gold; an empty value takes it away."`
}

// Run changes what people declare of a machine, or of many.
func (c *machineSetCmd) Run(ctx context.Context, h *host) error {
	if c.many() && c.Ref != "" { // the selector stands for the name
		c.Words, c.Ref = append([]string{c.Ref}, c.Words...), ""
	}
	if err := c.check(); err != nil {
		return err
	}
	if len(c.Words) == 0 {
		return nothingToSet(declare.Machine())
	}
	changes, err := declare.Words(c.Words)
	if err != nil {
		return failure{exitUsage, err}
	}
	patch, err := api.PatchOf(changes)
	if err != nil {
		return failure{exitUsage, err}
	}
	if c.many() {
		return c.change(ctx, h, c.formFlags, api.MachinesChange{Set: &patch})
	}
	a, err := c.open(h)
	if err != nil {
		return err
	}
	tag, err := a.Tag(ctx, c.path(""), nil)
	if err != nil {
		return err
	}
	var m api.Machine
	text, err := a.Write(ctx, http.MethodPatch, c.path(""), condition(tag), patch, &m)
	if err != nil {
		return err
	}
	s := showing[api.Machine]{path: c.path(""), machine: c.Ref, lines: machineLines}
	return s.print(h, c.formFlags, reply[api.Machine]{m, text})
}
