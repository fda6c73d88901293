package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"firstlight/server/api"
)

type encCmd struct {
	remote
	Certname string `arg:"" help:"Name of the node's certificate."`
}

// Run prints what Puppet is to know of a node, as YAML. A node that is unknown,
// or not to be configured, ends it with an error: Puppet then compiles nothing.
func (c *encCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	text, err := a.Get(ctx, "/enc/"+url.PathEscape(c.Certname), nil, nil)
	if err != nil {
		return err
	}
	return h.printer("yaml").Document(text)
}

type inventoryCmd struct {
	remote
	List     bool   `help:"All hosts by group, as Ansible asks for them."`
	Host     string `placeholder:"NAME" help:"What is known of one host, as Ansible asks for it."`
	Selector string `placeholder:"SELECTOR" default:"status=in_use" env:"FIRSTLIGHT_INVENTORY" help:"Which machines; ${default} unless said otherwise."`
}

// Run answers as a dynamic inventory of Ansible does.
func (c *inventoryCmd) Run(ctx context.Context, h *host) error {
	if c.List == (c.Host != "") {
		return errors.New("inventory: give --list, or --host and a name, as Ansible does")
	}
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var inv api.Inventory
	if _, err := a.Get(ctx, "/inventory", url.Values{"selector": {c.Selector}}, &inv); err != nil {
		return err
	}
	var answer any = inv.Hosts[c.Host]
	if c.List {
		answer = ansible(inv)
	} else if inv.Hosts[c.Host] == nil {
		answer = struct{}{} // Ansible's way to say: nothing is known
	}
	text, err := json.MarshalIndent(answer, "", "  ")
	if err != nil {
		return err
	}
	return h.say("%s", strings.TrimSpace(string(text)))
}

// ansible spells an inventory as Ansible reads it: each group by its name, and
// what is known of hosts under _meta, so that it asks only once.
func ansible(inv api.Inventory) map[string]any {
	all := map[string]any{"_meta": map[string]any{"hostvars": inv.Hosts}}
	for name, hosts := range inv.Groups {
		all[name] = map[string]any{"hosts": hosts}
	}
	return all
}
