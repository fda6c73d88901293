package network

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/vishvananda/netlink"
)

// configure puts a lease's address on its NIC, with the router and the name
// servers that came with it.
func (c *Client) configure(ctx context.Context, l *lease) error {
	if l.kernel {
		return nil
	}
	link, err := netlink.LinkByName(l.nic)
	if err != nil {
		return fmt.Errorf("configure %s: %w", l.nic, err)
	}
	if err := netlink.AddrReplace(link, l.addr()); err != nil {
		return fmt.Errorf("configure %s with %s: %w", l.nic, l.prefix, err)
	}
	if l.prefix.Addr().Is6() {
		if err := settled(ctx, l.nic, func(a netip.Addr) bool { return a == l.prefix.Addr() }); err != nil {
			return fmt.Errorf("configure %s with %s: %w", l.nic, l.prefix, err)
		}
	}
	if l.router != nil {
		err := netlink.RouteReplace(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: l.router, Dst: everywhere()})
		if err != nil { // the appliance may well be reached without it
			c.Log.Warn("no default route", "nic", l.nic, "router", l.router.String(), "error", err)
		}
	}
	return c.resolve(l.dns)
}

func (l *lease) addr() *netlink.Addr {
	a := l.prefix.Addr()
	return &netlink.Addr{IPNet: &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(l.prefix.Bits(), a.BitLen())}}
}

func everywhere() *net.IPNet {
	return &net.IPNet{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)}
}

func (c *Client) resolve(servers []net.IP) error {
	if c.Resolv == "" || len(servers) == 0 {
		return nil
	}
	var b strings.Builder
	for _, s := range servers {
		fmt.Fprintf(&b, "nameserver %s\n", s)
	}
	if err := os.WriteFile(c.Resolv, []byte(b.String()), 0o644); err != nil {
		return fmt.Errorf("write name servers: %w", err)
	}
	return nil
}

// remove takes an address away that is no longer ours.
func (c *Client) remove(l *lease) {
	if l.kernel {
		return
	}
	link, err := netlink.LinkByName(l.nic)
	if err != nil {
		return // the NIC is gone, and its address with it
	}
	if err := netlink.AddrDel(link, l.addr()); err != nil {
		c.Log.Warn("address not removed", "nic", l.nic, "error", err)
	}
}
