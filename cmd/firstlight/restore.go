package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"firstlight/cmd/firstlight/output"
	"firstlight/server"
	"firstlight/server/api"
	"firstlight/server/backup"
)

type restoreCmd struct {
	File    string `arg:"" help:"The backup."`
	Config  string `default:"${config}" placeholder:"FILE" help:"Configuration that names the state folder; ${config} unless told otherwise."`
	Replace bool   `help:"Move a database that is there aside; nothing of it is deleted."`
	Confirm string `placeholder:"NAME" help:"Name of the appliance that was backed up, typed: proof that somebody read which one it is; asked for on a terminal."`
	databaseFlag
}

// Run restores into an appliance that is stopped.
func (c *restoreCmd) Run(ctx context.Context, h *host) error {
	o, err := offline(h, c.Config, c.databaseFlag)
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return usage("%w", err)
	}
	defer f.Close() //nolint:errcheck // it was read
	head, manifest, err := backup.Read(f, backup.Nothing{})
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if err := c.confirm(ctx, h, head, manifest); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	defer h.clear()
	done, err := server.Restore{
		Options: o, Replace: c.Replace,
		Progress: func(rows, of int64) { h.tell("%d of %d rows", rows, of) },
	}.Run(ctx, f)
	if err != nil {
		return err
	}
	return restoredLines(h, done)
}

// confirm asks for the name of the appliance: a backup of another one would make
// this one that.
func (c *restoreCmd) confirm(ctx context.Context, h *host, head *backup.Head, m *backup.Manifest) error {
	typed := c.Confirm
	if typed == "" {
		if !h.terminal() {
			return usage("restore needs the name of the appliance that was backed up: give --confirm %s", head.Appliance)
		}
		h.note("%s: %s", c.File, holds(head, m))
		var err error
		if typed, err = h.ask(ctx, "What happened since then will be forgotten. Type the appliance's name: "); err != nil {
			return err
		}
	}
	if strings.TrimSpace(typed) != head.Appliance {
		return failure{code: exitRefused, err: fmt.Errorf("%q is not the appliance of this backup, which is %s: nothing was changed", typed, head.Appliance)}
	}
	return nil
}

func restoredLines(h *host, done *server.Restored) error {
	if err := h.say("restored %s; %d frozen, %s ended", holds(done.Head, done.Manifest), done.Frozen, plural(done.Cancelled, "job")); err != nil {
		return err
	}
	if done.Kept != "" {
		if err := h.say("the database before is %s", done.Kept); err != nil {
			return err
		}
	}
	for _, m := range done.Missing {
		h.note("%s", m)
	}
	return h.say("start the appliance: it is in safe mode until you end it with: firstlight safe-mode end")
}

// safeModeCmd is what comes after a restore.
type safeModeCmd struct {
	Show safeModeShowCmd `cmd:"" default:"1" help:"Show what was restored, and what is still frozen."`
	End  safeModeEndCmd  `cmd:"" help:"Say that the database agrees with the machines that there are."`
}

type safeModeShowCmd struct {
	remote
	showFlags
}

// Run shows it.
func (c *safeModeShowCmd) Run(ctx context.Context, h *host) error {
	s := showing[api.Restored]{path: "/restored", lines: func(p output.Printer, r api.Restored) []string {
		return output.Facts(p, []output.Fact{
			{"restored at", output.Clock(r.At)},
			{"backup of", r.From + ", " + output.Clock(r.BackupAt)},
			{"safe mode", r.SafeMode},
			{"addresses are probed until", output.Clock(r.Until)},
			{"frozen", r.Frozen},
			{"ended by", r.EndedBy},
			{"why", r.Why},
		})
	}}
	_, err := s.run(ctx, h, &c.remote, c.showFlags)
	return err
}

type safeModeEndCmd struct {
	remote
	Why string `required:"" help:"What was looked at; kept in the audit."`
}

// Run ends it.
func (c *safeModeEndCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var r api.Restored
	if _, err := a.Do(ctx, http.MethodPost, "/restored/end", api.WhyOrder{Why: c.Why}, &r); err != nil {
		return err
	}
	return h.say("safe mode is over; %s still frozen", plural(r.Frozen, "machine"))
}

type machineThawCmd struct {
	remote
	Refs []string `arg:"" name:"machine" complete:"machine" help:"Hardware names, host names, MACs or ids."`
	Why  string   `required:"" help:"What you looked at; kept in the timeline and the audit."`
}

// Run thaws one machine after the other, and ends with the first that cannot be.
func (c *machineThawCmd) Run(ctx context.Context, h *host) error {
	for _, ref := range c.Refs {
		if err := (machineRef{c.remote, ref}).order(ctx, h, "/thaw", api.WhyOrder{Why: c.Why}, "thawed"); err != nil {
			return err
		}
	}
	return nil
}
