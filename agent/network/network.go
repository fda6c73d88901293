// Package network brings the machine's wired links up and keeps an address on
// one of them: by DHCP or, where the appliance is reached by IPv6, by DHCPv6 or
// from what routers advertise. It tells when a cable is plugged in or pulled.
//
// It promises to hold on: whatever the switch, the server or the lease does,
// Run tries again until its context ends, and it takes the NIC that booted
// before any other. It configures kernel interfaces, so it is for the boot
// image alone: package agent/pid1 imports it; it imports agent/patience.
package network

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"

	"firstlight/agent/patience"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// alone is how long the NIC that booted is tried before the others join in. It
// had an address half a minute ago; a switch port that just saw the link go
// down may take that long to forward again (spanning tree without PortFast).
const alone = 20 * time.Second

// Client is a DHCP client for a whole machine.
type Client struct {
	BootMAC string // of the NIC that booted; "" when unknown
	IPv6    bool   // which version of IP the address is to be of
	Resolv  string // file to write name servers to
	Log     *slog.Logger
	Accept  func(netlink.Link) bool // which links are tried; Wired on a real machine
}

// Wired accepts Ethernet hardware: not loopback, bridges, bonds or tunnels.
func Wired(l netlink.Link) bool {
	return l.Type() == "device" && l.Attrs().EncapType == "ether"
}

// Run keeps an address until ctx ends, and calls up whenever there is a new one.
func (c *Client) Run(ctx context.Context, up func(addr string)) {
	for ctx.Err() == nil {
		l, err := c.connect(ctx)
		if err == nil {
			err = c.configure(ctx, l)
		}
		if err != nil {
			if ctx.Err() == nil {
				c.Log.Error("no address", "error", err)
				_ = patience.Wait(ctx, time.Second)
			}
			continue
		}
		c.Log.Info("address", "nic", l.nic, "address", l.prefix, "lease", l.length)
		up(l.prefix.String())
		c.keep(ctx, l)
	}
}

// connect brings all links up and returns the first lease that any of those
// whose turn it is obtains.
func (c *Client) connect(ctx context.Context) (*lease, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes := make(chan netlink.LinkUpdate, 64)
	if err := netlink.LinkSubscribe(changes, ctx.Done()); err != nil {
		return nil, fmt.Errorf("follow links: %w", err)
	}
	leases := make(chan *lease)
	tried := map[string]bool{}
	others := time.NewTimer(alone)
	defer others.Stop()
	first := c.BootMAC
	for {
		links, err := c.links()
		if err != nil {
			return nil, err
		}
		for _, l := range links {
			if name := l.Attrs().Name; !tried[name] && turn(l, first) {
				tried[name] = true
				go c.try(ctx, name, leases)
			}
		}
		select {
		case l := <-leases:
			return l, nil
		case _, ok := <-changes:
			if !ok {
				return nil, fmt.Errorf("follow links: the kernel ended it")
			}
		case <-others.C:
			first = ""
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// links lists the accepted links and brings up those that are down.
func (c *Client) links() ([]netlink.Link, error) {
	all, err := netlink.LinkList()
	if err != nil {
		return nil, fmt.Errorf("list links: %w", err)
	}
	var links []netlink.Link
	for _, l := range all {
		if !c.Accept(l) {
			continue
		}
		links = append(links, l)
		if l.Attrs().Flags&net.FlagUp == 0 {
			if err := netlink.LinkSetUp(l); err != nil {
				c.Log.Warn("link stays down", "nic", l.Attrs().Name, "error", err)
			}
		}
	}
	return links, nil
}

// turn says whether a link is to be tried: it sees the other end, and no other
// NIC comes first.
func turn(l netlink.Link, first string) bool {
	a := l.Attrs()
	return a.RawFlags&unix.IFF_LOWER_UP != 0 &&
		(first == "" || strings.EqualFold(a.HardwareAddr.String(), first))
}

// try asks for an address on one NIC until it gets one.
func (c *Client) try(ctx context.Context, nic string, leases chan<- *lease) {
	c.Log.Info("link up", "nic", nic)
	for ctx.Err() == nil {
		l, err := c.request(ctx, nic)
		if err != nil {
			c.Log.Warn("no answer to DHCP", "nic", nic, "error", err)
			_ = patience.Wait(ctx, time.Second)
			continue
		}
		select {
		case leases <- l:
		case <-ctx.Done():
		}
		return
	}
}

func (c *Client) request(ctx context.Context, nic string) (*lease, error) {
	if c.IPv6 {
		return request6(ctx, nic)
	}
	return request4(ctx, nic)
}

// whoAsks tells servers the agent from firmware and from an installed system.
const whoAsks = "firstlight-agent"
