package delivery

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"firstlight/server/machine"
)

// draft is a record as a line would leave it.
type draft struct {
	was    *machine.Machine // nil: it is new
	m      *machine.Machine
	line   Line
	faults []Fault
}

func (d *draft) fault(field, why string, args ...any) {
	d.faults = append(d.faults, Fault{field, d.line.Cells[field], fmt.Sprintf(why, args...)})
}

// seen tells whether an agent reported the machine: from then on its serial,
// its interfaces and its BMC are facts.
func (d *draft) seen() bool { return !d.m.ReportedAt.IsZero() }

// apply declares what the line says. What the agent discovered stays.
func (d *draft) apply() {
	texts := map[string]*string{
		"name": &d.m.Name, "site": &d.m.Site, "rack": &d.m.Rack, "hostname": &d.m.Hostname, "role": &d.m.Role, "pool": &d.m.Pool,
		"owner": &d.m.Owner, "type": &d.m.Type, "image": &d.m.Image, "note": &d.m.Note,
	}
	for _, column := range slices.Sorted(maps.Keys(d.line.Cells)) {
		cell := d.line.Cells[column]
		if p := texts[column]; p != nil {
			*p = cell
			continue
		}
		if name, ok := strings.CutPrefix(column, "params."); ok {
			if d.m.Params == nil {
				d.m.Params = map[string]string{}
			}
			d.m.Params[name] = cell
		}
	}
	d.identity()
	d.kind()
	d.place()
	d.hardware()
	d.bmc()
	d.nics()
	if tags, ok := d.line.Cells["tags"]; ok {
		d.m.Tags = strings.FieldsFunc(tags, func(r rune) bool { return strings.ContainsRune(",; \t\n", r) })
		slices.Sort(d.m.Tags)
		d.m.Tags = slices.Compact(d.m.Tags)
	}
}

const keepsFact = "the agent found %s: a list does not overwrite what was discovered; correct the list, or leave it out"

func (d *draft) identity() {
	if serial, ok := d.line.Cells["serial"]; ok && serial != d.m.Serial {
		switch {
		case machine.PlaceholderSerial(serial):
			d.fault("serial", "is a placeholder that several machines have: give the real one")
		case d.seen():
			d.fault("serial", keepsFact, d.m.Serial)
		case d.m.Status != machine.Unknown && d.m.Status != machine.Expected:
			d.fault("serial", "machine %s has serial %s and is %s: only an expected one may get another", d.m.Name, d.m.Serial, d.m.Status.Human())
		default:
			d.m.Serial = serial
		}
	}
	id, ok := d.line.Cells["uuid"]
	switch {
	case !ok || machine.SameUUID(id, d.m.UUID):
	case machine.PlaceholderUUID(id) || len(machine.PlainUUID(id)) != 32:
		d.fault("uuid", "is not a UUID that one machine has: correct it, or leave it out")
	case d.seen() && d.m.UUID != "":
		d.fault("uuid", keepsFact, d.m.UUID)
	default:
		d.m.UUID = strings.ToLower(id)
	}
}

// kind is what people say, but for machines of a cloud: those come with their
// pool.
func (d *draft) kind() {
	cell, ok := d.line.Cells["kind"]
	kind := machine.Kind(strings.ToLower(cell))
	switch {
	case !ok || kind == d.m.Kind:
	case d.m.Kind == machine.GCE:
		d.fault("kind", "it is a machine of Google Compute Engine: leave it out")
	case kind == machine.Metal || kind == machine.Virtual:
		d.m.Kind = kind
	default:
		d.fault("kind", "want metal or virtual")
	}
}

func (d *draft) number(column string, into *int, high int) {
	cell, ok := d.line.Cells[column]
	if !ok {
		return
	}
	n, err := strconv.Atoi(strings.TrimPrefix(strings.ToLower(cell), "u"))
	if err != nil || n < 1 || n > high {
		d.fault(column, "want a number from 1 to %d", high)
		return
	}
	*into = n
}

func (d *draft) place() {
	d.number("unit", &d.m.Unit, machine.MaxUnits)
	d.number("height", &d.m.Height, machine.MaxUnits)
	face, ok := d.line.Cells["face"]
	switch strings.ToLower(face) {
	case "front":
		d.m.Face = machine.Front
	case "rear", "back":
		d.m.Face = machine.Rear
	case "both", "full":
		d.m.Face = machine.FullDepth
	default:
		if ok {
			d.fault("face", "want front, rear or both")
		}
	}
}

// hardware keeps what the list says of it apart from what was found.
func (d *draft) hardware() {
	h := &d.m.Declared
	if v, ok := d.line.Cells["vendor"]; ok && v != d.m.Vendor {
		h.Vendor = v
	}
	if v, ok := d.line.Cells["product"]; ok && v != d.m.Product {
		h.Product = v
	}
	d.number("cores", &h.Cores, 1<<16)
	d.number("disks", &h.Disks, 1024)
	if cell, ok := d.line.Cells["memory"]; ok {
		bytes, err := memory(cell)
		if err != nil {
			d.fault("memory", "%v", err)
			return
		}
		h.Memory = bytes
	}
}

