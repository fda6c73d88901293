package config

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// Device is a network interface of this machine.
type Device struct {
	Name      string
	Up        bool
	Addresses []netip.Prefix // IPv4, and those of IPv6 that routers pass on
}

// Devices lists the interfaces of this machine, without loopback.
func Devices() ([]Device, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list network interfaces: %w", err)
	}
	var out []Device
	for _, i := range all {
		if i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			return nil, fmt.Errorf("list addresses of %s: %w", i.Name, err)
		}
		d := Device{Name: i.Name, Up: i.Flags&net.FlagUp != 0}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil && (p.Addr().Is4() || p.Addr().IsGlobalUnicast()) {
				d.Addresses = append(d.Addresses, p)
			}
		}
		out = append(out, d)
	}
	return out, nil
}

// Bind holds the interfaces of the configuration against those that there are,
// and takes the first address of each version where the file names none. One of
// the two is enough.
func (c *Config) Bind(file string, have []Device) error {
	var problems Problems
	for i := range c.Interfaces {
		if err := c.Interfaces[i].bind(have); err != nil {
			problems = append(problems, Problem{File: file, Line: c.Interfaces[i].line, Key: c.Interfaces[i].key, Text: err.Error()})
		}
	}
	return problems.orNil()
}

func (i *Interface) bind(have []Device) error {
	at := slices.IndexFunc(have, func(d Device) bool { return d.Name == i.Name })
	if at < 0 {
		var names []string
		for _, d := range have {
			names = append(names, d.Name)
		}
		return fmt.Errorf("%q: this machine has no such interface; it has %s", i.Name, orNone(names))
	}
	d := have[at]
	for _, own := range []*netip.Addr{&i.Address, &i.Address6} {
		if !own.IsValid() {
			*own = d.first(own == &i.Address6)
		} else if !slices.ContainsFunc(d.Addresses, func(p netip.Prefix) bool { return p.Addr() == *own }) {
			return fmt.Errorf("%q: does not have the address %s; it has %s", i.Name, own, orNone(d.texts()))
		}
	}
	if !i.Address.IsValid() && !i.Address6.IsValid() {
		return fmt.Errorf("%q: has no address: give it one, such as: ip address add 10.80.12.1/24 dev %s", i.Name, i.Name)
	}
	return nil
}

// first gives the first address of a version; the zero Addr, where there is none.
func (d *Device) first(six bool) netip.Addr {
	for _, p := range d.Addresses {
		if p.Addr().Is6() == six {
			return p.Addr()
		}
	}
	return netip.Addr{}
}

func (d *Device) texts() []string {
	texts := make([]string, len(d.Addresses))
	for i, p := range d.Addresses {
		texts[i] = p.String()
	}
	return texts
}

func orNone(all []string) string {
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}
