package serverdb

import (
	"testing"

	"firstlight/agent/report"
	"firstlight/server/machine"
)

// An available machine is looked at again when its hardware changed: not when an
// agent came that sees more, nor when a cable was pulled.
func TestWhatChangesHardware(t *testing.T) {
	seen := func(change func(*report.Report)) *report.Report {
		r := blank(1)
		r.DIMMs = []report.DIMM{{Slot: "A1", Bytes: 16 << 30, Serial: "S1"}}
		change(r)
		return r
	}
	first := func(*report.Report) {}
	for _, tt := range []struct {
		name        string
		before, now func(*report.Report)
		changed     bool
	}{
		{"the same", first, first, false},
		{"an agent that tells empty slots and vendors", first, func(r *report.Report) {
			r.DIMMs[0].Vendor = "Micron"
			r.DIMMs = append(r.DIMMs, report.DIMM{Slot: "A2", Empty: true})
		}, false},
		{"an agent that tells a disk's firmware and blocks", first, func(r *report.Report) {
			r.Disks[0].Firmware, r.Disks[0].Logical, r.Disks[0].PCI = "1.0", 512, "0000:00:04.0"
		}, false},
		{"an agent that asks disks how they are", first, func(r *report.Report) {
			r.Disks[0].Slot, r.Disks[0].Health = "Slot 01", &report.Health{Source: "nvme", Hours: 7}
		}, false},
		{
			"a disk that ages", func(r *report.Report) { r.Disks[0].Health = &report.Health{Source: "nvme", Hours: 7} },
			func(r *report.Report) { r.Disks[0].Health = &report.Health{Source: "nvme", Hours: 8, Celsius: 30} }, false,
		},
		{
			"a disk that fails", func(r *report.Report) { r.Disks[0].Health = &report.Health{Source: "ata"} },
			func(r *report.Report) { r.Disks[0].Health = &report.Health{Source: "ata", Pending: 1} }, true,
		},
		{
			"a disk that goes on failing", func(r *report.Report) { r.Disks[0].Health = &report.Health{Source: "ata", Pending: 1} },
			func(r *report.Report) { r.Disks[0].Health = &report.Health{Source: "ata", Pending: 2} }, false,
		},
		{"another disk", first, func(r *report.Report) { r.Disks[0].Serial = "other" }, true},
		{"another module", first, func(r *report.Report) { r.DIMMs[0].Serial = "S2" }, true},
		{"a module less", first, func(r *report.Report) { r.DIMMs[0] = report.DIMM{Slot: "A1", Empty: true} }, true},
		{"an agent that tells the PCI bus and more", first, func(r *report.Report) {
			r.PCI, r.Chassis.Type, r.NICs[0].TotalVFs, r.NICs[0].PermanentMAC = []report.PCI{{Address: "0000:00:01.0"}}, "Blade", 8, r.NICs[0].MAC
		}, false},
		{
			"a card", func(r *report.Report) { r.PCI = []report.PCI{{Address: "0000:00:01.0"}} },
			func(r *report.Report) { r.PCI = []report.PCI{{Address: "0000:00:01.0"}, {Address: "0000:00:02.0"}} }, true,
		},
		{
			"a driver", func(r *report.Report) { r.PCI = []report.PCI{{Address: "0000:00:01.0"}} },
			func(r *report.Report) { r.PCI = []report.PCI{{Address: "0000:00:01.0", Driver: "igb"}} }, false,
		},
		{"a link", first, func(r *report.Report) { r.NICs[0].Link, r.NICs[0].Mbps = true, 1000 }, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := open(t, file(t), accept(""))
			arrive(t, d, seen(tt.before), 101)
			m := arrive(t, d, seen(tt.now), 101)
			looked := false
			changes, err := d.History(t.Context(), m.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range changes {
				looked = looked || c.From == machine.Available && c.To == machine.Registered
			}
			if looked != tt.changed {
				t.Errorf("looked at again: %v, want %v", looked, tt.changed)
			}
		})
	}
}
