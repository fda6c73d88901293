package discovery

import (
	"slices"
	"strings"
	"time"

	"firstlight/agent/report"
	"firstlight/server/machine"
)

// Facts turns a report into what ServerDb keeps of the hardware.
func Facts(r *report.Report) *machine.Facts {
	f := &machine.Facts{
		Vendor: Clean(r.System.Vendor), Product: Clean(r.System.Product), Serial: Clean(r.System.Serial), SKU: Clean(r.System.SKU),
		BoardSN: Clean(r.Board.Serial), ChassisSN: Clean(r.Chassis.Serial),
		Firmware: Clean(r.Firmware.Version), SecureBoot: r.Firmware.SecureBoot,
		Platform: Clean(r.Boot.Platform), Kernel: Clean(r.Boot.Kernel), Arch: Clean(r.Boot.Arch),
		FirmwareVendor: Clean(r.Firmware.Vendor), FirmwareDate: Clean(r.Firmware.Date), Board: Clean(r.Board.Product),
		ChassisVendor: Clean(r.Chassis.Vendor), ChassisType: Clean(r.Chassis.Type), Asset: Clean(r.Chassis.Asset),
		Microcode: microcode(r.CPUs), PCI: pci(r.PCI),
		Memory: r.Memory, BMC: r.BMC != nil, Missing: r.Missing,
	}
	if r.BMC != nil {
		f.BMCMode = Clean(r.BMC.Mode)
		for _, u := range r.BMC.Users {
			f.BMCUsers = append(f.BMCUsers, machine.BMCUser{Slot: u.Slot, Name: Clean(u.Name), Enabled: u.Enabled, Network: u.Network, Privilege: Clean(u.Privilege)})
		}
	}
	for _, c := range r.CPUs {
		f.Sockets++
		f.Cores += c.Cores
		f.Threads += c.Threads
		f.CPU = Clean(c.Model)
	}
	for _, d := range r.DIMMs {
		f.DIMMs = append(f.DIMMs, machine.DIMM{
			Slot: Clean(d.Slot), Empty: d.Empty, Bytes: d.Bytes, Type: Clean(d.Type), MTs: d.MTs,
			Vendor: Clean(d.Vendor), Part: Clean(d.Part), Serial: Clean(d.Serial),
		})
	}
	for _, d := range r.Disks {
		f.Disks = append(f.Disks, disk(d))
	}
	for _, n := range r.NICs {
		mac, err := machine.ParseMAC(n.MAC)
		if err != nil {
			continue // an interface without an address of its own is none of ours
		}
		f.NICs = append(f.NICs, port(n, mac))
	}
	return f
}

func disk(d report.Disk) machine.Disk {
	out := machine.Disk{
		Name: Clean(d.Name), Serial: strings.TrimSpace(d.Serial), WWN: Clean(d.WWN), Model: Clean(d.Model),
		Bytes: d.Bytes, Transport: Clean(d.Transport), Rotational: d.Rotational,
		RPM: d.RPM, Firmware: Clean(d.Firmware), Logical: d.Logical, Physical: d.Physical, PCI: Clean(d.PCI),
		Slot: Clean(d.Slot), Health: diskHealth(d.Health),
	}
	for _, c := range d.Contents {
		out.Contents = append(out.Contents, machine.Content{
			Device: Clean(c.Device), Kind: Clean(c.Kind), Type: Clean(c.Type), Label: Clean(c.Label), Bytes: c.Bytes, Used: c.Used,
		})
	}
	return out
}

func diskHealth(h *report.Health) *machine.Health {
	if h == nil {
		return nil
	}
	out := machine.Health(*h)
	out.Source, out.Says = Clean(h.Source), nil
	for _, s := range h.Says[:min(len(h.Says), mostSaid)] {
		out.Says = append(out.Says, Clean(s))
	}
	return &out
}

// mostSaid bounds what is kept of what one disk says is wrong.
const mostSaid = 8

func port(n report.NIC, mac machine.MAC) machine.Port {
	own, _ := machine.ParseMAC(n.PermanentMAC) // many drivers tell none
	return machine.Port{
		Name: Clean(n.Name), MAC: mac, Driver: Clean(n.Driver), Link: n.Link, Mbps: n.Mbps,
		PermanentMAC: own, Firmware: Clean(n.Firmware), PCI: Clean(n.PCI), ID: Clean(n.ID), TotalVFs: n.TotalVFs, VFs: n.VFs,
	}
}

// microcode names each revision once.
func microcode(all []report.CPU) string {
	var found []string
	for _, c := range all {
		if s := Clean(c.Microcode); s != "" && !slices.Contains(found, s) {
			found = append(found, s)
		}
	}
	return strings.Join(found, ", ")
}

func pci(all []report.PCI) (out []machine.PCI) {
	for _, p := range all {
		out = append(out, machine.PCI{Address: Clean(p.Address), Class: Clean(p.Class), ID: Clean(p.ID), Subsystem: Clean(p.Subsystem), Driver: Clean(p.Driver)})
	}
	return out
}

// Clean makes one printable line of what hardware says of itself.
func Clean(s string) string {
	return without(s, 256, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd || r >= 0x2028 && r <= 0x2029 })
}

// without leaves characters out of what a machine says, and what is more than so
// many bytes.
func without(s string, most int, odd func(rune) bool) string {
	s = strings.Map(func(r rune) rune {
		if odd(r) {
			return -1
		}
		return r
	}, s)
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return strings.TrimSpace(s)
}

// NICs joins the interfaces that a machine reports with the ones it had, so
// that addresses that are kept for it stay, and where the plan wants a cable.
// Where it was seen stays until another neighbour is heard: the first report of a
// boot comes before the switch has spoken. A MAC counts once: a bridge shows that
// of its port. A report without any says nothing of those it had.
func NICs(r *report.Report, had []machine.NIC, now time.Time) []machine.NIC {
	boot, _ := machine.ParseMAC(r.Boot.MAC)
	var out []machine.NIC
	for _, n := range r.NICs {
		mac, err := machine.ParseMAC(n.MAC)
		if err != nil || slices.ContainsFunc(out, func(o machine.NIC) bool { return o.MAC == mac }) {
			continue
		}
		nic := machine.NIC{Name: Clean(n.Name), MAC: mac, Boot: mac == boot}
		for _, h := range had {
			if h.MAC == mac {
				nic.Address, nic.Switch, nic.Port = h.Address, h.Switch, h.Port
				nic.SeenSwitch, nic.SeenPort, nic.SeenChassis, nic.SeenAt = h.SeenSwitch, h.SeenPort, h.SeenChassis, h.SeenAt
				nic.Boot = nic.Boot || h.Boot && boot.IsZero()
			}
		}
		if n.Neighbour != nil {
			nic.SeenSwitch, nic.SeenPort = seenAt(n.Neighbour)
			nic.SeenAt = now
			nic.SeenChassis, _ = machine.ParseMAC(n.Neighbour.Chassis) // many have another name of themselves
		}
		out = append(out, nic)
	}
	if len(out) == 0 {
		return slices.Clone(had)
	}
	return out
}
