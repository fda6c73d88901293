package discovery

import "firstlight/server/machine"

// Miscabled tells whether an interface was seen elsewhere than the plan wants.
// Half of a place, where either side says no more, is compared as that.
func Miscabled(n machine.NIC) (plan, seen string, differs bool) {
	switches := n.Switch != "" && n.SeenSwitch != "" && n.Switch != n.SeenSwitch
	ports := n.Port != "" && n.SeenPort != "" && n.Port != n.SeenPort
	return port(n.Switch, n.Port), port(n.SeenSwitch, n.SeenPort), switches || ports
}

// NICName is what people call an interface.
func NICName(n machine.NIC) string {
	if n.Name != "" {
		return n.Name
	}
	return n.MAC.String()
}

// port spells a place on a switch: "sw3 port 31".
func port(sw, p string) string {
	switch {
	case p == "":
		return sw
	case sw == "":
		return "port " + p
	default:
		return sw + " port " + p
	}
}
