package whereabouts

import (
	"slices"
	"strings"
)

// readText reads a circuit id that is text. The forms:
//
//	Ethernet31, Et31, Gi1/0/31, swp31, 1/1/31   Arista, Cisco, Cumulus, AOS-CX
//	ge-0/0/31.0:vlan10                          Junos: interface, logical unit, VLAN
//	sw3:ge-0/0/31.0:vlan10                      Junos with "prefix host-name"
//	sw3:Ethernet31, sw3:Ethernet31:Vlan100      SONiC, and Dell's
//	sw3|Gi1/0/31|100                            Cisco's %h|%p|%v and others of that kind
//	sw3 eth 0/31:100                            Broadband Forum TR-101 R-124
//
// What names a VLAN, a bundle or a bridge names no port: a relay that routes says
// those.
func (s *Said) readText(text string) {
	parts := split(text)
	at := slices.IndexFunc(parts, func(p string) bool { return kindOf(p) != other })
	switch {
	case at < 0 && len(parts) == 2 && name(parts[0]) && number(parts[1]): // sw3:31
		s.Switch, s.Port = parts[0], parts[1]
		return
	case at < 0 && len(parts) == 1 && number(parts[0]):
		s.Port = parts[0]
		return
	case at < 0 || at > 1:
		return // a form that nobody told us of
	}
	if at == 1 && !name(parts[0]) {
		return
	}
	if at == 1 {
		s.Switch = parts[0]
	}
	if kindOf(parts[at]) == network {
		s.Network = parts[at]
		return
	}
	s.Port = unit(parts[at])
	if rest := parts[at+1:]; len(rest) > 0 {
		s.VLAN = rest[0]
	}
}

// split takes a text apart at its separators: | where there is one, else :, and
// the space before "eth" of TR-101.
func split(text string) (parts []string) {
	sign := ":"
	if strings.Contains(text, "|") {
		sign = "|"
	}
	for p := range strings.SplitSeq(text, sign) {
		if p = strings.TrimSpace(p); p == "" {
			continue
		}
		if first, rest, ok := strings.Cut(p, " eth "); ok && len(parts) == 0 && name(first) {
			parts = append(parts, first, "eth "+strings.TrimSpace(rest))
			continue
		}
		parts = append(parts, p)
	}
	return parts
}

// What a word of a circuit id may be.
type kind int

const (
	other kind = iota
	port
	network // a VLAN, bundle or bridge
)

var (
	ports = []string{
		"ethernet", "eth", "et", "e", "port", "p", "fastethernet", "fa", "gigabitethernet", "gi", "gig", "ge", "fe", "me", "xe", "mge",
		"tengigabitethernet", "tengige", "ten", "te", "twogigabitethernet", "tw", "fivegigabitethernet", "fi",
		"twentyfivegige", "twentyfivegigabitethernet", "twe", "fortygigabitethernet", "fortygige", "fo",
		"fiftygige", "hundredgige", "hundredgigabitethernet", "hu", "twohundredgige", "fourhundredgige", "swp", "etp", "xgigabitethernet", "ten-gigabitethernet",
	}
	networks = []string{
		"vlan", "vlan-interface", "vlanif", "vl", "irb", "bvi", "ve", "port-channel", "po", "ae", "bond", "lag", "trk", "bundle-ether",
		"bridge-aggregation", "eth-trunk", "portchannel", "br", "bridge", "loopback", "lo", "tunnel", "mclag",
	}
)

// kindOf tells what a word is by the letters that it begins with.
func kindOf(word string) kind {
	at := strings.IndexAny(word, "0123456789")
	if at < 0 || strings.Trim(word[at:], "0123456789/.") != "" || strings.ContainsAny(word[len(word)-1:], "/.") {
		return other
	}
	letters := strings.ToLower(strings.TrimRight(word[:at], " -_."))
	switch {
	case slices.Contains(networks, letters):
		return network
	case slices.Contains(ports, letters), letters == "" && strings.Contains(word, "/"):
		return port
	default:
		return other
	}
}

func number(s string) bool { return s != "" && len(s) <= 4 && strings.Trim(s, "0123456789") == "" }

// unit leaves out the logical unit of an interface, such as .0 of ge-0/0/31.0.
func unit(s string) string {
	if name, _, ok := strings.Cut(s, "."); ok && (strings.Contains(name, "/") || name[:1] > "9") {
		return name
	}
	return s
}
