package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"

	"firstlight/server/config"
)

type initCmd struct {
	Config    string       `arg:"" optional:"" default:"${config}" placeholder:"FILE" help:"Where to write it; ${config} unless told otherwise. It must not exist."`
	Interface string       `placeholder:"NAME" help:"Interface that machines boot from."`
	Address   netip.Addr   `placeholder:"ADDRESS" help:"The appliance's own address there."`
	Prefix    netip.Prefix `placeholder:"PREFIX" help:"The boot network, such as 10.80.12.0/24."`
	Range     string       `placeholder:"A-B" help:"Addresses that are handed out."`
	Site      string       `placeholder:"NAME" help:"Short name of the site."`
	Domain    string       `placeholder:"DOMAIN" help:"Domain of the machines' names."`
	State     string       `placeholder:"DIR" help:"Folder of database, keys and images."`
	Listen    string       `placeholder:"HOST:PORT" help:"Where people reach pages and API."`
}

// Run writes the commented reference with what was chosen in its place.
func (c *initCmd) Run(h *host) error {
	text, err := chosen(config.Reference(), c.choices())
	if err != nil {
		return err
	}
	if _, err := config.Parse(c.Config, []byte(text)); err != nil {
		return failure{code: exitUsage, err: fmt.Errorf("nothing was written: %w", err)}
	}
	if err := writeNew(c.Config, text); err != nil {
		return err
	}
	if err := h.say("wrote %s", c.Config); err != nil {
		return err
	}
	return h.say("next: edit it, then run: firstlight doctor --config %s", c.Config)
}

// writeNew writes a file that must not exist. It may come to name people and
// keys, so that it is for its owner and group: the package's folder gives it
// the service's.
func writeNew(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("make the folder of the configuration: %w; choose another: firstlight init FILE", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640) //nolint:gosec // the service reads it by its group
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists and stays as it is: remove it, or choose another: firstlight init FILE", path)
	}
	if err != nil {
		return fmt.Errorf("write configuration: %w; choose another place: firstlight init FILE", err)
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
