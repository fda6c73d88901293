package main

import (
	"context"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

type machineReleaseCmd struct {
	machineRef
	Name string `help:"The machine's hardware name, typed: proof that somebody read which one it is; asked for on a terminal."`
}

// Run shows what would be lost, and lets go of it once the name was typed.
func (c *machineReleaseCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var m api.Machine
	if _, err := a.Get(ctx, c.path(""), nil, &m); err != nil {
		return err
	}
	if c.Name == "" {
		if !h.terminal() {
			return usage("release needs the machine's hardware name: give --name")
		}
		if c.Name, err = askRelease(ctx, h, m); err != nil {
			return err
		}
	}
	return c.order(ctx, h, "/release", api.ReleaseOrder{Name: c.Name}, "its disks may be overwritten")
}

type machineWaiveCmd struct {
	machineRef
	Reason string `required:"" help:"Why the check may fail; kept in the history beside your name."`
}

// Run lets a held machine pass.
func (c *machineWaiveCmd) Run(ctx context.Context, h *host) error {
	return c.become(ctx, h, "/waive", api.WaiveOrder{Reason: c.Reason})
}

func askRelease(ctx context.Context, h *host, m api.Machine) (string, error) {
	h.note("%s is %s; owner: %s", m.Name, m.Status, orNobody(m.Owner))
	if m.Facts != nil {
		for _, d := range m.Facts.Disks {
			h.note("  disk %s, serial %s, %s: %s", d.Name, d.Serial, output.Size(d.Bytes), contentsText(d))
		}
	}
	return h.ask(ctx, "What its disks hold will be lost. Type its hardware name: ")
}

func orNobody(owner string) string {
	if owner == "" {
		return "nobody"
	}
	return owner
}
