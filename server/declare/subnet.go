package declare

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"firstlight/server/machine"
)

// Subnet are the fields of a subnet, but for its name.
func Subnet() []Field[*machine.Subnet] { return subnetFields }

var subnetFields = []Field[*machine.Subnet]{
	must(prefixOf("prefix", "network, such as 10.80.12.0/24 or 2001:db8:12::/64", func(s *machine.Subnet) *netip.Prefix { return &s.Prefix })),
	must(from(machine.KindSite, textOf("site", "where it is", func(s *machine.Subnet) *string { return &s.Site }))),
	must(words([]string{machine.ModeServer, machine.ModeProxy, machine.ModeOff},
		textOf("mode", "server gives addresses, proxy only tells what to boot, off is silent", func(s *machine.Subnet) *string { return &s.Mode }))),
	must(words([]string{string(machine.PolicyObserve), string(machine.PolicyRegister), string(machine.PolicyIgnore)},
		textOf("policy", "what an unknown machine gets: its own disk, the agent, or no answer", func(s *machine.Subnet) *string { return (*string)(&s.Policy) }))),
	rangesOf("ranges", "addresses that are handed out, such as 10.80.12.100-10.80.12.199, with commas between; empty: reservations only"),
	addressOf("gateway", "router that is handed out; empty: none, as always by IPv6", func(s *machine.Subnet) *netip.Addr { return &s.Gateway }),
	addressesOf("dns", "name servers that are handed out, with commas between; empty: the appliance", func(s *machine.Subnet) *[]netip.Addr { return &s.DNS }),
	textOf("domain", "zone of the host names, without the dot at its end", func(s *machine.Subnet) *string { return &s.Domain }),
	textOf("network", "the same for all subnets on one segment; empty: it is alone there", func(s *machine.Subnet) *string { return &s.Network }),
	flagOf("secure_boot", "UEFI machines get the signed loaders, also those of which nobody knows whether Secure Boot is on", func(s *machine.Subnet) *bool { return &s.SecureBoot }),
	must(spanOf("lease", "life of a dynamic lease, such as 12h", func(s *machine.Subnet) *time.Duration { return &s.Lease })),
}

func prefixOf[T any](name, says string, at func(T) *netip.Prefix) Field[T] {
	return Field[T]{
		Name: name, Says: says,
		get: func(t T) string {
			if !at(t).IsValid() {
				return ""
			}
			return at(t).String()
		},
		set: func(t T, text string) (err error) {
			if *at(t), err = netip.ParsePrefix(text); err != nil {
				return errors.New("want a network such as 10.80.12.0/24 or 2001:db8:12::/64")
			}
			return nil
		},
	}
}

func addressOf[T any](name, says string, at func(T) *netip.Addr) Field[T] {
	return Field[T]{
		Name: name, Says: says,
		get: func(t T) string {
			if !at(t).IsValid() {
				return ""
			}
			return at(t).String()
		},
		set: func(t T, text string) (err error) {
			if *at(t) = (netip.Addr{}); text != "" {
				*at(t), err = address(text)
			}
			return err
		},
	}
}

func address(text string) (netip.Addr, error) {
	a, err := netip.ParseAddr(text)
	if err != nil {
		return a, fmt.Errorf("%q is no address: want one such as 10.80.12.1", text)
	}
	return a, nil
}

func addressesOf[T any](name, says string, at func(T) *[]netip.Addr) Field[T] {
	return Field[T]{
		Name: name, Says: says,
		get: func(t T) string { return commas(*at(t)) },
		set: func(t T, text string) error {
			*at(t) = nil
			for _, word := range split(text) {
				a, err := address(word)
				if err != nil {
					return err
				}
				*at(t) = append(*at(t), a)
			}
			return nil
		},
	}
}

func commas[T fmt.Stringer](all []T) string {
	texts := make([]string, len(all))
	for i, one := range all {
		texts[i] = one.String()
	}
	return strings.Join(texts, ",")
}

func rangesOf(name, says string) Field[*machine.Subnet] {
	return Field[*machine.Subnet]{
		Name: name, Says: says,
		get: func(s *machine.Subnet) string { return commas(s.Ranges) },
		set: func(s *machine.Subnet, text string) error {
			s.Ranges = nil
			for _, word := range split(text) {
				first, last, ok := strings.Cut(word, "-")
				a, bad := netip.ParseAddr(first)
				b, worse := netip.ParseAddr(last)
				if !ok || bad != nil || worse != nil {
					return fmt.Errorf("%q is no range: want two addresses with a dash between them, such as 10.80.12.100-10.80.12.199", word)
				}
				s.Ranges = append(s.Ranges, machine.Range{First: a, Last: b})
			}
			return nil
		},
	}
}
