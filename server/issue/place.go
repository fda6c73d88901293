package issue

import (
	"fmt"
	"strings"
	"time"

	"firstlight/server/discovery"
	"firstlight/server/machine"
	"firstlight/server/whereabouts"
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
	missing := discovery.Unplaced(m, in.Others.Sites[m.Site])
	if missing == "" || in.is(machine.Expected, machine.Retired) {
		return nil
	}
	return found(strings.ToUpper(missing[:1])+missing[1:]+".", "site", m.Site, "address", address(m))
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
	if in.is(machine.Retired) {
		return nil
	}
	if d := whereabouts.Wrong(in.Machine, in.Others.Cables); d != nil {
		return found(d.Sentence, d.Evidence()...)
	}
	return nil
}
