package main

import (
	"context"
	"fmt"
	"time"

	"firstlight/cmd/firstlight/doctor"
	"firstlight/images/embedded"
	"firstlight/ipxe"
	"firstlight/server/config"
)

type doctorCmd struct {
	Config string `default:"${config}" placeholder:"FILE" help:"Configuration file; ${config} unless told otherwise."`
	databaseFlag
	formFlags
}

// Run looks at this host, and fails when the appliance could not serve here.
func (c *doctorCmd) Run(ctx context.Context, h *host) error {
	cfg, err := config.Load(c.Config)
	if err != nil {
		return failure{code: exitUsage, err: err}
	}
	if err := c.use(cfg); err != nil {
		return err
	}
	devices, err := config.Devices()
	if err != nil {
		return err
	}
	var found []doctor.Finding
	err = h.wait(ctx, "looking at this host", func(ctx context.Context) error {
		found = doctor.Examine(ctx, doctor.Patient{
			Config: cfg, Devices: devices, BootImages: embedded.FS(), Loaders: ipxe.Loaders(), Now: h.now().In(time.Local),
		})
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	if err := c.print(h, found); err != nil {
		return err
	}
	return verdict(found)
}

func (c *doctorCmd) print(h *host, found []doctor.Finding) error {
	if c.Output != "table" {
		return h.printer(c.Output).Document(found)
	}
	for _, f := range found {
		text := fmt.Sprintf("%-4s  %s: %s", f.State, f.About, f.Detail)
		if f.Remedy != "" {
			text += "; " + f.Remedy
		}
		if err := h.say("%s", text); err != nil {
			return err
		}
	}
	return nil
}

func verdict(found []doctor.Finding) error {
	bad := 0
	for _, f := range found {
		if f.State == doctor.Fail {
			bad++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%s would keep the appliance from serving: the lines that begin with fail say what to do", plural(bad, "thing"))
	}
	return nil
}
