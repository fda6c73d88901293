package whereabouts

import (
	"firstlight/server/discovery"
	"firstlight/server/machine"
)

// Wrong is the first of a machine's cables that does not fit; nil: all do. It is
// asked of every machine every few seconds, and of most a glance is enough.
func Wrong(m *machine.Machine, f *Fleet) *Disagreement {
	if settled(m) {
		return nil
	}
	for _, c := range Of(m, f).Cables {
		if c.Disagreement != nil {
			return c.Disagreement
		}
	}
	return nil
}

// settled tells at a glance that nothing disagrees: whatever names a port of a
// machine's cables names the one of the plan.
func settled(m *machine.Machine) bool {
	for _, n := range m.NICs {
		if _, _, off := discovery.Miscabled(n); off || n.Port == "" && n.SeenPort != "" {
			return false
		}
	}
	for _, r := range m.Observed.Relayed {
		said := Read(r)
		if said.Port == "" {
			continue
		}
		sw, port := plannedAt(m, r.MAC)
		if sw == "" || said.Switch == "" || !same(said.Switch, said.Port, sw, port) {
			return false
		}
	}
	return true
}

func plannedAt(m *machine.Machine, mac machine.MAC) (sw, port string) {
	for _, n := range m.NICs {
		if n.MAC == mac {
			return n.Switch, n.Port
		}
	}
	return m.BMC.Switch, m.BMC.Port
}
