package main

import (
	"cmp"
	"context"
	"net/http"

	"firstlight/server/api"
)

type machineBrokenCmd struct {
	machineRef
	Reason string `required:"" enum:"${reasons}" placeholder:"REASON" help:"What is broken: ${enum}. doa is dead on arrival, for a machine that never was in use; oob is its BMC; other needs a note."`
	Note   string `help:"What was seen."`
}

// Run marks as broken.
func (c *machineBrokenCmd) Run(ctx context.Context, h *host) error {
	return c.become(ctx, h, "/broken", api.BrokenOrder{Reason: c.Reason, Note: c.Note})
}

type machineRepairCmd struct {
	machineRef
	Disks string `required:"" enum:"${handlings}" placeholder:"HOW" help:"What is to become of its disks: ${enum}. Whoever repairs it does that; nothing is written by this."`
	Note  string `help:"Kept in the history."`
}

// Run gives into repair.
func (c *machineRepairCmd) Run(ctx context.Context, h *host) error {
	return c.become(ctx, h, "/repair", api.RepairOrder{Disks: c.Disks, Note: c.Note})
}

type machineRepairedCmd struct {
	machineRef
	Note string `help:"Kept in the history."`
}

// Run ends a repair.
func (c *machineRepairedCmd) Run(ctx context.Context, h *host) error {
	return c.become(ctx, h, "/repaired", api.NoteOrder{Note: c.Note})
}

type machineReturnCmd struct {
	machineRef
	Note string `help:"Kept in the history."`
}

// Run gives a machine back to its owner.
func (c *machineReturnCmd) Run(ctx context.Context, h *host) error {
	return c.become(ctx, h, "/return", api.NoteOrder{Note: c.Note})
}

type machineRetireCmd struct {
	machineRef
	Name string `help:"The machine's hardware name, typed: proof that somebody read which one it is; asked for on a terminal."`
	Note string `help:"Kept in the history."`
}

// Run retires once the name was typed.
func (c *machineRetireCmd) Run(ctx context.Context, h *host) error {
	if c.Name == "" {
		if !h.terminal() {
			return usage("retire needs the machine's hardware name: give --name")
		}
		var err error
		if c.Name, err = h.ask(ctx, "It leaves the fleet for good. Type its hardware name: "); err != nil {
			return err
		}
	}
	return c.become(ctx, h, "/retire", api.RetireOrder{Name: c.Name, Note: c.Note})
}

type machineUndoCmd struct{ machineRef }

// Run takes the last act back and says which it was.
func (c *machineUndoCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var before, after api.Machine
	if _, err := a.Get(ctx, c.path(""), nil, &before); err != nil {
		return err
	}
	if _, err := a.Do(ctx, http.MethodPost, c.path("/undo"), nil, &after); err != nil {
		return err
	}
	did := "somebody did something to it"
	if u := before.Undo; u != nil {
		did = u.By + " " + u.Did
	}
	return h.say("%s: undone that %s; it is %s now", c.Ref, did, after.Status)
}

// become asks for another status and says what came of it.
func (m machineRef) become(ctx context.Context, h *host, verb string, body any) error {
	a, err := m.open(h)
	if err != nil {
		return err
	}
	var now api.Machine
	if _, err := a.Do(ctx, http.MethodPost, m.path(verb), body, &now); err != nil {
		return err
	}
	return h.say("%s: %s", m.Ref, cmp.Or(now.Sentence, now.Status))
}
