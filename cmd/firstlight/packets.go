package main

import (
	"context"
	"net/url"
	"os"

	"firstlight/cmd/firstlight/output"
	"firstlight/server/api"
)

type bootPacketsCmd struct {
	remote
	listFlags
	Ref  string `arg:"" complete:"machine" help:"Hardware name, host name or id of a machine, or any MAC."`
	PCAP string `name:"pcap" placeholder:"FILE" help:"Write them into a file for Wireshark and tcpdump; - is standard output."`
}

// Run lists the packets, or writes them into a file.
func (c *bootPacketsCmd) Run(ctx context.Context, h *host) error {
	path := "/machines/" + url.PathEscape(c.Ref) + "/packets"
	if c.PCAP == "" {
		return listing[api.Packet]{columns: packetColumns, read: whole[api.Packet](path, nil)}.run(ctx, h, &c.remote, c.listFlags)
	}
	return c.file(ctx, h, path+".pcap", c.PCAP)
}

var packetColumns = []output.Column[api.Packet]{
	{Name: "at", Value: func(p api.Packet) any { return p.At }},
	{Name: "from", Value: func(p api.Packet) any { return p.From }},
	{Name: "to", Value: func(p api.Packet) any { return p.To }},
	{Name: "text", Head: "WHAT", Value: func(p api.Packet) any { return p.Text }},
}

type subnetServersCmd struct {
	remote
	listFlags
}

// Run lists other DHCP servers.
func (c *subnetServersCmd) Run(ctx context.Context, h *host) error {
	l := listing[api.DHCPServer]{columns: serverColumns, read: whole[api.DHCPServer]("/dhcp-servers", nil), none: "no other DHCP server was heard"}
	return l.run(ctx, h, &c.remote, c.listFlags)
}

var serverColumns = []output.Column[api.DHCPServer]{
	{Name: "address", Value: func(s api.DHCPServer) any { return s.Address }},
	{Name: "mac", Head: "MAC", Value: func(s api.DHCPServer) any { return s.MAC }},
	{Name: "subnet", Value: func(s api.DHCPServer) any { return s.Subnet }},
	{Name: "interface", Wide: true, Value: func(s api.DHCPServer) any { return s.Interface }},
	{Name: "expected", Value: func(s api.DHCPServer) any { return s.Expected }},
	{Name: "offered", Head: "GIVES", Value: func(s api.DHCPServer) any { return s.Offered }},
	{Name: "file", Head: "HAS BOOT", Value: func(s api.DHCPServer) any { return s.File }},
	{Name: "client", Value: func(s api.DHCPServer) any { return s.Client }},
	{Name: "count", Wide: true, Value: func(s api.DHCPServer) any { return s.Count }},
	{Name: "first_at", Wide: true, Head: "FIRST", Value: func(s api.DHCPServer) any { return s.FirstAt }},
	{Name: "last_at", Head: "LAST", Value: func(s api.DHCPServer) any { return s.LastAt }},
}

// file fetches what is no JSON and writes it where it was asked for; - is
// standard output.
func (r *remote) file(ctx context.Context, h *host, path, name string) error {
	if name == "-" && h.screen(h.out) != nil {
		return usage("what is asked for is not for a terminal: name a file, or send it on with |")
	}
	a, err := r.open(h)
	if err != nil {
		return err
	}
	file, err := a.Get(ctx, path, nil, nil)
	if err != nil {
		return err
	}
	if name == "-" {
		_, err = h.out.Write(file)
		return err
	}
	if err := os.WriteFile(name, file, 0o644); err != nil {
		return usage("%w", err)
	}
	return h.say("%s: %d bytes", name, len(file))
}
