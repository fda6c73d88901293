package machine

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

var (
	hardwareName = shape(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	tagWord      = shape(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	cableEnd     = shape(`^[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}$`)
)

// FieldError is a field of a machine, of an item of the plan or of a rule that
// is wrong. Fields have the names of package declare; of is what has it, such as
// "rack lon6-r12".
type FieldError struct{ Of, Field, Value, Want string }

func (e *FieldError) Error() string {
	return fmt.Sprintf("%s: %s %q: %s", e.Of, e.Field, e.Value, e.Want)
}

// Validate names the first field that people declare and that is wrong, its
// value and the remedy: a *FieldError.
func (m *Machine) Validate() error {
	all := []wanted{
		{hardwareName(m.Name), "name", m.Name, "want 1 to 64 letters, digits, dots, dashes and _"},
		optionalName("hostname", m.Hostname), optionalName("role", m.Role), optionalName("pool", m.Pool),
		optionalName("owner", m.Owner), optionalName("type", m.Type), text("note", m.Note),
		within("unit", m.Unit, 0, MaxUnits), within("height", m.Height, 0, MaxUnits),
		{m.Face == FullDepth || m.Face == Front || m.Face == Rear, "face", m.Face, "want front, rear, or nothing for both"},
		within("tags", len(m.Tags), 0, 64), within("params", len(m.Params), 0, 256), text("delivery", m.Delivery),
	}
	for _, t := range m.Tags {
		all = append(all, wanted{tagWord(t), "tags", t, "want lower-case letters, digits, dots, dashes and _"})
	}
	for _, n := range m.NICs {
		all = append(all, cable("nic."+n.MAC.String()+".", n.Switch, n.Port)...)
	}
	all = append(all, cable("bmc_", m.BMC.Switch, m.BMC.Port)...)
	for _, c := range append(all, params(m.Params)...) {
		if !c.ok {
			return &FieldError{"machine " + m.Name, c.field, fmt.Sprint(c.value), c.want}
		}
	}
	return nil
}

// cable wants both ends of one, or none.
func cable(before, sw, port string) (all []wanted) {
	for field, end := range map[string]string{"switch": sw, "port": port} {
		all = append(all, wanted{end == "" || cableEnd(end), before + field, end, "want the name that the switch itself says"})
	}
	unsaid := "port"
	if sw == "" {
		unsaid = "switch"
	}
	return append(all, wanted{(sw == "") == (port == ""), before + unsaid, "", "give both ends of a cable or none: " + strings.TrimSpace(sw+" "+port) + " is one"})
}

// Changed names the declared fields that differ between two records of one
// machine, sorted.
func Changed(a, b *Machine) (names []string) {
	x, y := a.DeclaredFields(), b.DeclaredFields()
	for _, field := range slices.Sorted(maps.Keys(y)) {
		if !reflect.DeepEqual(x[field], y[field]) {
			names = append(names, field)
		}
	}
	return names
}

// DeclaredFields are what people may change of a machine, by name.
func (m *Machine) DeclaredFields() map[string]any {
	all := map[string]any{
		"name": m.Name, "serial": m.Serial, "kind": string(m.Kind), "site": m.Site, "room": m.Room, "rack": m.Rack, "unit": m.Unit, "height": m.Height, "face": string(m.Face),
		"delivery": m.Delivery, "hostname": m.Hostname, "role": m.Role, "pool": m.Pool, "owner": m.Owner, "type": m.Type, "note": m.Note,
		"tags": strings.Join(m.Tags, ","), "params": m.Params, "declared": m.Declared, "image": m.Image,
		"retire_when_released": m.Flags.RetireWhenReleased, "no_power_off": m.Flags.NoPowerOff, "bmc": m.BMC.Address, "bmc_mac": m.BMC.MAC.String(),
		"bmc_port": strings.TrimSpace(m.BMC.Switch + " " + m.BMC.Port),
	}
	for _, n := range m.NICs {
		all["nic "+n.MAC.String()] = strings.TrimSpace(n.Name + " " + n.Switch + " " + n.Port)
	}
	return all
}
