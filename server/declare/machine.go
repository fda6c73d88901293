package declare

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"firstlight/server/machine"
)

// Machine are the fields of a machine that people declare. Those of its
// interfaces and parameters come with MachineOf.
func Machine() []Field[*machine.Machine] { return machineFields }

var machineFields = []Field[*machine.Machine]{
	{
		Name: "name", Says: "hardware name, where it was made of a MAC because the serial says nothing",
		get: func(m *machine.Machine) string { return m.Name }, set: setName,
	},
	{
		Name: "serial", Says: "the real one, where the firmware has a placeholder",
		get: func(m *machine.Machine) string { return m.Serial }, set: setSerial,
	},
	hands(from(machine.KindRack, textOf("rack", "that it stands in", func(m *machine.Machine) *string { return &m.Rack }))),
	from(machine.KindSite, Field[*machine.Machine]{
		Name: "site", Says: "where it stands, if in no rack", get: func(m *machine.Machine) string { return m.Site }, set: setSite,
	}),
	hands(numberOf("unit", "lowest unit that it fills", func(m *machine.Machine) *int { return &m.Unit })),
	hands(numberOf("height", "in units; empty: one", func(m *machine.Machine) *int { return &m.Height })),
	hands(faceOf()),
	hands(textOf("bmc_switch", "switch that its BMC is cabled to", func(m *machine.Machine) *string { return &m.BMC.Switch })),
	hands(textOf("bmc_port", "port of that switch", func(m *machine.Machine) *string { return &m.BMC.Port })),
	textOf("hostname", "name in the DNS", func(m *machine.Machine) *string { return &m.Hostname }),
	from(machine.KindRole, textOf("role", "what it does", func(m *machine.Machine) *string { return &m.Role })),
	from(machine.KindPool, textOf("pool", "group of its role and site", func(m *machine.Machine) *string { return &m.Pool })),
	from(machine.KindTeam, textOf("owner", "team that it belongs to", func(m *machine.Machine) *string { return &m.Owner })),
	from(machine.KindType, textOf("type", "hardware type that it should meet", func(m *machine.Machine) *string { return &m.Type })),
	textOf("image", "that the next install writes", func(m *machine.Machine) *string { return &m.Image }),
	tagsOf(),
	pairsOf("params", "of configuration management: name=value, one on a line", func(m *machine.Machine) *map[string]string { return &m.Params }),
	hands(long(textOf("note", "for people", func(m *machine.Machine) *string { return &m.Note }))),
	flagOf("retire_when_released", "leaves the fleet instead of going to the next owner", func(m *machine.Machine) *bool { return &m.Flags.RetireWhenReleased }),
	flagOf("no_power_off", "its power is never cut", func(m *machine.Machine) *bool { return &m.Flags.NoPowerOff }),
}

func hands[T any](f Field[T]) Field[T] { f.Hands = true; return f }

// MachineOf gives the field of a name: one of Machine, param.KEY, or
// nic.NAME-OR-MAC.switch, .port and .name. What it means is decided when it is
// set, on the machine that it is set on.
func MachineOf(name string) (Field[*machine.Machine], error) {
	family, part, ok := Part(name)
	switch {
	case ok && family == "param":
		return paramOf(name, part), nil
	case ok && family == "nic":
		return nicField(name, part)
	}
	f, err := Find(machineFields, name)
	if e := (*Error)(nil); errors.As(err, &e) && !strings.Contains(e.Why, "did you mean") {
		e.Why += ", param.KEY, nic.NAME.switch, nic.NAME.port, nic.NAME.name"
	}
	return f, err
}

func setName(m *machine.Machine, name string) error {
	if name == m.Name {
		return nil
	}
	if !machine.PlaceholderSerial(m.Serial) && !namedByMAC(m) {
		return fmt.Errorf("the machine is named %s by its serial number, which stands on its label: it stays", m.Name)
	}
	m.Name = name
	return nil
}

// namedByMAC tells whether a name is one that discovery made where it had no
// serial to make it of.
func namedByMAC(m *machine.Machine) bool {
	return slices.ContainsFunc(m.NICs, func(n machine.NIC) bool {
		return m.Name == "MAC-"+strings.ToUpper(strings.ReplaceAll(n.MAC.String(), ":", ""))
	})
}

func setSerial(m *machine.Machine, serial string) error {
	switch {
	case serial == m.Serial:
		return nil
	case !machine.PlaceholderSerial(m.Serial):
		return fmt.Errorf("the firmware says %q, which is no placeholder: only a placeholder is replaced", m.Serial)
	case machine.PlaceholderSerial(serial):
		return errors.New("is a placeholder, too: give the one on the label")
	}
	m.Serial = serial
	return nil
}

// setSite: a rack says where its machines stand.
func setSite(m *machine.Machine, site string) error {
	if m.Rack != "" && site != m.Site {
		return fmt.Errorf("the machine stands in rack %s, which decides its site: take it out of the rack first (rack=), or move the rack", m.Rack)
	}
	m.Site = site
	return nil
}

func faceOf() Field[*machine.Machine] {
	return Field[*machine.Machine]{
		Name: "face", Says: "side of the rack; empty: it fills both", Words: []string{"", string(machine.Front), string(machine.Rear)},
		get: func(m *machine.Machine) string { return string(m.Face) },
		set: func(m *machine.Machine, text string) error {
			if text == "both" || text == "full" {
				text = ""
			}
			m.Face = machine.Face(text)
			return nil
		},
	}
}

// tagsOf takes a list, or words to add (+x) and take away (-x).
func tagsOf() Field[*machine.Machine] {
	return Field[*machine.Machine]{
		Name: "tags", Many: true, Says: "words with commas between; +x adds one, -x takes one away",
		get: func(m *machine.Machine) string { return strings.Join(m.Tags, ",") },
		set: func(m *machine.Machine, text string) error {
			signed := 0
			all := split(text)
			for _, t := range all {
				if t[0] == '+' || t[0] == '-' {
					signed++
				}
			}
			switch {
			case signed == 0:
				m.Tags = all
				return nil
			case signed < len(all):
				return errors.New("want a whole list, or only words that begin with + or -")
			}
			tags := slices.Clone(m.Tags)
			for _, t := range all {
				tags = slices.DeleteFunc(tags, func(o string) bool { return o == t[1:] })
				if t[0] == '+' {
					tags = append(tags, t[1:])
				}
			}
			m.Tags = tags
			return nil
		},
	}
}

func paramOf(name, key string) Field[*machine.Machine] {
	return Field[*machine.Machine]{
		Name: name, Says: "parameter of configuration management",
		get: func(m *machine.Machine) string { return m.Params[key] },
		set: func(m *machine.Machine, text string) error {
			if text == "" {
				delete(m.Params, key)
				return nil
			}
			if m.Params == nil {
				m.Params = map[string]string{}
			}
			m.Params[key] = strings.ReplaceAll(text, "\r\n", "\n") // as in notes, and as lists can carry it
			return nil
		},
	}
}
