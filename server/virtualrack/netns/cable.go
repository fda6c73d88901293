package netns

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Cable is the near end of a cable into a Switch: an interface.
type Cable struct {
	Name string
	in   *Namespace
	link netlink.Link
}

func plugged(name string, in *Namespace) (*Cable, error) {
	h, err := in.handle()
	if err != nil {
		return nil, err
	}
	defer h.Close()
	link, err := h.LinkByName(name)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", name, err)
	}
	if err := h.LinkSetUp(link); err != nil {
		return nil, fmt.Errorf("bring %s up: %w", name, err)
	}
	return &Cable{Name: name, in: in, link: link}, nil
}

// Add gives the interface an address; one that it has already is no error.
func (c *Cable) Add(p netip.Prefix) error {
	return c.with(func(h *netlink.Handle) error {
		a := &netlink.Addr{IPNet: ipNet(p)}
		if p.Addr().Is6() {
			a.Flags = unix.IFA_F_NODAD // nobody else is there, and a second of waiting
		}
		err := h.AddrAdd(c.link, a)
		if err != nil && !errors.Is(err, syscall.EEXIST) {
			return fmt.Errorf("add %s to %s: %w", p, c.Name, err)
		}
		return nil
	})
}

// Remove takes an address from the interface; one that is gone is no error.
func (c *Cable) Remove(p netip.Prefix) error {
	return c.with(func(h *netlink.Handle) error {
		err := h.AddrDel(c.link, &netlink.Addr{IPNet: ipNet(p)})
		if err != nil && !errors.Is(err, syscall.EADDRNOTAVAIL) {
			return fmt.Errorf("remove %s from %s: %w", p, c.Name, err)
		}
		return nil
	})
}

// Reach says that a network is at the other end, without a router in between.
func (c *Cable) Reach(p netip.Prefix) error {
	return c.with(func(h *netlink.Handle) error {
		r := &netlink.Route{LinkIndex: c.link.Attrs().Index, Dst: ipNet(p.Masked()), Scope: netlink.SCOPE_LINK}
		if err := h.RouteReplace(r); err != nil {
			return fmt.Errorf("route %s to %s: %w", p, c.Name, err)
		}
		return nil
	})
}

// Via says that a network is behind a router at the other end.
func (c *Cable) Via(p netip.Prefix, router netip.Addr) error {
	return c.with(func(h *netlink.Handle) error {
		r := &netlink.Route{LinkIndex: c.link.Attrs().Index, Dst: ipNet(p.Masked()), Gw: router.AsSlice()}
		if err := h.RouteReplace(r); err != nil {
			return fmt.Errorf("route %s through %s: %w", p, router, err)
		}
		return nil
	})
}

// Own makes every address of the network one of this host's, as if each had been
// added: a thousand BMCs then cost one route.
func (c *Cable) Own(p netip.Prefix) error {
	return c.local(p, (*netlink.Handle).RouteReplace)
}

// Disown takes back what Own did.
func (c *Cable) Disown(p netip.Prefix) error {
	return c.local(p, func(h *netlink.Handle, r *netlink.Route) error {
		if err := h.RouteDel(r); !errors.Is(err, syscall.ESRCH) {
			return err
		}
		return nil
	})
}

func (c *Cable) local(p netip.Prefix, do func(*netlink.Handle, *netlink.Route) error) error {
	return c.with(func(h *netlink.Handle) error {
		lo, err := h.LinkByName("lo")
		if err != nil {
			return fmt.Errorf("find the loopback interface: %w", err)
		}
		r := &netlink.Route{
			LinkIndex: lo.Attrs().Index, Dst: ipNet(p.Masked()),
			Table: unix.RT_TABLE_LOCAL, Type: unix.RTN_LOCAL, Scope: netlink.SCOPE_HOST,
		}
		if err := do(h, r); err != nil {
			return fmt.Errorf("own the addresses of %s: %w", p, err)
		}
		return nil
	})
}

func (c *Cable) with(f func(*netlink.Handle) error) error {
	h, err := c.in.handle()
	if err != nil {
		return err
	}
	defer h.Close()
	return f(h)
}