// memory reads bytes, or a number with a unit. Modules are sold in powers of
// two, whatever their unit is called (JEDEC 100B.01).
func memory(text string) (uint64, error) {
	number := strings.TrimRight(text, "BbiIKkMmGgTt \t")
	unit := strings.ToLower(strings.TrimSpace(text[len(number):]))
	shift, ok := map[string]uint{"": 0, "b": 0, "k": 10, "kb": 10, "kib": 10, "m": 20, "mb": 20, "mib": 20, "g": 30, "gb": 30, "gib": 30, "t": 40, "tb": 40, "tib": 40}[unit]
	n, err := strconv.ParseUint(number, 10, 64)
	if err != nil || !ok || n == 0 || n > (1<<50)>>shift {
		return 0, fmt.Errorf("want bytes, or a number with a unit such as 64 GiB")
	}
	return n << shift, nil
}

func (d *draft) bmc() {
	if cell, ok := d.line.Cells["bmc_mac"]; ok {
		mac, err := machine.ParseMAC(cell)
		switch {
		case err != nil:
			d.fault("bmc_mac", "want six pairs of hex digits of an interface's own address, such as 52:54:00:ff:34:56")
		case mac == d.m.BMC.MAC:
		case d.seen() && !d.m.BMC.MAC.IsZero():
			d.fault("bmc_mac", keepsFact, d.m.BMC.MAC)
		default:
			d.m.BMC.MAC = mac
		}
	}
	address, ok := d.line.Cells["bmc_address"]
	switch {
	case !ok || address == d.m.BMC.Address:
	case !hostPort(address):
		d.fault("bmc_address", "want an address or host name, with a port or without, such as 10.80.99.3")
	case d.seen() && d.m.BMC.Address != "":
		d.fault("bmc_address", keepsFact, d.m.BMC.Address)
	default:
		d.m.BMC.Address, d.m.BMC.Type = address, "redfish"
	}
}

func hostPort(text string) bool {
	if _, err := netip.ParseAddr(text); err == nil {
		return true
	}
	if _, err := netip.ParseAddrPort(text); err == nil {
		return true
	}
	host, port, ok := strings.Cut(text, ":")
	if _, err := strconv.ParseUint(port, 10, 16); ok && err != nil {
		return false
	}
	return host != "" && len(host) <= 253 && strings.IndexFunc(host, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '-'
	}) < 0
}

// nics takes the interfaces that a line gives. Those of a machine that was
// never seen become the record's; one that was seen has the ones it has, and a
// list may only say where they are to be cabled.
func (d *draft) nics() {
	var all []machine.NIC
	for i := 1; i <= maxNICs; i++ {
		field := func(part string) string { return fmt.Sprintf("nic%d_%s", i, part) }
		cell, ok := d.line.Cells[field("mac")]
		if !ok {
			d.cableOf(i-1, field)
			continue
		}
		mac, err := machine.ParseMAC(cell)
		if err != nil {
			d.fault(field("mac"), "want six pairs of hex digits of an interface's own address, such as 52:54:00:12:34:56")
			continue
		}
		at := slices.IndexFunc(d.m.NICs, func(n machine.NIC) bool { return n.MAC == mac })
		switch {
		case slices.ContainsFunc(all, func(n machine.NIC) bool { return n.MAC == mac }):
			d.fault(field("mac"), "stands twice on this line: correct one")
		case at >= 0:
			d.cable(&d.m.NICs[at], field)
			all = append(all, d.m.NICs[at])
		case d.seen():
			d.fault(field("mac"), keepsFact, macsOf(d.m))
		default:
			n := machine.NIC{MAC: mac}
			d.cable(&n, field)
			all = append(all, n)
		}
	}
	if len(all) > 0 && !d.seen() {
		d.m.NICs = all
	}
}

// cableOf is for a line that counts the interfaces and does not name them.
func (d *draft) cableOf(index int, field func(string) string) {
	_, toSwitch := d.line.Cells[field("switch")]
	_, toPort := d.line.Cells[field("port")]
	switch {
	case !toSwitch && !toPort:
	case index < len(d.m.NICs):
		d.cable(&d.m.NICs[index], field)
	default:
		d.fault(field("switch"), "the interface has no address in the list: give %s", field("mac"))
	}
}

func (d *draft) cable(n *machine.NIC, field func(string) string) {
	for part, into := range map[string]*string{"switch": &n.Switch, "port": &n.Port} {
		if cell, ok := d.line.Cells[field(part)]; ok {
			*into = cell
		}
	}
	if cell, ok := d.line.Cells[field("name")]; ok && !d.seen() {
		n.Name = cell
	}
}

func macsOf(m *machine.Machine) string {
	var all []string
	for _, n := range m.NICs {
		all = append(all, n.MAC.String())
	}
	return strings.Join(all, ", ")
}
