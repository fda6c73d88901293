package main

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"firstlight/server/api"
)

type subnetCmd struct {
	Ls   subnetLsCmd   `cmd:"" help:"List subnets."`
	Show subnetShowCmd `cmd:"" help:"Show a subnet."`
	Set  subnetSetCmd  `cmd:"" help:"Add a subnet, or change what is given of one."`
}

type subnetLsCmd struct {
	remote
	listFlags
}

// Run lists subnets.
func (c *subnetLsCmd) Run(ctx context.Context, h *host) error {
	return list(ctx, h, &c.remote, c.Output, "/subnets", nil, []column[api.Subnet]{
		{"NAME", func(s api.Subnet) string { return s.Name }},
		{"PREFIX", func(s api.Subnet) string { return s.Prefix }},
		{"SITE", func(s api.Subnet) string { return s.Site }},
		{"MODE", func(s api.Subnet) string { return s.Mode }},
		{"POLICY", func(s api.Subnet) string { return s.Policy }},
		{"RANGES", func(s api.Subnet) string { return rangesText(s.Ranges) }},
		{"GATEWAY", func(s api.Subnet) string { return s.Gateway }},
		{"LEASE", func(s api.Subnet) string { return leaseText(s) }},
	})
}

func leaseText(s api.Subnet) string { return (time.Duration(s.LeaseSeconds) * time.Second).String() }

// subnetRef names one subnet.
type subnetRef struct {
	remote
	Name string `arg:"" help:"Name of a subnet."`
}

func (s subnetRef) path() string { return "/subnets/" + url.PathEscape(s.Name) }

type subnetShowCmd struct {
	subnetRef
	showFlags
}

// Run shows a subnet.
func (c *subnetShowCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var s api.Subnet
	text, err := a.Get(ctx, c.path(), nil, &s)
	if err != nil {
		return err
	}
	return printSubnet(h, c.Output, text, s)
}

func printSubnet(h *host, format string, text json.RawMessage, s api.Subnet) error {
	if format == "json" {
		return printJSON(h.out, text)
	}
	return printFacts(h.out, [][2]string{
		{"name", s.Name},
		{"prefix", s.Prefix},
		{"site", s.Site},
		{"mode", s.Mode},
		{"policy", s.Policy},
		{"ranges", rangesText(s.Ranges)},
		{"gateway", s.Gateway},
		{"dns", strings.Join(s.DNS, ", ")},
		{"domain", s.Domain},
		{"lease", leaseText(s)},
	})
}
