package serverdb

import (
	"slices"

	"firstlight/server/machine"
)

// hardware is what of the facts tells one hardware from another. What had not been
// kept yet when the facts before were is left out: an agent that sees more than the
// last one changed nothing.
func hardware(f, before *machine.Facts) machine.Facts {
	c := *f
	c.Kernel, c.Missing = "", nil
	if before.Serial == "" {
		c.Serial = ""
	}
	c.FirmwareVendor, c.FirmwareDate, c.Board, c.ChassisVendor, c.ChassisType, c.Asset, c.Microcode = "", "", "", "", "", "", ""
	c.PCI = slices.Clone(f.PCI)
	for i := range c.PCI {
		c.PCI[i].Driver = ""
	}
	if before.PCI == nil {
		c.PCI = nil
	}
	c.DIMMs = slices.DeleteFunc(slices.Clone(f.DIMMs), func(d machine.DIMM) bool { return d.Empty })
	for i := range c.DIMMs {
		c.DIMMs[i].Vendor = "" // it has a serial
	}
	c.Disks = slices.Clone(f.Disks)
	for i := range c.Disks {
		d := &c.Disks[i]
		d.RPM, d.Firmware, d.Logical, d.Physical, d.PCI, d.Slot = 0, "", 0, 0, "", ""
		d.Health = illness(d)
	}
	c.NICs = slices.Clone(f.NICs)
	for i := range c.NICs {
		n := &c.NICs[i]
		*n = machine.Port{Name: n.Name, MAC: n.MAC, Driver: n.Driver}
	}
	return c
}

// illness leaves of a disk's health only that it is failing: it ages with each hour,
// and is another disk to whoever gets the machine once it fails.
func illness(d *machine.Disk) *machine.Health {
	if len(d.Failing()) == 0 {
		return nil
	}
	return &machine.Health{Source: "failing"}
}
