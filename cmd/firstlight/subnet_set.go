package main

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"firstlight/cmd/firstlight/client"
	"firstlight/server/api"
)

type subnetSetCmd struct {
	subnetRef
	formFlags
	Prefix  string        `help:"Network, such as 10.80.12.0/24 or 2001:db8:12::/64."`
	Network *string       `placeholder:"NAME" help:"The same for all subnets on one segment; '' where it is alone there."`
	Site    string        `help:"Short name of the site."`
	Ranges  *string       `placeholder:"A-B,…" help:"Addresses that are handed out; '' for reservations only."`
	Gateway *string       `placeholder:"ADDRESS" help:"Router that is handed out; '' for none."`
	DNS     *string       `name:"dns" placeholder:"ADDRESS,…" help:"Name servers that are handed out; '' for the appliance."`
	Domain  *string       `help:"Zone of the host names."`
	Mode    string        `placeholder:"MODE" complete:"server,proxy,off" help:"server gives addresses, proxy only tells what to boot, off is silent."`
	Policy  string        `placeholder:"POLICY" complete:"ignore,observe,register" help:"What an unknown machine gets: ignore, observe or register."`
	Lease   time.Duration `help:"Life of a dynamic lease, such as 12h."`

	SecureBoot *bool `negatable:"" help:"Give UEFI machines the signed loaders, which firmware with Secure Boot runs."`
}

// Run changes what was given and leaves the rest.
func (c *subnetSetCmd) Run(ctx context.Context, h *host) error {
	a, err := c.open(h)
	if err != nil {
		return err
	}
	var s api.Subnet
	var refused *client.Error
	tag, err := a.Tag(ctx, c.path(), &s)
	switch {
	case errors.As(err, &refused) && refused.Status == http.StatusNotFound:
		if c.Prefix == "" || c.Site == "" {
			return usage("subnet %s is new: give --prefix and --site", c.Name)
		}
	case err != nil:
		return err
	}
	put, err := c.put(s)
	if err != nil {
		return err
	}
	text, err := a.Write(ctx, http.MethodPut, c.path(), condition(tag), put, &s)
	if err != nil {
		return err
	}
	return showSubnet(c.path()).print(h, c.formFlags, reply[api.Subnet]{s, text})
}

// put is the whole of the subnet as it shall be.
func (c *subnetSetCmd) put(s api.Subnet) (api.SubnetPut, error) {
	p := api.SubnetPut{
		Prefix: cmp.Or(c.Prefix, s.Prefix), Site: cmp.Or(c.Site, s.Site), Mode: cmp.Or(c.Mode, s.Mode), Policy: cmp.Or(c.Policy, s.Policy),
		Network: s.Network, Ranges: s.Ranges, Gateway: s.Gateway, DNS: s.DNS, Domain: s.Domain, LeaseSeconds: s.LeaseSeconds, SecureBoot: s.SecureBoot,
	}
	if c.Lease != 0 {
		p.LeaseSeconds = int64(c.Lease / time.Second)
	}
	if c.SecureBoot != nil {
		p.SecureBoot = *c.SecureBoot
	}
	if c.Network != nil {
		p.Network = *c.Network
	}
	if c.Gateway != nil {
		p.Gateway = *c.Gateway
	}
	if c.Domain != nil {
		p.Domain = *c.Domain
	}
	if c.DNS != nil {
		p.DNS = words(*c.DNS)
	}
	var err error
	if c.Ranges != nil {
		p.Ranges, err = readRanges(*c.Ranges)
	}
	return p, err
}

func readRanges(text string) (all []api.AddressRange, err error) {
	for _, w := range words(text) {
		first, last, ok := strings.Cut(w, "-")
		if !ok {
			return nil, usage("--ranges %q: want two addresses with a dash between them, such as 10.80.12.100-10.80.12.199", w)
		}
		all = append(all, api.AddressRange{First: strings.TrimSpace(first), Last: strings.TrimSpace(last)})
	}
	return all, nil
}

// words are the parts between commas.
func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}
