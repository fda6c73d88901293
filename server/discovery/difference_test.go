package discovery

import (
	"fmt"
	"testing"

	"firstlight/server/machine"
)

const gib, tb = 1 << 30, 1_000_000_000_000

// built is a machine as its type and its delivery say.
func built() (*machine.Machine, *machine.HardwareType) {
	mac := machine.MAC{2, 0, 0, 0, 0, 1}
	m := &machine.Machine{
		Name: "C0MPUT3", NICs: []machine.NIC{{Name: "NIC1", MAC: mac, Boot: true, Switch: "sw3", Port: "23", SeenSwitch: "sw3", SeenPort: "23"}},
		Declared: machine.Declared{Vendor: "Dell Inc.", Product: "PowerEdge R730", Cores: 16, Memory: 256 * gib, Disks: 3},
		Facts: &machine.Facts{
			Vendor: "Dell Inc.", Product: "PowerEdge R730", Sockets: 2, Cores: 16, Memory: 252 * gib,
			DIMMs: []machine.DIMM{{Slot: "A1", Bytes: 128 * gib}, {Slot: "A2", Empty: true}, {Slot: "B1", Bytes: 128 * gib}},
			Disks: []machine.Disk{{Bytes: 4 * tb, Transport: "sata"}, {Bytes: tb, Transport: "nvme"}, {Bytes: tb, Transport: "nvme"}},
			NICs:  []machine.Port{{Name: "eno1", MAC: mac, Link: true, Mbps: 10000}, {Name: "eno2"}},
		},
	}
	t := &machine.HardwareType{
		Name: "high-io", Vendor: "dell*", Product: "PowerEdge R7?0", Sockets: 2, Cores: 16, Memory: 256 * gib, DIMMs: 2, NICs: 2, Mbps: 10000,
		Disks: []machine.DiskSpec{{Count: 1, Bytes: tb / 2}, {Count: 1, Bytes: tb, Transport: "nvme"}, {Count: 1, Bytes: 2 * tb}},
	}
	return m, t
}

