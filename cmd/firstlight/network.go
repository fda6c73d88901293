package main

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"firstlight/cmd/firstlight/client"
	"firstlight/server/api"
)

type imageCmd struct {
	Ls imageLsCmd `cmd:"" help:"List the catalogue of images."`
}

type imageLsCmd struct {
	remote
	listFlags
}

// Run lists images.
func (c *imageLsCmd) Run(ctx context.Context, h *host) error {
	return list(ctx, h, &c.remote, c.Output, "/images", nil, []column[api.Image]{
		{"NAME", func(i api.Image) string { return i.Name }},
		{"ARCH", func(i api.Image) string { return i.Arch }},
		{"DOWNLOAD", func(i api.Image) string { return bytesText(uint64(max(0, i.CompressedBytes))) }},
		{"ON DISK", func(i api.Image) string { return bytesText(uint64(max(0, i.Bytes))) }},
		{"ADDED", func(i api.Image) string { return clock(i.AddedAt) }},
		{"SHA-256", func(i api.Image) string { return i.SHA256 }},
	})
}

type ruleCmd struct {
	Ls ruleLsCmd `cmd:"" help:"List the rules that accept or hold machines."`
}

type ruleLsCmd struct {
	remote
	listFlags
}

// Run lists rules in their order.
func (c *ruleLsCmd) Run(ctx context.Context, h *host) error {
	return list(ctx, h, &c.remote, c.Output, "/rules", nil, []column[api.Rule]{
		{"NAME", func(r api.Rule) string { return r.Name }},
		{"ORDER", func(r api.Rule) string { return strconv.Itoa(r.Order) }},
		{"MATCH", func(r api.Rule) string { return r.Match }},
		{"THEN", func(r api.Rule) string { return map[bool]string{true: "accept", false: "hold"}[r.Accept] }},
		{"SITE", func(r api.Rule) string { return r.Site }},
		{"RACK", func(r api.Rule) string { return r.Rack }},
		{"ROLE", func(r api.Rule) string { return r.Role }},
		{"IMAGE", func(r api.Rule) string { return r.Image }},
		{"LIMIT", func(r api.Rule) string { return yes(r.Limit > 0, strconv.Itoa(r.Limit)) }},
	})
}

type leaseCmd struct {
	Ls leaseLsCmd `cmd:"" help:"List DHCP leases."`
}

type leaseLsCmd struct {
	remote
	listFlags
	Subnet string `placeholder:"NAME" help:"Only those of one subnet."`
	MAC    string `name:"mac" placeholder:"MAC" help:"Only those of one interface."`
	Active bool   `help:"Only those that keep their address from others now."`
}

// Run lists leases by address.
func (c *leaseLsCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	query := url.Values{}
	for key, value := range map[string]string{"subnet": c.Subnet, "mac": c.MAC, "active": yes(c.Active, "true")} {
		if value != "" {
			query.Set(key, value)
		}
	}
	rows, err := client.Paged[api.Lease](ctx, a, "/leases", query, 0)
	if err != nil {
		return err
	}
	return printList(h.out, c.Output, rows, []column[api.Lease]{
		{"ADDRESS", func(l api.Lease) string { return l.Address }},
		{"MAC", func(l api.Lease) string { return l.MAC }},
		{"MACHINE", func(l api.Lease) string { return l.Machine }},
		{"SUBNET", func(l api.Lease) string { return l.Subnet }},
		{"STATE", func(l api.Lease) string { return joined(l.State, yes(!l.Active, "over"), yes(l.Reserved, "reserved")) }},
		{"EXPIRES", func(l api.Lease) string { return clock(l.ExpiresAt) }},
		{"CALLS ITSELF", func(l api.Lease) string { return l.Hostname }},
	})
}

type strangerCmd struct {
	Ls strangerLsCmd `cmd:"" help:"List what interfaces that nobody knows did."`
}

type strangerLsCmd struct {
	remote
	listFlags
	Limit int `default:"100" help:"The newest so many, at most 1000."`
}

// Run lists strangers, the newest first.
func (c *strangerLsCmd) Run(ctx context.Context, h *host) error {
	query := url.Values{"limit": {strconv.Itoa(c.Limit)}}
	return list(ctx, h, &c.remote, c.Output, "/strangers", query, []column[api.Event]{
		{"MAC", func(e api.Event) string { return e.MAC }},
		{"AT", func(e api.Event) string { return clock(e.At) }},
		{"PART", func(e api.Event) string { return e.Source }},
		{"WHAT", eventText},
	})
}

// list prints a list that the API gives in one page.
func list[T any](ctx context.Context, h *host, r *remote, format, path string, query url.Values, columns []column[T]) error {
	a, err := r.open(h)
	if err != nil {
		return err
	}
	rows, err := client.Whole[T](ctx, a, path, query)
	if err != nil {
		return err
	}
	return printList(h.out, format, rows, columns)
}

func rangesText(all []api.AddressRange) string {
	var texts []string
	for _, r := range all {
		texts = append(texts, r.First+"-"+r.Last)
	}
	return strings.Join(texts, ", ")
}
