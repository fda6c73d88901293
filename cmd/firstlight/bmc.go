package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"firstlight/cmd/firstlight/client"
	"firstlight/cmd/firstlight/logins"
	"firstlight/server/api"
)

type bmcCmd struct {
	Adopt  bmcAdoptCmd  `cmd:"" aliases:"rotate" help:"Have the agents of machines make a user of ours on their BMCs, or rotate its password."`
	Set    bmcSetCmd    `cmd:"" help:"Give the log-in of one machine's BMC; asks for the password."`
	Import bmcImportCmd `cmd:"" help:"Give log-ins from a CSV file, as deliveries come with one."`
}

type bmcAdoptCmd struct {
	machinesRef
	DHCP    bool   `help:"The BMC gets its address by DHCP from now on."`
	Address string `placeholder:"ADDRESS/BITS" help:"Static IPv4 address of the BMC from now on; as it is, when left out."`
	Gateway string `placeholder:"ADDRESS" help:"Gateway of --address."`
	Wait    bool   `help:"Follow the jobs until they end; fails when one does."`
}

// Run makes a job for each machine.
func (c *bmcAdoptCmd) Run(ctx context.Context, h *host) error {
	if err := c.check(); err != nil {
		return err
	}
	order := api.BMCOrder{Address: c.Address, Gateway: c.Gateway}
	switch {
	case c.many() && c.Address != "":
		return usage("--address is for one machine: with --selector use --dhcp")
	case c.DHCP && (c.Address != "" || c.Gateway != ""):
		return usage("give --dhcp or --address: not both")
	case c.DHCP:
		order.Network = "dhcp"
	case c.Address != "" || c.Gateway != "":
		order.Network = "static"
	}
	a, err := c.open(h)
	if err != nil {
		return err
	}
	refs, err := c.refs(ctx, a)
	if err != nil {
		return err
	}
	if c.DryRun {
		return h.say("dry run: nothing was changed; the BMCs of %s would be taken over: %s", plural(len(refs), "machine"), strings.Join(refs, ", "))
	}
	return c.adopt(ctx, h, a, refs, order)
}

// refs are the machines that are meant; another number than was counted is none.
func (c *bmcAdoptCmd) refs(ctx context.Context, a *client.Client) ([]string, error) {
	if !c.many() {
		return []string{c.Ref}, nil
	}
	all, err := client.Whole[api.Machine](ctx, a, "/machines", queryOf("selector", c.Selector, "fields", "name"))
	if err != nil {
		return nil, err
	}
	if len(all.Items) != c.Expect {
		return nil, fmt.Errorf("--selector %q picks %s, not %d: nothing was changed", c.Selector, plural(len(all.Items), "machine"), c.Expect)
	}
	var refs []string
	for _, m := range all.Items {
		refs = append(refs, m.Name)
	}
	return refs, nil
}

// adopt goes on where one machine is refused, and fails at its end then.
func (c *bmcAdoptCmd) adopt(ctx context.Context, h *host, a *client.Client, refs []string, order api.BMCOrder) error {
	var all []api.Job
	var refused []error
	for _, ref := range refs {
		var j api.Job
		if _, err := a.Do(ctx, http.MethodPost, machineRef{Ref: ref}.path("/adopt-bmc"), order, &j); err != nil {
			refused = append(refused, fmt.Errorf("%s: %w", ref, err))
			continue
		}
		all = append(all, j)
		if err := h.say("%s: job %s makes user %s on its BMC", j.Machine, j.ID, j.Params["user"]); err != nil {
			return err
		}
	}
	if c.Wait && len(all) > 0 {
		refused = append(refused, follow(ctx, newWatcher(h), a, all))
	}
	return errors.Join(refused...)
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
