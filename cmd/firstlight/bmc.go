package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"

	"firstlight/cmd/firstlight/logins"
	"firstlight/server/api"
)

type bmcCmd struct {
	Set    bmcSetCmd    `cmd:"" help:"Give the log-in of one machine's BMC; asks for the password."`
	Import bmcImportCmd `cmd:"" help:"Give log-ins from a CSV file, as deliveries come with one."`
}

type bmcSetCmd struct {
	remote
	Serial  string `arg:"" complete:"field:serial" help:"Serial number of the machine, which need not have shown itself yet."`
	User    string `required:"" help:"User of the BMC."`
	Address string `placeholder:"HOST[:PORT]" help:"Where the BMC answers; as the machine reports it, when left out. ipmi:// in front: by IPMI alone."`
}

// Run keeps one log-in.
func (c *bmcSetCmd) Run(ctx context.Context, h *host) error {
	password, err := h.askSecret(ctx, "Password of the BMC: ")
	if err != nil {
		return err
	}
	return giveLogins(ctx, h, &c.remote, []logins.Login{{Serial: c.Serial, User: c.User, Password: password, Address: c.Address}})
}

type bmcImportCmd struct {
	remote
	File string `arg:"" complete:"file" help:"CSV file whose first line names the columns serial, bmc_user, bmc_password and, if there is one, bmc_address; others are left alone. - reads standard input."`
}

// Run reads the whole file before it sends the first line: one that cannot be
// read changes nothing.
func (c *bmcImportCmd) Run(ctx context.Context, h *host) error {
	in := io.Reader(h.in)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return usage("%w", err)
		}
		defer f.Close() //nolint:errcheck // it was read
		in = f
	}
	all, err := logins.Read(in)
	if err != nil {
		return usage("%s: %w", c.File, err)
	}
	return giveLogins(ctx, h, &c.remote, all)
}

func giveLogins(ctx context.Context, h *host, r *remote, all []logins.Login) error {
	a, err := r.open(h)
	if err != nil {
		return err
	}
	defer h.clear()
	for i, l := range all {
		h.tell("%d of %s kept", i, plural(len(all), "log-in"))
		body := api.BMCLogin{Address: l.Address, User: l.User, Password: l.Password}
		if _, err := a.Do(ctx, http.MethodPut, "/bmc-logins/"+url.PathEscape(l.Serial), body, nil); err != nil {
			return fmt.Errorf("serial %s: %w (%s before it kept)", l.Serial, err, plural(i, "log-in"))
		}
	}
	return h.say("%s kept; the next act on each machine proves it", plural(len(all), "log-in"))
}
