package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"firstlight/server/api"
)

type jobInstallCmd struct {
	remote
	formFlags
	Target    string `arg:"" complete:"selector" help:"Selector that picks the machines, such as hardwarename=C0MPUT3."`
	Image     string `required:"" complete:"image" help:"Name of an image of the catalogue."`
	Role      string `help:"Host names are made of it."`
	Owner     string `help:"Whose the machine will be."`
	Requester string `help:"For whom; you, when left out."`
	Expect    int    `default:"1" help:"How many machines the target picks; anything else is refused."`
	DryRun    bool   `help:"Say what would become of each machine, and make no job."`
	Partial   bool   `help:"Make the jobs that can be made; else none where one machine is refused."`
	Wait      bool   `help:"Follow the jobs until they end; fails when one of them does."`
}

// Run orders an install on each machine of the target.
func (c *jobInstallCmd) Run(ctx context.Context, h *host) error {
	if c.Expect < 1 {
		return usage("--expect %d: want how many machines the target picks, at least 1", c.Expect)
	}
	a, err := c.open(h)
	if err != nil {
		return err
	}
	text, err := a.Do(ctx, http.MethodPost, "/jobs", api.JobOrder{
		Action: "install", Target: c.Target, Owner: c.Owner, Requester: c.Requester, Expect: c.Expect,
		Params: api.JobParams{Image: c.Image, Role: c.Role}, DryRun: c.DryRun, Partial: c.Partial,
	}, nil)
	if err != nil {
		return err
	}
	made, err := c.read(text)
	if err != nil {
		return err
	}
	if err := c.print(h, text, made); err != nil {
		return err
	}
	var failed error
	if c.Wait {
		failed = follow(ctx, c.watcher(h), a, made.Items)
	}
	if n := len(made.Refused); n > 0 {
		failed = errors.Join(failed, failure{code: exitRefused, err: fmt.Errorf("%s of %d got no job", plural(n, "machine"), c.Expect)})
	}
	return failed
}

// read reads one job, or what became of many.
func (c *jobInstallCmd) read(text json.RawMessage) (api.JobBatch, error) {
	var batch api.JobBatch
	if c.Expect > 1 || c.DryRun {
		return batch, json.Unmarshal(text, &batch)
	}
	batch.Items = make([]api.Job, 1)
	return batch, json.Unmarshal(text, &batch.Items[0])
}

// watcher keeps what it tells out of a document.
func (c *jobInstallCmd) watcher(h *host) *watcher {
	w := newWatcher(h)
	if c.Output != "table" {
		w.say = func(format string, args ...any) error { h.note(format, args...); return nil }
	}
	return w
}

func (c *jobInstallCmd) print(h *host, text json.RawMessage, made api.JobBatch) error {
	if c.Output != "table" {
		return h.printer(c.Output).Document(text)
	}
	for _, j := range made.Items {
		if err := h.say("%s: job %s %s", j.Machine, j.ID, j.Status); err != nil {
			return err
		}
	}
	for _, name := range made.Accepted {
		if err := h.say("%s: would get a job", name); err != nil {
			return err
		}
	}
	for _, r := range made.Refused {
		h.note("%s: %s", r.Machine, r.Detail)
	}
	return nil
}
