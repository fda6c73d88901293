package main

import (
	"fmt"
	"net/netip"
	"strings"
)

// choice puts a value behind a key of the reference. Keys are told apart by
// the section that they stand in; "" is the whole file.
type choice struct{ section, key, value string }

// choices are the values that were given, and those that follow from them.
func (c *initCmd) choices() []choice {
	all := []choice{
		{"", "state", c.State},
		{"interfaces", "- name", c.Interface},
		{"people", "listen", c.Listen},
		{"site", "name", c.Site},
		{"site", "domain", c.Domain},
	}
	if c.Address.IsValid() {
		all = append(all, choice{"interfaces", "address", c.Address.String()})
	}
	if c.Site != "" {
		all = append(all, choice{"subnets", "- name", c.Site + "-boot"})
	}
	if c.Prefix.IsValid() {
		all = append(all, choice{"subnets", "prefix", c.Prefix.Masked().String()}, choice{"ranges", "- ", upperHalf(c.Prefix)})
	}
	return append(all, choice{"ranges", "- ", c.Range})
}

// upperHalf is the range of a network that is handed out where none is chosen:
// its upper half, without the broadcast address and, by custom, a router's last
// one; people and servers tend to sit at the bottom.
func upperHalf(p netip.Prefix) string {
	if !p.Addr().Is4() || p.Bits() < 8 || p.Bits() > 28 {
		return ""
	}
	size := uint32(1) << (32 - p.Bits())
	base := p.Masked().Addr().As4()
	at := func(n uint32) netip.Addr {
		v := uint32(base[0])<<24 | uint32(base[1])<<16 | uint32(base[2])<<8 | uint32(base[3])
		v += n
		return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
	}
	return at(size/2).String() + "-" + at(size-3).String()
}

// chosen is the reference with values in their places; the comments stay.
func chosen(reference string, all []choice) (string, error) {
	lines := strings.Split(reference, "\n")
	for _, c := range all {
		if c.value == "" {
			continue
		}
		if strings.ContainsAny(c.value, "\n\r#") {
			return "", usage("%q: want one word", c.value)
		}
		if !c.put(lines) {
			return "", fmt.Errorf("the reference configuration has no place for %s %s", c.section, c.key)
		}
	}
	return strings.Join(lines, "\n"), nil
}

// put replaces the first line of the key in its section, and shows both where
// they are hidden.
func (c choice) put(lines []string) bool {
	section := -1
	for i, line := range lines {
		shown, explains := setting(line)
		trimmed := strings.TrimLeft(shown, " ")
		switch {
		case explains:
		case section < 0 && c.section != "":
			if trimmed == c.section+":" {
				section = i
			}
		case strings.HasPrefix(trimmed, c.prefix()):
			lines[i] = shown[:len(shown)-len(trimmed)] + c.prefix() + c.value
			if section >= 0 {
				lines[section], _ = setting(lines[section])
			}
			return true
		}
	}
	return false
}

// setting gives a line without the "#" that hides it, or tells that it explains.
func setting(line string) (shown string, explains bool) {
	rest, hidden := strings.CutPrefix(line, "#")
	if !hidden {
		return line, strings.HasPrefix(strings.TrimLeft(line, " "), "#")
	}
	return rest, strings.HasPrefix(rest, " ") && !strings.HasPrefix(rest, "  ") || rest == ""
}

func (c choice) prefix() string {
	if strings.HasSuffix(c.key, " ") {
		return c.key
	}
	return c.key + ": "
}
