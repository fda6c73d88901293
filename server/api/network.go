package api

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"firstlight/server/auth"
	"firstlight/server/journal"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

// NamePath names a subnet.
type NamePath struct {
	Name string `path:"name" maxLength:"64" doc:"Its name" example:"lab"`
}

func (a *API) subnets(context.Context, *struct{}) (List[Subnet], error) {
	return whole(a.DB.Subnets(), showSubnet), nil
}

func (a *API) subnet(_ context.Context, in *NamePath) (Subnet, error) {
	s, err := a.DB.Subnet(in.Name)
	if err != nil {
		return Subnet{}, err
	}
	return showSubnet(s), nil
}

func missing(kind, name, list string) error {
	return notFound(kind+" \""+name+"\": not found", "/"+list)
}

// listOf is where the things of a kind are listed, below Prefix.
func listOf(kind string) string {
	if l, ok := planLists[machine.PlanKind(kind)]; ok {
		return l.path
	}
	if kind == "delivery" {
		return "/deliveries"
	}
	return "/" + kind + "s"
}

// notFound says where those are listed that there are.
func notFound(text, list string) error { return huma.Error404NotFound(missingText(text, list)) }

func missingText(text, list string) string {
	joined := ": list"
	if strings.HasSuffix(text, "?") { // it guesses which was meant
		joined = " List"
	}
	return text + joined + " those that there are with GET " + Prefix + list
}

type subnetInput struct {
	NamePath
	Body SubnetPut
}

func (a *API) putSubnet(ctx context.Context, in *subnetInput) (Subnet, error) {
	s, err := in.Body.subnet(in.Name)
	if err != nil {
		return Subnet{}, err
	}
	who, _ := auth.From(ctx)
	if err := a.Desk.PutSubnet(ctx, who, s, anySubnet); err != nil {
		return Subnet{}, err
	}
	return a.subnet(ctx, &in.NamePath)
}

// anySubnet is for subnets what anyRule is for rules.
func anySubnet(*machine.Subnet) error { return nil }

func (a *API) images(context.Context, *struct{}) (List[Image], error) {
	return whole(a.DB.Images(), showImage), nil
}

type imageInput struct {
	Name string `path:"name" maxLength:"64" doc:"Its name in the catalogue" example:"debian-12"`
}

func (a *API) image(_ context.Context, in *imageInput) (Image, error) {
	i, err := a.DB.Image(in.Name)
	if err != nil {
		return Image{}, err
	}
	return showImage(i), nil
}

type leasesInput struct {
	Page
	Subnet string `query:"subnet" maxLength:"63" doc:"Absent: of all" example:"lab"`
	MAC    string `query:"mac" maxLength:"17" doc:"Absent: of all" example:"52:54:00:12:34:56"`
	Active bool   `query:"active" doc:"Only those that keep their address from others now"`
}

var leaseOrder = order[lease.Lease]{
	after: func(cursor string) (func(lease.Lease) bool, error) {
		last, err := netip.ParseAddr(cursor)
		return func(l lease.Lease) bool { return last.Less(l.Address) }, err
	},
	name: func(l lease.Lease) string { return l.Address.String() },
}

func (a *API) leases(_ context.Context, in *leasesInput) (List[Lease], error) {
	var mac machine.MAC
	if in.MAC != "" {
		var err error
		if mac, err = machine.ParseMAC(in.MAC); err != nil {
			return List[Lease]{}, at("query.mac", in.MAC, err)
		}
	}
	now := a.Now()
	all := slices.DeleteFunc(a.DB.Leases(), func(l lease.Lease) bool {
		return in.Subnet != "" && l.Subnet != in.Subnet || !mac.IsZero() && l.MAC != mac || in.Active && !l.Holds(now)
	})
	slices.SortFunc(all, func(x, y lease.Lease) int { return x.Address.Compare(y.Address) })
	return page(all, in.Page, leaseOrder, func(l lease.Lease) Lease { return a.showLease(l, now) })
}

type strangersInput struct {
	Limit int `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Rows"`
}

func (a *API) strangers(_ context.Context, in *strangersInput) (Tail[Event], error) {
	return tail(a.DB.Strangers(), in.Limit, nil, func(e journal.Event) Event { return a.showEvent(&e) }), nil
}

// subnet reads what was put, every address of it.
func (p *SubnetPut) subnet(name string) (*machine.Subnet, error) {
	if p.Name != "" && p.Name != name {
		return nil, wrong("name", p.Name, "differs from the path's "+name+": leave it out, or put it to its own path")
	}
	s := &machine.Subnet{
		Name: name, Network: p.Network, Site: p.Site, Domain: p.Domain, Mode: cmp.Or(p.Mode, machine.ModeServer),
		Policy: cmp.Or(machine.Policy(p.Policy), machine.PolicyObserve),
		Lease:  time.Duration(cmp.Or(p.LeaseSeconds, 3600)) * time.Second, SecureBoot: p.SecureBoot,
	}
	var err error
	if s.Prefix, err = netip.ParsePrefix(p.Prefix); err != nil {
		return nil, wrong("prefix", p.Prefix, "is not a network: want one such as 10.80.12.0/24")
	}
	if p.Gateway != "" {
		if s.Gateway, err = address("gateway", p.Gateway); err != nil {
			return nil, err
		}
	}
	for _, text := range p.DNS {
		server, err := address("dns", text)
		if err != nil {
			return nil, err
		}
		s.DNS = append(s.DNS, server)
	}
	s.Ranges, err = ranges(p.Ranges)
	return s, err
}

func ranges(all []AddressRange) (parsed []machine.Range, err error) {
	for _, r := range all {
		var p machine.Range
		if p.First, err = address("ranges.first", r.First); err != nil {
			return nil, err
		}
		if p.Last, err = address("ranges.last", r.Last); err != nil {
			return nil, err
		}
		parsed = append(parsed, p)
	}
	return parsed, nil
}

func address(field, text string) (netip.Addr, error) {
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return addr, wrong(field, text, "is not an address: want one such as 10.80.12.1")
	}
	return addr, nil
}

// wrong is a problem of one field of the body.
func wrong(field, value, why string) error {
	e := &huma.ErrorDetail{Message: why, Location: "body." + field, Value: value}
	return huma.Error422UnprocessableEntity(sentence(e), e)
}
