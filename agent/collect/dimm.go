package collect

import (
	"strings"

	"firstlight/agent/report"

	"github.com/u-root/u-root/pkg/smbios"
)

// Words of structures 16 and 17 (DSP0134 3.7.0, 7.17.2 and 7.18).
const (
	typeMemoryArray = 16
	arrayUse        = 0x05 // where it says what for
	systemMemory    = 0x03 // or less: other, unknown
	unknownSize     = 0xFFFF
	unknownSpeed    = 0xFFFF
)

// dimms lists the slots for memory, also the empty ones, by which a missing module
// can be named. What belongs to an array for something else (the flash of
// firmware, graphics, caches) is left out.
func (c *collector) dimms(tables []*smbios.Table) {
	other := map[uint16]bool{}
	for _, t := range tables {
		if use, err := t.GetByteAt(arrayUse); t.Type == typeMemoryArray && err == nil && use > systemMemory {
			other[t.Handle] = true
		}
	}
	var banks []string
	for _, t := range tables {
		if d, err := smbios.NewMemoryDevice(t); err == nil && !other[d.PhysicalMemoryArrayHandle] {
			c.report.DIMMs, banks = append(c.report.DIMMs, dimm(d)), append(banks, said(d.BankLocator))
		}
	}
	tellApart(c.report.DIMMs, banks)
}

// tellApart puts the bank before the names of slots that repeat: many boards have
// a "DIMM 0" in each channel.
func tellApart(all []report.DIMM, banks []string) {
	times := map[string]int{}
	for _, d := range all {
		times[d.Slot]++
	}
	for i := range all {
		if d := &all[i]; times[d.Slot] > 1 {
			d.Slot = strings.TrimSpace(banks[i] + " " + d.Slot)
		}
	}
}

// dimm says nothing of an empty slot but its name: firmware fills its other fields
// with "NO DIMM" and the like.
func dimm(d *smbios.MemoryDevice) report.DIMM {
	slot := report.DIMM{Slot: said(d.DeviceLocator), Empty: d.Size == 0}
	if slot.Empty {
		return slot
	}
	if d.Size != unknownSize {
		slot.Bytes = d.GetSizeBytes()
	}
	if d.Type > smbios.MemoryDeviceTypeUnknown {
		slot.Type = d.Type.String()
	}
	slot.MTs = speed(d.ConfiguredSpeed, d.Speed)
	slot.Vendor, slot.Part, slot.Serial = said(d.Manufacturer), said(d.PartNumber), said(d.SerialNumber)
	return slot
}

// speed is the first that is known; 0 where none is.
func speed(all ...uint16) int {
	for _, mts := range all {
		if mts != 0 && mts != unknownSpeed {
			return int(mts)
		}
	}
	return 0
}
