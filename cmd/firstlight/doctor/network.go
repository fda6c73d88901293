package doctor

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"firstlight/server/config"
	"firstlight/server/machine"
)

// interfaces looks for each interface of the configuration.
func interfaces(_ context.Context, p Patient) []Finding {
	var all []Finding
	for _, i := range p.Config.Interfaces {
		all = append(all, oneInterface(i, p.Devices))
	}
	return all
}

func oneInterface(i config.Interface, have []config.Device) Finding {
	about := "interface " + i.Name
	at := slices.IndexFunc(have, func(d config.Device) bool { return d.Name == i.Name })
	if at < 0 {
		return Finding{Fail, about, "this host has no such interface; it has " + names(have), "correct interfaces in the configuration, or create " + i.Name}
	}
	d := have[at]
	own := address(i.Address, d, false)
	if !own.IsValid() && !i.Address.IsValid() { // IPv6 alone is enough
		own = address(i.Address6, d, true)
	}
	switch {
	case !d.Up:
		return Finding{Fail, about, "is down", "ip link set " + i.Name + " up"}
	case len(d.Addresses) == 0:
		return Finding{Fail, about, "has no address", "ip address add 10.80.12.1/24 dev " + i.Name}
	case !own.IsValid():
		return Finding{Fail, about, fmt.Sprintf("does not have the address %s; it has %s", cmp.Or(i.Address, i.Address6), prefixes(d.Addresses)), "correct the address in the configuration, or give it to " + i.Name}
	case !carrier(i.Name):
		return Finding{Warn, about, own.String() + ", but no cable carries a signal", "plug it in, or check the port of the switch"}
	}
	return ok(about, own.String())
}

// address is the appliance's own of a version on an interface: the one of the
// configuration if the interface has it, or its first one.
func address(want netip.Addr, d config.Device, six bool) netip.Addr {
	for _, a := range d.Addresses {
		if !want.IsValid() && a.Addr().Is6() == six || a.Addr() == want {
			return a.Addr()
		}
	}
	return netip.Addr{}
}

// carrier reads whether a link has a signal. What cannot be read is not blamed.
func carrier(name string) bool {
	text, err := os.ReadFile(filepath.Join("/sys/class/net", name, "carrier"))
	return err != nil || strings.TrimSpace(string(text)) != "0"
}

// addresses are the appliance's own of a version, by interface.
func (p Patient) addresses(six bool) map[string]netip.Addr {
	all := map[string]netip.Addr{}
	for _, i := range p.Config.Interfaces {
		want := i.Address
		if six {
			want = i.Address6
		}
		for _, d := range p.Devices {
			if own := address(want, d, six); d.Name == i.Name && own.IsValid() {
				all[i.Name] = own
			}
		}
	}
	return all
}

// subnets looks whether each interface has a subnet to serve, and whether each
// subnet can be reached without a relay.
func subnets(_ context.Context, p Patient) []Finding {
	if len(p.Config.Subnets) == 0 {
		return []Finding{{Warn, "subnets", "the configuration seeds none", "add subnets, or add them to a running appliance with: firstlight subnet set"}}
	}
	var all []Finding
	own := p.addresses(false)
	for _, s := range p.Config.Subnets {
		all = append(all, oneSubnet(s, p.addresses(s.Is6())))
	}
	for name, addr := range own {
		if !slices.ContainsFunc(p.Config.Subnets, func(s *machine.Subnet) bool { return s.Prefix.Contains(addr) }) {
			all = append(all, Finding{Warn, "interface " + name, "lies in no subnet: machines there get no answer", "add a subnet that contains " + addr.String()})
		}
	}
	return all
}

func oneSubnet(s *machine.Subnet, own map[string]netip.Addr) Finding {
	about := "subnet " + s.Name
	what := fmt.Sprintf("%s, unknown machines: %s", s.Prefix, s.Policy)
	if s.Mode == "off" {
		return Finding{Warn, about, what + ", DHCP is off", "set mode: server where this appliance is to answer DHCP"}
	}
	for name, addr := range own {
		for _, r := range s.Ranges {
			if r.Contains(addr) {
				return Finding{Fail, about, fmt.Sprintf("its range %s-%s hands out the appliance's own address %s", r.First, r.Last, addr), "take the address out of the range"}
			}
		}
		if s.Prefix.Contains(addr) {
			return ok(about, what+", on "+name)
		}
	}
	return Finding{Warn, about, what + ", on none of our interfaces", "let a DHCP relay send its requests here, or correct the prefix"}
}

func names(all []config.Device) string {
	var texts []string
	for _, d := range all {
		texts = append(texts, d.Name)
	}
	return orNone(texts)
}

func prefixes(all []netip.Prefix) string {
	var texts []string
	for _, p := range all {
		texts = append(texts, p.String())
	}
	return orNone(texts)
}

func orNone(all []string) string {
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}
