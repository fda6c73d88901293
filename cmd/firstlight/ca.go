package main

import (
	"context"
	"encoding/json"

	"firstlight/cmd/firstlight/output"
	"firstlight/ipxe"
	"firstlight/server"
)

// caCmd is the root that keyed boot loaders trust. Like the sealing key it is a
// file of the state folder, and has no door.
type caCmd struct {
	Ls     caLsCmd     `cmd:"" help:"List it, and those before it that are still shown to machines."`
	Roll   caRollCmd   `cmd:"" help:"Make a new one, while the appliance is stopped; loaders of before go on."`
	Forget caForgetCmd `cmd:"" help:"Forget those before it, while the appliance is stopped; their loaders boot no more."`
}

type caLsCmd struct {
	Config string `default:"${config}" placeholder:"FILE" help:"Configuration that names the state folder; ${config} unless told otherwise."`
	Output string `short:"o" enum:"table,wide,json,yaml,csv,name" default:"table" help:"table, wide (all columns), json, yaml, csv or name (one on a line)."`
}

// rootRow is a root as it is printed.
type rootRow struct {
	SHA256   string `json:"sha256"`
	Used     string `json:"used"`
	SignedBy string `json:"signed_by"`
	Loader   string `json:"loader"`
}

// Run lists roots by their fingerprints.
func (c *caLsCmd) Run(h *host) error {
	o, err := offline(h, c.Config, databaseFlag{})
	if err != nil {
		return err
	}
	all, err := server.BootRoots(o.Config.State)
	if err != nil {
		return err
	}
	var rows output.Rows[rootRow]
	for i, r := range all {
		used := "before"
		if i == 0 {
			used = "newest"
		}
		row := rootRow{r.SHA256, used, r.SignedBy, ipxe.KeyedName(ipxe.SNPOnlyEFI, r.Sum)}
		text, err := json.Marshal(row)
		if err != nil {
			return err
		}
		rows.Items, rows.Text = append(rows.Items, row), append(rows.Text, text)
	}
	return output.List(h.printer(c.Output), rows, []output.Column[rootRow]{
		{Name: "sha256", Value: func(r rootRow) any { return r.SHA256 }},
		{Name: "used", Value: func(r rootRow) any { return r.Used }},
		{Name: "loader", Value: func(r rootRow) any { return r.Loader }},
		{Name: "signed by", Wide: true, Value: func(r rootRow) any { return r.SignedBy }},
	})
}

type caRollCmd struct {
	Config string `default:"${config}" placeholder:"FILE" help:"Configuration that names the state folder; ${config} unless told otherwise."`
	databaseFlag
}

// Run makes a new root beside those that there are.
func (c *caRollCmd) Run(ctx context.Context, h *host) error {
	o, err := offline(h, c.Config, c.databaseFlag)
	if err != nil {
		return err
	}
	all, err := server.RollBoot(ctx, o)
	if err != nil {
		return err
	}
	h.note("loaders that were keyed before go on; copy new ones to where yours lie, and then: firstlight ca forget")
	return h.say("from the next start on, loaders are keyed with root %s", all[0].SHA256)
}

type caForgetCmd struct {
	Config string `default:"${config}" placeholder:"FILE" help:"Configuration that names the state folder; ${config} unless told otherwise."`
	databaseFlag
}

// Run leaves the newest root alone.
func (c *caForgetCmd) Run(ctx context.Context, h *host) error {
	o, err := offline(h, c.Config, c.databaseFlag)
	if err != nil {
		return err
	}
	all, err := server.ForgetBoot(ctx, o)
	if err != nil {
		return err
	}
	return h.say("from the next start on, only loaders keyed with root %s boot over HTTPS", all[0].SHA256)
}
