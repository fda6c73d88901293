package issue

import (
	"fmt"
	"time"

	"firstlight/server/machine"
)

// lateAfter is how long the rest of a delivery must have been there before one
// that was not seen is missed: racking and cabling go machine by machine.
const lateAfter = 15 * time.Minute

func neverBooted(in *Input) *Finding {
	m := in.Machine
	first := in.Others.Arrived[Place{m.Delivery, m.Rack}]
	if m.Status != machine.Expected || m.Delivery == "" || m.Rack == "" || !m.Observed.BootAt.IsZero() {
		return nil
	}
	if !in.past(first, lateAfter) && (first.IsZero() || !in.Open(NeverBooted)) {
		return nil
	}
	return found(fmt.Sprintf("Others of delivery %s in rack %s have reported; nothing was ever seen of this one: check power, cable and serial number %s.", m.Delivery, m.Rack, m.Serial),
		"delivery", m.Delivery, "others reported", clock(first), "this one", "never", "MAC", m.BootMAC().String(), "BMC MAC", m.BMC.MAC.String())
}

func noLocation(in *Input) *Finding {
	m := in.Machine
	if m.Kind != machine.Metal || m.Rack != "" || !in.Others.Sites[m.Site] || in.is(machine.Expected, machine.Retired) {
		return nil
	}
	return found(fmt.Sprintf("Nobody said in which rack of site %s it stands.", m.Site), "site", m.Site, "address", address(m))
}

func address(m *machine.Machine) string {
	if a := m.Address(); a.IsValid() {
		return a.String()
	}
	return ""
}

func locationMismatch(in *Input) *Finding {
	m := in.Machine
	if in.is(machine.Expected, machine.Retired) || m.Site == "" {
		return nil
	}
	if r := in.Others.Racks[m.Rack]; r != nil && r.Site != m.Site {
		return found(fmt.Sprintf("Its record says site %s and rack %s; the plan says that this rack is at site %s.", m.Site, m.Rack, r.Site),
			"record", "site "+m.Site, "plan", fmt.Sprintf("rack %s at site %s", r.Name, r.Site))
	}
	if subnet, site := in.Others.Subnet(m); site != "" && site != m.Site {
		return found(fmt.Sprintf("Its record says site %s; it is in network %s of site %s.", m.Site, subnet, site),
			"record", "site "+m.Site, "discovered", fmt.Sprintf("network %s of site %s", subnet, site), "address", address(m))
	}
	return nil
}

func wrongSwitchPort(in *Input) *Finding {
	for _, n := range in.Machine.NICs {
		if plan, seen, differs := miscabled(n); differs && !in.is(machine.Retired) {
			return found(fmt.Sprintf("%s is in %s; the plan says %s: move the cable, or accept.", nicName(n), seen, plan),
				"interface", nicName(n), "discovered", seen, "plan", plan)
		}
	}
	return nil
}

// miscabled tells whether an interface was seen elsewhere than the plan wants.
// Half of a place, where either side says no more, is compared as that.
func miscabled(n machine.NIC) (plan, seen string, differs bool) {
	switches := n.Switch != "" && n.SeenSwitch != "" && n.Switch != n.SeenSwitch
	ports := n.Port != "" && n.SeenPort != "" && n.Port != n.SeenPort
	return port(n.Switch, n.Port), port(n.SeenSwitch, n.SeenPort), switches || ports
}

func nicName(n machine.NIC) string {
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
