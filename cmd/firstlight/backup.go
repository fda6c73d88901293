package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"firstlight/cmd/firstlight/output"
	"firstlight/cmd/version"
	"firstlight/server"
	"firstlight/server/backup"
	"firstlight/server/config"
)

// backupCmd makes backups and looks at them.
type backupCmd struct {
	Make   backupMakeCmd   `cmd:"" default:"withargs" help:"Back a running appliance up."`
	Verify backupVerifyCmd `cmd:"" help:"Check that a backup is whole, and show what it holds."`
}

type backupMakeCmd struct {
	remote
	File    string `arg:"" help:"File to write, which must not be there yet; - is standard output."`
	Keys    bool   `help:"With the private keys of the appliance: then the file alone makes it the same one again."`
	Offline bool   `help:"Of the state folder of an appliance that is stopped, on its host."`
	Config  string `default:"${config}" placeholder:"FILE" help:"Configuration that names the state folder, with --offline; ${config} unless told otherwise."`
	databaseFlag
}

// Run writes the backup beside its place, reads it as a restore would, and only
// then gives it its name.
func (c *backupMakeCmd) Run(ctx context.Context, h *host) error {
	f, err := c.place(h)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // it has another name, or is of no use
	defer f.Close()           //nolint:errcheck // it was synced
	if err := c.write(ctx, h, f); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	head, manifest, err := backup.Read(f, backup.Nothing{})
	if err != nil {
		return fmt.Errorf("what was received: %w", err)
	}
	if c.Keys {
		h.note("the backup holds the appliance's private keys: keep it where you would keep them")
	} else {
		h.note("the private keys are not in it: a restore elsewhere makes a new CA and needs the BMC log-ins again (--keys puts them in)")
	}
	if c.File == "-" {
		return copyOut(h, f)
	}
	if err := errors.Join(f.Sync(), os.Link(f.Name(), c.File), syncDir(filepath.Dir(c.File))); err != nil {
		return fmt.Errorf("write %s: %w", c.File, err)
	}
	return h.say("%s: %s", c.File, holds(head, manifest))
}

// place opens a file beside the one that is asked for; for standard output, a
// temporary one.
func (c *backupMakeCmd) place(h *host) (*os.File, error) {
	if c.File == "-" {
		if h.screen(h.out) != nil {
			return nil, usage("a backup is not for a terminal: name a file, or send it on with |")
		}
		return os.CreateTemp("", "firstlight-*.backup")
	}
	if _, err := os.Lstat(c.File); err == nil {
		return nil, usage("%s is there already: give another name", c.File)
	}
	f, err := os.CreateTemp(filepath.Dir(c.File), "."+filepath.Base(c.File)+"-*") // mode 0600
	if err != nil {
		return nil, usage("%w", err)
	}
	return f, nil
}

func (c *backupMakeCmd) write(ctx context.Context, h *host, w io.Writer) error {
	defer h.clear()
	if !c.Offline {
		a, err := c.open(h)
		if err != nil {
			return err
		}
		return a.Backup(ctx, c.Keys, w, func(done, all int64) { h.tell("%s of %s", size(done), size(all)) })
	}
	o, err := offline(h, c.Config, c.databaseFlag)
	if err != nil {
		return err
	}
	s, err := server.Offline(ctx, o, c.Keys)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, s)
	return errors.Join(err, s.Close())
}

// offline are the options of an appliance that does not run.
func offline(h *host, file string, d databaseFlag) (server.Options, error) {
	cfg, err := config.Load(file)
	if err != nil {
		return server.Options{}, failure{code: exitUsage, err: err}
	}
	if err := d.use(cfg); err != nil {
		return server.Options{}, err
	}
	log := slog.New(slog.NewTextHandler(h.err, &slog.HandlerOptions{Level: slog.LevelError}))
	return server.Options{Config: cfg, Version: version.String(), Log: log}, nil
}

func copyOut(h *host, f io.ReadSeeker) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	_, err := io.Copy(h.out, f)
	return err
}

// syncDir makes a new name in a folder durable.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func size(n int64) output.Size { return output.Size(max(n, 0)) }

// holds says in one line what a backup is of.
func holds(b *backup.Head, m *backup.Manifest) string {
	keys := "without private keys"
	for _, f := range m.Files {
		if f.Name == "ca.key" && f.Held {
			keys = "with private keys"
		}
	}
	return fmt.Sprintf("%s of %s, %s, %s, %s", b.Appliance, output.Clock(b.At), plural(int(m.RowsOf("machines")), "machine"), plural(int(m.Rows()), "row"), keys)
}

type backupVerifyCmd struct {
	File string `arg:"" help:"The backup."`
}

// Run reads all of it and holds it against its own hashes.
func (c *backupVerifyCmd) Run(h *host) error {
	f, err := os.Open(c.File)
	if err != nil {
		return usage("%w", err)
	}
	defer f.Close() //nolint:errcheck // it was read
	head, manifest, err := backup.Read(f, backup.Nothing{})
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if err := h.say("%s is whole: %s", c.File, holds(head, manifest)); err != nil {
		return err
	}
	for _, t := range manifest.Tables {
		if err := h.say("%-12s %8d  %s", t.Name, t.Rows, t.SHA256); err != nil {
			return err
		}
	}
	return nil
}
