package netns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"github.com/vishvananda/netlink"
)

// Switch is a bridge: the switch that everything in the rack is plugged into.
type Switch struct {
	link  netlink.Link
	ports []netlink.Link

	speakers sync.WaitGroup  // of Announce
	open     context.Context // until Close
	close    context.CancelFunc
}

// NewSwitch makes a bridge in this process's namespace. The kernel's defaults
// are what a netboot needs, no spanning tree and with it ports that forward at
// once. The bridge itself answers no ARP: it is a switch, not a neighbour.
func NewSwitch(name string) (*Switch, error) {
	snooping := false // would hold multicast back until a querier is found
	b := &netlink.Bridge{LinkAttrs: attrs(name), MulticastSnooping: &snooping}
	if err := netlink.LinkAdd(b); err != nil {
		return nil, fmt.Errorf("make bridge %s: %w", name, err)
	}
	if err := netlink.LinkSetARPOff(b); err != nil {
		return nil, fmt.Errorf("quieten bridge %s: %w", name, err)
	}
	if err := netlink.LinkSetUp(b); err != nil {
		return nil, fmt.Errorf("bring bridge %s up: %w", name, err)
	}
	open, closed := context.WithCancel(context.Background())
	return &Switch{link: b, open: open, close: closed}, nil
}

// Tap makes a port for a QEMU machine.
func (s *Switch) Tap(name string) error {
	t := &netlink.Tuntap{LinkAttrs: attrs(name), Mode: netlink.TUNTAP_MODE_TAP}
	if err := netlink.LinkAdd(t); err != nil {
		return fmt.Errorf("make tap %s (this user must be able to open /dev/net/tun; systems ship it with mode 0666): %w", name, err)
	}
	return s.port(t)
}

// Plug lays a cable from the switch to an interface of that name in the
// namespace, or in this one where it is nil.
func (s *Switch) Plug(name string, in *Namespace) (*Cable, error) {
	v := &netlink.Veth{LinkAttrs: attrs(name), PeerName: name + "-port"}
	if err := netlink.LinkAdd(v); err != nil {
		return nil, fmt.Errorf("lay cable %s: %w", name, err)
	}
	far, err := netlink.LinkByName(name + "-port")
	if err != nil {
		return nil, fmt.Errorf("find the switch's end of cable %s: %w", name, err)
	}
	if err := s.port(far); err != nil {
		return nil, err
	}
	if in != nil {
		if err := netlink.LinkSetNsFd(v, int(in.nsHandle())); err != nil {
			return nil, fmt.Errorf("move cable %s: %w", name, err)
		}
	}
	return plugged(name, in)
}

func (s *Switch) port(l netlink.Link) error {
	if err := netlink.LinkSetMaster(l, s.link); err != nil {
		return fmt.Errorf("plug %s into the switch: %w", l.Attrs().Name, err)
	}
	if err := netlink.LinkSetUp(l); err != nil {
		return fmt.Errorf("bring %s up: %w", l.Attrs().Name, err)
	}
	s.ports = append(s.ports, l)
	return nil
}

// Close takes the switch away with everything that was plugged into it.
func (s *Switch) Close() error {
	s.hush()
	var all error
	for _, l := range append(s.ports, s.link) {
		if err := netlink.LinkDel(l); err != nil && !errors.Is(err, syscall.ENODEV) {
			all = errors.Join(all, fmt.Errorf("remove %s: %w", l.Attrs().Name, err))
		}
	}
	return all
}

func attrs(name string) netlink.LinkAttrs {
	a := netlink.NewLinkAttrs()
	a.Name = name
	return a
}

// ipNet is a prefix in the words of package net, with its host bits.
func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
