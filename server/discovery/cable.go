package discovery

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"firstlight/agent/report"
	"firstlight/server/machine"
)

// Miscabled tells whether an interface was seen elsewhere than the plan wants.
// Half of a place, where either side says no more, is compared as that.
func Miscabled(n machine.NIC) (plan, seen string, differs bool) {
	switches := n.Switch != "" && n.SeenSwitch != "" && !SameSwitch(n.Switch, n.SeenSwitch)
	ports := n.Port != "" && n.SeenPort != "" && !SamePort(n.Port, n.SeenPort)
	return At(n.Switch, n.Port), At(n.SeenSwitch, n.SeenPort), switches || ports
}

// NICName is what people call an interface.
func NICName(n machine.NIC) string {
	if n.Name != "" {
		return n.Name
	}
	return n.MAC.String()
}

// At spells a place on a switch: "sw3/31".
func At(sw, p string) string {
	switch {
	case p == "":
		return sw
	case sw == "":
		return "port " + p
	default:
		return sw + "/" + p
	}
}

// seenAt is the switch and port of a neighbour: the switch by the name that
// people gave it, else by its chassis.
func seenAt(n *report.Neighbour) (sw, p string) {
	if sw = word(n.System); sw == "" {
		sw = word(n.Chassis)
	}
	id, text := word(n.Port), word(n.PortText)
	// A port that goes by its MAC, or by the number of its row in a table, has its
	// name in the description.
	named := text != "" && !strings.ContainsRune(text, ' ') && spell(text).numbers != nil
	if named && (n.PortKind == "mac" || n.PortKind == "address" || n.PortKind == "local" && digits(id) && spell(text).kind != "") {
		return sw, text
	}
	return sw, id
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// Said is what the neighbour of an interface says of itself, for the journal.
func Said(r *report.Report, mac machine.MAC) map[string]string {
	details := map[string]string{}
	for _, n := range r.NICs {
		if own, err := machine.ParseMAC(n.MAC); err != nil || own != mac || n.Neighbour == nil {
			continue
		}
		for name, s := range map[string]string{
			"chassis": n.Neighbour.Chassis, "port": n.Neighbour.Port, "port description": n.Neighbour.PortText,
			"switch": n.Neighbour.System, "system": n.Neighbour.SystemText, "management": n.Neighbour.Management,
		} {
			if s = word(s); s != "" {
				details[name] = s
			}
		}
	}
	return details
}

// maxWord is the longest name of a switch or port that is kept, in bytes.
const maxWord = 64

// word makes a name of what a stranger on the wire says: printable, short, and
// without characters that turn the direction of what stands beside it.
func word(s string) string {
	s = without(s, maxWord, func(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) })
	return strings.Join(strings.Fields(s), " ")
}
