package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"firstlight/server/machine"
)

// The parsers below read one value each and say what they want instead.

func text(s string) (string, error) {
	if strings.TrimSpace(s) == "" {
		return "", errors.New("is empty: give a value or take the key away")
	}
	return s, nil
}

func label(s string) (string, error) {
	if !machine.ValidLabel(s) {
		return "", errors.New("want lower-case letters, digits and inner dashes")
	}
	return s, nil
}

func domain(s string) (string, error) {
	for part := range strings.SplitSeq(s, ".") {
		if !machine.ValidLabel(part) || len(s) > 200 {
			return "", errors.New("want a domain such as lon6.example.net, in lower case and without a dot at its end")
		}
	}
	return s, nil
}

func pattern(s string) (string, error) {
	trial := strings.NewReplacer("<site>", "a", "<role>", "a", "<n>", "1").Replace(s)
	if !strings.Contains(s, "<n>") || !machine.ValidLabel(trial) {
		return "", errors.New("want one label made of letters, digits, dashes, <site>, <role> and, so that names differ, <n>")
	}
	return s, nil
}

// ifaceName follows the kernel's dev_valid_name.
func ifaceName(s string) (string, error) {
	if s == "" || len(s) > 15 || s == "." || s == ".." || strings.ContainsAny(s, "/: \t\n") {
		return "", errors.New("want the name of a network interface, of at most 15 characters, such as eth1")
	}
	return s, nil
}

func addr4(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is4() {
		return netip.Addr{}, errors.New("want an IPv4 address such as 10.80.12.1")
	}
	return a, nil
}

func addr6(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is6() || a.Is4In6() || a.Zone() != "" || !a.IsGlobalUnicast() {
		return netip.Addr{}, errors.New("want an IPv6 address that routers pass on, such as 2001:db8:12::1")
	}
	return a, nil
}

// addr is an address of either version.
func addr(s string) (netip.Addr, error) {
	if a, err := addr4(s); err == nil {
		return a, nil
	}
	a, err := addr6(s)
	if err != nil {
		return a, errors.New("want an address such as 10.80.12.1 or 2001:db8:12::1")
	}
	return a, nil
}

// peer is a DHCP server of either version; one of DHCPv6 answers from its
// link-local address.
func peer(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" || a.Is4In6() || a.IsMulticast() || a.IsUnspecified() {
		return a, errors.New("want the address that it answers from, such as 10.80.12.9 or fe80::5054:ff:fe12:3499")
	}
	return a, nil
}

func addrPort(s string) (netip.AddrPort, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		return netip.AddrPortFrom(a, 53), nil
	}
	ap, err := netip.ParseAddrPort(s)
	if err != nil || ap.Port() == 0 {
		return netip.AddrPort{}, errors.New("want an address, or address:port, such as 10.80.12.1:53")
	}
	return ap, nil
}

// network is one of either version; machine.Subnet says more of those of IPv6.
func network(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil || p.Addr().Is4In6():
		return p, errors.New("want an IPv4 network such as 10.80.12.0/24, or an IPv6 one such as 2001:db8:12::/64")
	case p != p.Masked():
		return p, fmt.Errorf("has host bits set; did you mean %s?", p.Masked())
	case p.Addr().Is4() && (p.Bits() > 30 || p.Bits() < 8):
		return p, errors.New("want a network of at least four addresses and at most a /8")
	}
	return p, nil
}

func addrRange(s string) (machine.Range, error) {
	first, last, ok := strings.Cut(s, "-")
	a, errA := addr(strings.TrimSpace(first))
	b, errB := addr(strings.TrimSpace(last))
	switch {
	case !ok || errA != nil || errB != nil:
		return machine.Range{}, errors.New("want first and last address such as 10.80.12.100-10.80.12.199")
	case b.Less(a):
		return machine.Range{}, fmt.Errorf("ends before it begins; did you mean %s-%s?", b, a)
	}
	return machine.Range{First: a, Last: b}, nil
}

// people is where the people's door listens: host:port, or a socket that
// systemd opened.
func people(s string) (string, error) {
	want := errors.New("want an address and port such as 127.0.0.1:8443, or fd:NAME for a socket of systemd")
	if name, ok := strings.CutPrefix(s, "fd:"); ok {
		if !machine.ValidLabel(name) {
			return "", want
		}
		return s, nil
	}
	ap, err := netip.ParseAddrPort(s)
	if err != nil {
		return "", want
	}
	return ap.String(), nil
}

// certName is a DNS name or an address that people type into a browser.
func certName(s string) (string, error) {
	if net.ParseIP(s) != nil {
		return s, nil
	}
	if _, err := domain(s); err != nil {
		return "", errors.New("want a DNS name or an address by which people reach the appliance")
	}
	return s, nil
}

func between(low, high int) func(string) (int, error) {
	return func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < low || n > high {
			return 0, fmt.Errorf("want a whole number from %d to %d", low, high)
		}
		return n, nil
	}
}

func atLeast(low time.Duration) func(string) (time.Duration, error) {
	return func(s string) (time.Duration, error) {
		d, err := time.ParseDuration(s)
		if err != nil || d < low {
			return 0, fmt.Errorf("want a time of at least %s, such as 90m or 12h", short(low))
		}
		return d, nil
	}
}

// short spells a duration without zero minutes and seconds.
func short(d time.Duration) string {
	s := strings.TrimSuffix(d.String(), "m0s")
	if s != d.String() {
		s += "m"
	}
	if t, ok := strings.CutSuffix(s, "h0m"); ok {
		s = t + "h"
	}
	return s
}

func oneOf[T ~string](all ...T) func(string) (T, error) {
	return func(s string) (T, error) {
		if slices.Contains(all, T(s)) {
			return T(s), nil
		}
		names := make([]string, len(all))
		for i, v := range all {
			names[i] = string(v)
		}
		return "", fmt.Errorf("want %s or %s", strings.Join(names[:len(names)-1], ", "), names[len(names)-1])
	}
}

func yesNo(s string) (bool, error) {
	switch s {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, errors.New("want true or false")
}

func level(s string) (slog.Level, error) {
	var l slog.Level
	if slices.Contains([]string{"debug", "info", "warn", "error"}, s) && l.UnmarshalText([]byte(s)) == nil {
		return l, nil
	}
	return l, errors.New("want debug, info, warn or error")
}

func selector(s string) (string, error) {
	_, err := machine.ParseSelector(s)
	return s, err
}
