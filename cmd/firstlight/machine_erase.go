package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

type machineEraseCmd struct {
	machineRef
	Name string `help:"The machine's hardware name, typed: proof that somebody read which one it is; asked for on a terminal."`
	Note string `help:"Kept in the history."`
	Wait bool   `help:"Follow the job until it ends; fails when it does."`
}

// Run shows what would be lost, and has it erased once the name was typed.
func (c *machineEraseCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	if c.Name == "" {
		if !h.terminal() {
			return usage("erase needs the machine's hardware name: give --name")
		}
		var m api.Machine
		if _, err := a.Get(ctx, c.path(""), nil, &m); err != nil {
			return err
		}
		if c.Name, err = askRelease(ctx, h, m); err != nil {
			return err
		}
	}
	var j api.Job
	if _, err := a.Do(ctx, http.MethodPost, c.path("/erase"), api.EraseOrder{Name: c.Name, Note: c.Note}, &j); err != nil {
		return err
	}
	if err := h.say("%s: job %s erases %s", j.Machine, j.ID, plural(len(j.Disks), "disk")); err != nil || !c.Wait {
		return err
	}
	return follow(ctx, newWatcher(h), a, []api.Job{j})
}

type machineUnfenceCmd struct {
	machineRef
	Name string `help:"The machine's hardware name, typed: proof that somebody read which one it is; asked for on a terminal."`
	Why  string `required:"" help:"What became of the disk that could not be erased; kept in timeline and audit."`
}

// Run takes the fence away once the name was typed.
func (c *machineUnfenceCmd) Run(ctx context.Context, h *host) error {
	if c.Name == "" {
		if !h.terminal() {
			return usage("unfence needs the machine's hardware name: give --name")
		}
		var err error
		if c.Name, err = h.ask(ctx, "What was on its disks may still be there. Type its hardware name: "); err != nil {
			return err
		}
	}
	return c.order(ctx, h, "/unfence", api.UnfenceOrder{Name: c.Name, Why: c.Why}, "its fence is gone; it is still broken")
}

type machineErasuresCmd struct {
	machineRef
	listFlags
}

// Run lists what became of disks.
func (c *machineErasuresCmd) Run(ctx context.Context, h *host) error {
	columns := []output.Column[api.Erasure]{
		{Name: "at", Value: func(e api.Erasure) any { return e.At }},
		{Name: "disk", Value: func(e api.Erasure) any { return e.Serial }},
		{Name: "model", Wide: true, Value: func(e api.Erasure) any { return e.Model }},
		{Name: "size", Value: func(e api.Erasure) any { return output.Size(e.Bytes) }},
		{Name: "erased", Value: func(e api.Erasure) any { return yes(e.OK, "yes") }},
		{Name: "method", Value: func(e api.Erasure) any { return e.Method }},
		{Name: "category", Value: func(e api.Erasure) any { return e.Category }},
		{Name: "read back", Wide: true, Value: func(e api.Erasure) any { return output.Size(e.Read) }},
		{Name: "error", Value: func(e api.Erasure) any { return e.Error }},
		{Name: "job", Wide: true, Value: func(e api.Erasure) any { return e.Job }},
	}
	l := listing[api.Erasure]{columns: columns, read: whole[api.Erasure](c.path("/erasures"), nil)}
	return l.run(ctx, h, &c.remote, c.listFlags)
}

type machineCertificateCmd struct {
	machineRef
	Disk string `placeholder:"SERIAL" help:"Of this disk alone; else the newest of each."`
}

// Run prints certificates, as certificate verify reads them.
func (c *machineCertificateCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var all api.List[api.Erasure]
	if _, err := a.Get(ctx, c.path("/erasures"), nil, &all); err != nil {
		return err
	}
	newest := map[string]bool{}
	signed := []*api.SignedCertificate{}
	for _, e := range all.Items {
		if c.Disk != "" && e.Serial != c.Disk || newest[e.Serial] {
			continue
		}
		newest[e.Serial] = true // one that failed after it proves nothing any more
		if e.Signed != nil {
			signed = append(signed, e.Signed)
		}
	}
	if len(signed) == 0 {
		return failure{code: exitNotFound, err: errNoCertificate(c.Ref, c.Disk)}
	}
	text, err := json.MarshalIndent(signed, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(h.out, "%s\n", text)
	return err
}
