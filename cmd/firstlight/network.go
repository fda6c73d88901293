package main

import (
	"context"
	"strconv"
	"strings"

	"firstlight/cmd/firstlight/output"
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
	l := listing[api.Image]{columns: imageColumns, read: whole[api.Image]("/images", nil)}
	l.none = "no image yet: put one, with its manifest, into images/ of the state folder and restart the appliance"
	return l.run(ctx, h, &c.remote, c.listFlags)
}

var imageColumns = []output.Column[api.Image]{
	{Name: "name", Value: func(i api.Image) any { return i.Name }},
	{Name: "arch", Value: func(i api.Image) any { return i.Arch }},
	{Name: "file", Wide: true, Value: func(i api.Image) any { return i.File }},
	{Name: "compressed_bytes", Head: "DOWNLOAD", Value: func(i api.Image) any { return output.Size(max(0, i.CompressedBytes)) }},
	{Name: "bytes", Head: "ON DISK", Value: func(i api.Image) any { return output.Size(max(0, i.Bytes)) }},
	{Name: "added_at", Head: "ADDED", Value: func(i api.Image) any { return i.AddedAt }},
	{Name: "sha256", Head: "SHA-256", Value: func(i api.Image) any { return i.SHA256 }},
}

type ruleLsCmd struct {
	remote
	listFlags
}

// Run lists rules in their order.
func (c *ruleLsCmd) Run(ctx context.Context, h *host) error {
	l := listing[api.Rule]{columns: ruleColumns, read: whole[api.Rule]("/rules", nil)}
	l.none = "no rule yet, so that every machine that registers is held: firstlight rule set NAME match=… site=… makes one"
	return l.run(ctx, h, &c.remote, c.listFlags)
}

var ruleColumns = []output.Column[api.Rule]{
	{Name: "name", Value: func(r api.Rule) any { return r.Name }},
	{Name: "order", Value: func(r api.Rule) any { return r.Order }},
	{Name: "match", Value: func(r api.Rule) any { return r.Match }},
	{Name: "then", Value: func(r api.Rule) any { return map[bool]string{true: "accept", false: "hold"}[r.Accept] }},
	{Name: "site", Value: func(r api.Rule) any { return r.Site }},
	{Name: "rack", Value: func(r api.Rule) any { return r.Rack }},
	{Name: "role", Value: func(r api.Rule) any { return r.Role }},
	{Name: "image", Value: func(r api.Rule) any { return r.Image }},
	{Name: "limit", Value: func(r api.Rule) any { return number(r.Limit) }},
}

type leaseCmd struct {
	Ls leaseLsCmd `cmd:"" help:"List DHCP leases."`
}

type leaseLsCmd struct {
	remote
	listFlags
	Subnet string `placeholder:"NAME" complete:"subnet" help:"Only those of one subnet."`
	MAC    string `name:"mac" placeholder:"MAC" help:"Only those of one interface."`
	Active bool   `help:"Only those that keep their address from others now."`
}

// Run lists leases by address.
func (c *leaseLsCmd) Run(ctx context.Context, h *host) error {
	query := queryOf("subnet", c.Subnet, "mac", c.MAC, "active", yes(c.Active, "true"))
	return listing[api.Lease]{columns: leaseColumns, read: paged[api.Lease]("/leases", query, 0)}.run(ctx, h, &c.remote, c.listFlags)
}

var leaseColumns = []output.Column[api.Lease]{
	{Name: "address", Value: func(l api.Lease) any { return l.Address }},
	{Name: "mac", Value: func(l api.Lease) any { return l.MAC }},
	{Name: "machine", Value: func(l api.Lease) any { return l.Machine }},
	{Name: "subnet", Value: func(l api.Lease) any { return l.Subnet }},
	{Name: "state", Value: func(l api.Lease) any {
		return output.Word{Text: joined(l.State, yes(!l.Active, "over"), yes(l.Reserved, "reserved")), Tone: tones[l.State]}
	}},
	{Name: "expires_at", Head: "EXPIRES", Value: func(l api.Lease) any { return l.ExpiresAt }},
	{Name: "client_id", Wide: true, Value: func(l api.Lease) any { return l.ClientID }},
	{Name: "hostname", Head: "CALLS ITSELF", Value: func(l api.Lease) any { return l.Hostname }},
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
	l := listing[api.Event]{columns: strangerColumns, newest: true, limited: true}
	l.read = whole[api.Event]("/strangers", queryOf("limit", strconv.Itoa(c.Limit)))
	return l.run(ctx, h, &c.remote, c.listFlags)
}

var strangerColumns = []output.Column[api.Event]{
	{Name: "mac", Head: "MAC", Value: func(e api.Event) any { return e.MAC }},
	{Name: "at", Value: func(e api.Event) any { return e.At }},
	{Name: "source", Head: "PART", Value: func(e api.Event) any { return e.Source }},
	{Name: "text", Head: "WHAT", Value: func(e api.Event) any { return eventText(e) }},
}

func rangesText(all []api.AddressRange) string {
	var texts []string
	for _, r := range all {
		texts = append(texts, r.First+"-"+r.Last)
	}
	return strings.Join(texts, ", ")
}
