package machine

import "testing"

func TestWhatADeviceIs(t *testing.T) {
	for class, want := range map[string]string{
		"010400": "RAID controller", "010700": "SAS controller", "010802": "NVMe", "010100": "storage", "020000": "Ethernet", "0c0400": "Fibre Channel",
		"0c0500": "device of class 0c0500", "": "device", "01": "device",
	} {
		if got := (PCI{Class: class}).Kind(); got != want {
			t.Errorf("Kind of class %q = %q, want %q", class, got, want)
		}
	}
}

func TestRAIDControllers(t *testing.T) {
	f := &Facts{
		PCI:   []PCI{{Address: "a", Class: "060400"}, {Address: "b", Class: "010400"}, {Address: "c", Class: "010601"}, {Address: "d", Class: "010700"}, {}},
		Disks: []Disk{{Name: "sda", PCI: "b"}, {Name: "sdb", PCI: "b"}, {Name: "sdc", PCI: "c"}, {Name: "vda"}},
	}
	all := f.RAID()
	if len(all) != 2 || all[0].Address != "b" || all[1].Address != "d" {
		t.Fatalf("RAID = %+v, want b and d", all)
	}
	if f.Behind(all[0]) != 2 || f.Behind(all[1]) != 0 || len(f.PCI) != 5 {
		t.Errorf("%d and %d disks behind them, %d devices; want 2, 0 and 5", f.Behind(all[0]), f.Behind(all[1]), len(f.PCI))
	}
}
