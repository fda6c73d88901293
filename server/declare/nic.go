package declare

import (
	"fmt"
	"slices"
	"strings"

	"firstlight/server/machine"
)

// nicParts are what people say of an interface.
var nicParts = []struct {
	name  string
	hands bool
	at    func(*machine.NIC) *string
}{
	{"switch", true, func(n *machine.NIC) *string { return &n.Switch }},
	{"port", true, func(n *machine.NIC) *string { return &n.Port }},
	{"name", false, func(n *machine.NIC) *string { return &n.Name }},
}

// nicField reads nic.REF.PART, of which REF is the name or MAC of an interface.
func nicField(name, rest string) (Field[*machine.Machine], error) {
	dot := strings.LastIndexByte(rest, '.')
	for _, p := range nicParts {
		if dot <= 0 || rest[dot+1:] != p.name {
			continue
		}
		ref := rest[:dot]
		return Field[*machine.Machine]{
			Name: name, Says: p.name + " of interface " + ref, Hands: p.hands,
			get: func(m *machine.Machine) string {
				if i, err := nicOf(m, ref); err == nil {
					return *p.at(&m.NICs[i])
				}
				return ""
			},
			set: func(m *machine.Machine, text string) error {
				i, err := nicOf(m, ref)
				if err == nil {
					*p.at(&m.NICs[i]) = text
				}
				return err
			},
		}, nil
	}
	return Field[*machine.Machine]{}, &Error{Field: "field", Value: name, Why: "want nic.NAME.switch, nic.NAME.port or nic.NAME.name, where NAME may be a MAC"}
}

// nicOf finds an interface by its name or MAC.
func nicOf(m *machine.Machine, ref string) (int, error) {
	mac, bad := machine.ParseMAC(ref)
	var names []string
	for i, n := range m.NICs {
		if n.Name == ref || bad == nil && n.MAC == mac {
			return i, nil
		}
		names = append(names, n.Name)
	}
	if len(names) == 0 {
		return 0, fmt.Errorf("machine %s has no interface yet", m.Name)
	}
	slices.Sort(names)
	return 0, fmt.Errorf("machine %s has no interface %q: there are %s", m.Name, ref, strings.Join(names, ", "))
}

// NICFields are the fields of a machine's interfaces, as a form asks for them.
func NICFields(m *machine.Machine) (all []Field[*machine.Machine]) {
	for _, n := range m.NICs {
		for _, p := range nicParts {
			if f, err := nicField("nic."+n.MAC.String()+"."+p.name, n.MAC.String()+"."+p.name); err == nil {
				all = append(all, f)
			}
		}
	}
	return all
}
