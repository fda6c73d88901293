package main

import (
	"context"
	"net/url"
	"strings"
	"time"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

type subnetCmd struct {
	Ls   subnetLsCmd   `cmd:"" help:"List subnets."`
	Show subnetShowCmd `cmd:"" help:"Show a subnet."`
	Set  subnetSetCmd  `cmd:"" help:"Add a subnet, or change what is given of one."`

	Servers subnetServersCmd `cmd:"" help:"List other DHCP servers that were heard."`
}

type subnetLsCmd struct {
	remote
	listFlags
}

// Run lists subnets.
func (c *subnetLsCmd) Run(ctx context.Context, h *host) error {
	l := listing[api.Subnet]{columns: subnetColumns, read: whole[api.Subnet]("/subnets", nil)}
	l.none = "no subnet yet, so that nobody is answered: firstlight subnet set NAME --prefix … --site … makes one"
	return l.run(ctx, h, &c.remote, c.listFlags)
}

var subnetColumns = []output.Column[api.Subnet]{
	{Name: "name", Value: func(s api.Subnet) any { return s.Name }},
	{Name: "prefix", Value: func(s api.Subnet) any { return s.Prefix }},
	{Name: "network", Wide: true, Value: func(s api.Subnet) any { return s.Network }},
	{Name: "site", Value: func(s api.Subnet) any { return s.Site }},
	{Name: "mode", Value: func(s api.Subnet) any { return s.Mode }},
	{Name: "policy", Value: func(s api.Subnet) any { return s.Policy }},
	{Name: "ranges", Value: func(s api.Subnet) any { return rangesText(s.Ranges) }},
	{Name: "gateway", Value: func(s api.Subnet) any { return s.Gateway }},
	{Name: "dns", Head: "DNS", Wide: true, Value: func(s api.Subnet) any { return strings.Join(s.DNS, ", ") }},
	{Name: "domain", Wide: true, Value: func(s api.Subnet) any { return s.Domain }},
	{Name: "secure_boot", Wide: true, Value: func(s api.Subnet) any { return s.SecureBoot }},
	{Name: "lease_seconds", Head: "LEASE", Value: func(s api.Subnet) any { return lease(s) }},
}

// lease is the life of a subnet's leases.
func lease(s api.Subnet) output.Duration {
	return output.Duration(s.LeaseSeconds) * output.Duration(time.Second)
}

// subnetRef names one subnet.
type subnetRef struct {
	remote
	Name string `arg:"" complete:"subnet" help:"Name of a subnet."`
}

func (s subnetRef) path() string { return "/subnets/" + url.PathEscape(s.Name) }

type subnetShowCmd struct {
	subnetRef
	showFlags
}

// Run shows a subnet.
func (c *subnetShowCmd) Run(ctx context.Context, h *host) error {
	_, err := showSubnet(c.path()).run(ctx, h, &c.remote, c.showFlags)
	return err
}

func showSubnet(path string) showing[api.Subnet] {
	return showing[api.Subnet]{path: path, lines: func(p output.Printer, s api.Subnet) []string {
		return output.Facts(p, []output.Fact{
			{"name", s.Name},
			{"prefix", s.Prefix},
			{"network", s.Network},
			{"site", s.Site},
			{"mode", s.Mode},
			{"policy", s.Policy},
			{"ranges", rangesText(s.Ranges)},
			{"gateway", s.Gateway},
			{"dns", strings.Join(s.DNS, ", ")},
			{"domain", s.Domain},
			{"secure boot", yes(s.SecureBoot, "UEFI machines get the signed loaders")},
			{"lease", lease(s)},
		})
	}}
}
