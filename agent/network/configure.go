package network

import (
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/vishvananda/netlink"
)

// configure puts a lease's address on its NIC, with the router and the name
// servers that came with it.
func (c *Client) configure(l *lease) error {
	link, err := netlink.LinkByName(l.nic)
	if err != nil {
		return fmt.Errorf("configure %s: %w", l.nic, err)
	}
	addr, err := netlink.ParseAddr(l.prefix())
	if err != nil {
		return fmt.Errorf("configure %s: %w", l.nic, err)
	}
	if err := netlink.AddrReplace(link, addr); err != nil {
		return fmt.Errorf("configure %s with %s: %w", l.nic, l.prefix(), err)
	}
	if routers := l.client.ACK.Router(); len(routers) > 0 {
		err := netlink.RouteReplace(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: routers[0], Dst: everywhere()})
		if err != nil { // the appliance may well be reached without it
			c.Log.Warn("no default route", "nic", l.nic, "router", routers[0].String(), "error", err)
		}
	}
	return c.resolve(l.client.ACK.DNS())
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
	link, err := netlink.LinkByName(l.nic)
	if err != nil {
		return // the NIC is gone, and its address with it
	}
	addr, err := netlink.ParseAddr(l.prefix())
	if err == nil {
		err = netlink.AddrDel(link, addr)
	}
	if err != nil {
		c.Log.Warn("address not removed", "nic", l.nic, "error", err)
	}
}
