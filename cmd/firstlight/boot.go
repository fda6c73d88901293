package main

import (
	"context"
	"net/url"
	"strconv"

	"firstlight/server/api"
)

type bootCmd struct {
	Explain bootExplainCmd `cmd:"" help:"Explain what a machine would boot now."`
}

type bootExplainCmd struct {
	remote
	showFlags
	Ref string `arg:"" help:"Hardware name, host name or id of a machine, or any MAC."`
}

// Run prints what would be served now and why.
func (c *bootExplainCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var b api.Boot
	text, err := a.Get(ctx, "/machines/"+url.PathEscape(c.Ref)+"/boot", nil, &b)
	if err != nil {
		return err
	}
	if c.Output == "json" {
		return printJSON(h.out, text)
	}
	if err := printFacts(h.out, bootFacts(b)); err != nil || b.Script == "" {
		return err
	}
	return printScript(h, b.Script)
}

func bootFacts(b api.Boot) [][2]string {
	machine, platform := b.Machine, b.Request.Platform
	if machine == "" {
		machine = "nobody knows this interface"
	}
	if platform == "" {
		platform = "not known yet"
	}
	address := "none from us"
	if b.Answer.Address {
		address = "given by DHCP"
	}
	return [][2]string{
		{"machine", machine},
		{"boots", bootTarget(b.Answer)},
		{"because", b.Answer.Why},
		{"address", address},
		{"mac", b.Request.MAC},
		{"subnet", b.Request.Subnet},
		{"stage", b.Request.Stage},
		{"platform", platform + ", architecture " + strconv.Itoa(int(b.Request.Arch))},
		{"problem", b.Problem},
	}
}

// bootTarget says the API's word so that a newcomer understands it.
func bootTarget(a api.BootAnswer) string {
	switch a.Target {
	case "ignore":
		return "ignore: it gets no answer at all"
	case "disk":
		return "disk: its own"
	case "wait":
		return "wait: it asks again"
	case "agent":
		return joined("agent: our agent in memory", a.Mode)
	}
	return a.Target
}