func TestDifferences(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*machine.Machine, *machine.HardwareType)
		want   string // of the only difference; empty: none
	}{
		{"as ordered", func(*machine.Machine, *machine.HardwareType) {}, ""},
		{"nothing was said", func(m *machine.Machine, h *machine.HardwareType) {
			m.Declared, *h, m.Facts.Cores = machine.Declared{}, machine.HardwareType{}, 1
		}, ""},
		{"cores of the record", func(m *machine.Machine, h *machine.HardwareType) { m.Declared.Cores = 32 }, "Cores: 16; its record says 32."},
		{"cores of the type", func(m *machine.Machine, h *machine.HardwareType) { h.Cores = 32 }, "Cores: 16; hardware type high-io says 32."},
		{"unread processors", func(m *machine.Machine, h *machine.HardwareType) {
			m.Facts.Cores, m.Facts.Sockets, m.Facts.Missing = 0, 0, []string{"cpus"}
		}, ""},
		{"a module is missing", func(m *machine.Machine, h *machine.HardwareType) {
			m.Declared.Memory, m.Facts.Memory = 0, 236*gib
		}, "Memory: 253 GB; hardware type high-io says 275 GB."},
		{"modules", func(m *machine.Machine, h *machine.HardwareType) { h.DIMMs = 3 }, "Memory modules: 2 (A2 is empty); hardware type high-io says 3."},
		{"modules in the wrong slots or too few", func(m *machine.Machine, h *machine.HardwareType) {
			h.DIMMs = 4
			m.Facts.DIMMs = append(m.Facts.DIMMs, machine.DIMM{Slot: "B2", Empty: true})
		}, "Memory modules: 2 (A2 and B2 are empty); hardware type high-io says 4."},
		{"which of the empty slots it is", func(m *machine.Machine, h *machine.HardwareType) {
			h.DIMMs = 3
			m.Facts.DIMMs = append(m.Facts.DIMMs, machine.DIMM{Slot: "B2", Empty: true})
		}, "Memory modules: 2 (2 of 4 slots are empty: A2, B2); hardware type high-io says 3."},
		{"many slots", func(m *machine.Machine, h *machine.HardwareType) {
			h.DIMMs = 3
			for i := range 14 {
				m.Facts.DIMMs = append(m.Facts.DIMMs, machine.DIMM{Slot: fmt.Sprintf("C%d", i), Empty: true})
			}
		}, "Memory modules: 2 (15 of 17 slots are empty: A2, C0, C1, C2, C3, C4, C5, C6, C7, C8, C9, C10 and 3 more); hardware type high-io says 3."},
		{"no slot is empty", func(m *machine.Machine, h *machine.HardwareType) {
			h.DIMMs = 4
			m.Facts.DIMMs[1].Empty = false
		}, "Memory modules: 3; hardware type high-io says 4."},
		{"a module too many", func(m *machine.Machine, h *machine.HardwareType) { h.DIMMs = 1 }, "Memory modules: 2; hardware type high-io says 1."},
		{"vendor", func(m *machine.Machine, h *machine.HardwareType) { h.Vendor = "Supermicro" }, "Vendor: Dell Inc.; hardware type high-io says Supermicro."},
		{"a disk too few", func(m *machine.Machine, h *machine.HardwareType) { m.Declared.Disks = 4 }, "Disks: 3; its record says 4."},
		{"the disk that is missing", func(m *machine.Machine, h *machine.HardwareType) {
			h.Disks[1].Count = 2
			h.Disks[0].Count = 0
			m.Facts.Disks[1].Transport = "sata"
		}, "Nvme disks of at least 1.0 TB: 1; hardware type high-io says 2."},
		{"interfaces", func(m *machine.Machine, h *machine.HardwareType) { h.NICs = 4 }, "Interfaces: 2; hardware type high-io says at least 4."},
		{"a slow link", func(m *machine.Machine, h *machine.HardwareType) { m.Facts.NICs[0].Mbps = 1000 }, "Link speed: 1000 Mb/s; hardware type high-io says at least 10000 Mb/s."},
		{"a cable", func(m *machine.Machine, h *machine.HardwareType) { m.NICs[0].SeenPort = "31" }, "Switch port of NIC1: sw3/31; the plan says sw3/23."},
		{"a switch alone", func(m *machine.Machine, h *machine.HardwareType) { m.NICs[0].Port = "" }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, h := built()
			c.change(m, h)
			all := Differences(m, h)
			switch {
			case c.want == "" && len(all) > 0:
				t.Errorf("differs: %v", all)
			case c.want != "" && (len(all) != 1 || all[0].Sentence() != c.want):
				t.Errorf("differs: %v, want only %q", all, c.want)
			}
		})
	}
}

func TestWhatWasNotReportedDoesNotDiffer(t *testing.T) {
	m, h := built()
	m.Facts = nil
	if all := Differences(m, h); all != nil {
		t.Errorf("differs: %v", all)
	}
}

func TestAMissingModuleIsNamedByItsSlot(t *testing.T) {
	m := &machine.Machine{Name: "ES22A00017", Facts: Facts(recorded(t, "../../../agent/collect/testdata/synthetic-two-socket")), Type: "dense"}
	_, v := spec(m, planned{[]*machine.HardwareType{{Name: "dense", DIMMs: 16}}})
	want := "it is not what hardware type dense says: memory modules 15 (DIMM_A2 is empty) instead of 16; put the hardware right, change its type, or let an admin waive it"
	if v.Reason != ReasonSpec || v.Sentence != want {
		t.Errorf("held for %q: %q, want %q", v.Reason, v.Sentence, want)
	}
	if _, v := spec(m, planned{[]*machine.HardwareType{{Name: "dense", DIMMs: 15}}}); v.Reason != "" {
		t.Errorf("held for %q: %q, want it taken as it is", v.Reason, v.Sentence)
	}
}
