package discovery

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"firstlight/agent/report"
	"firstlight/server/machine"
)

func TestFactsOfARecordedReport(t *testing.T) {
	want := &machine.Facts{
		Vendor: "Example Inc.", Product: "Server 1U", Serial: "SRV-0042", SKU: "SKU7", BoardSN: "BRD-1", ChassisSN: "CHS-1", Firmware: "2.45",
		Platform: "efi", Kernel: "6.12.117+deb13-amd64", Sockets: 2, Cores: 4, Threads: 4, CPU: "QEMU TCG CPU version 2.5+",
		Memory: 1 << 30, BMC: true, FirmwareVendor: "Example", FirmwareDate: "11/23/2026", Board: "Board", ChassisVendor: "Example", Asset: "ASSET-9",
		DIMMs: []machine.DIMM{{Slot: "DIMM_A 0", Bytes: 1 << 30, Type: "RAM", MTs: 3200, Vendor: "Micron", Part: "MTA9", Serial: "D1M"}},
		Disks: []machine.Disk{
			{Name: "nvme0n1", Serial: "NVME0001", WWN: "nvme.1b36-4e564d4530303031-51454d55204e564d65204374726c-00000001", Model: "QEMU NVMe Ctrl", Bytes: 2 << 30, Transport: "nvme"},
			{Name: "sda", Serial: "SCSI0001", Model: "QEMU HARDDISK", Bytes: 2 << 30, Transport: "virtio", Rotational: true, Contents: []machine.Content{{Device: "sda", Kind: "data", Type: "unknown"}}},
			{Name: "sdb", Serial: "SATA0001", WWN: "naa.5000c500a1b2c3d4", Model: "QEMU HARDDISK", Bytes: 2 << 30, Transport: "sata", Rotational: true},
		},
		NICs: []machine.Port{
			{Name: "eth0", MAC: machine.MAC{0x52, 0x54, 0, 0x12, 0x34, 0x57}, Driver: "virtio_net", PermanentMAC: machine.MAC{0x52, 0x54, 0, 0, 0, 0x99}},
			{Name: "eth1", MAC: machine.MAC{0x52, 0x54, 0, 0x12, 0x34, 0x56}, Driver: "e1000e", PermanentMAC: machine.MAC{0x52, 0x54, 0, 0, 0, 0x99}},
		},
	}
	if diff := cmp.Diff(want, Facts(recorded(t, "qemu-q35-uefi")), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("Facts (-want +got):\n%s", diff)
	}
}

func TestFactsOfASyntheticReport(t *testing.T) {
	f := Facts(recorded(t, "../../../agent/collect/testdata/synthetic-two-socket"))
	if f.ChassisType != "Rack Mount Chassis" || f.Microcode != "0xd0003b9" {
		t.Errorf("chassis %q, microcode %q; want Rack Mount Chassis, 0xd0003b9 once", f.ChassisType, f.Microcode)
	}
	raid := f.RAID()
	if len(raid) != 1 || raid[0].ID != "1000:005d" || f.Behind(raid[0]) != 2 {
		t.Errorf("RAID controllers %+v, want 1000:005d with 2 disks", raid)
	}
	want := machine.Port{
		Name: "eth1", MAC: machine.MAC{0x52, 0x54, 0, 0, 0, 2}, Driver: "mlx5_core", Link: true, Mbps: 25000,
		PermanentMAC: machine.MAC{0x52, 0x54, 0, 0, 0, 0x99}, Firmware: "16.35.3006", PCI: "0000:18:00.1", ID: "15b3:1017", TotalVFs: 8, VFs: 1,
	}
	if len(f.NICs) != 2 || f.NICs[1] != want {
		t.Errorf("interfaces %+v, want two of which the last is %+v", f.NICs, want)
	}
}

func TestStrangersWordsBecomeOneLine(t *testing.T) {
	r := &report.Report{System: report.System{Vendor: " A\r\nB\x1b[31m\u2028C\ufffd ", Product: strings.Repeat("ä", 200)}}
	f := Facts(r)
	if f.Vendor != "AB[31mC" {
		t.Errorf("vendor = %q", f.Vendor)
	}
	if f.Product != strings.Repeat("ä", 128) {
		t.Errorf("a long product has %d bytes, want 256 that are whole letters", len(f.Product))
	}
}

func TestInterfacesKeepTheirAddresses(t *testing.T) {
	ip := netip.MustParseAddr("10.80.12.100")
	then, now := time.Unix(1, 0), time.Unix(2, 0)
	had := []machine.NIC{{Name: "old", MAC: mac(1), Address: ip, Boot: true}, {Name: "gone", MAC: mac(3)}, {Name: "nic1", MAC: mac(4), Switch: "sw1", Port: "7", SeenSwitch: "sw1", SeenPort: "8", SeenAt: then}}
	for _, tt := range []struct {
		name   string
		report report.Report
		want   []machine.NIC
	}{
		{
			"an address stays with its MAC",
			report.Report{Boot: report.Boot{MAC: "52:54:00:00:00:02"}, NICs: []report.NIC{{Name: "eth0", MAC: "52:54:00:00:00:01"}, {Name: "eth1", MAC: "52:54:00:00:00:02"}}},
			[]machine.NIC{{Name: "eth0", MAC: mac(1), Address: ip}, {Name: "eth1", MAC: mac(2), Boot: true}},
		},
		{
			"without BOOTIF the one that booted before did",
			report.Report{NICs: []report.NIC{{Name: "eth0", MAC: "52:54:00:00:00:01"}}},
			[]machine.NIC{{Name: "eth0", MAC: mac(1), Address: ip, Boot: true}},
		},
		{
			"a bridge with the MAC of its port counts once",
			report.Report{NICs: []report.NIC{{Name: "eth0", MAC: "52:54:00:00:00:01"}, {Name: "br0", MAC: "52:54:00:00:00:01"}}},
			[]machine.NIC{{Name: "eth0", MAC: mac(1), Address: ip, Boot: true}},
		},
		{
			"what has no address of its own is left out",
			report.Report{NICs: []report.NIC{{Name: "ib0", MAC: "80:00:02:08"}, {Name: "eth0", MAC: "52:54:00:00:00:01"}}},
			[]machine.NIC{{Name: "eth0", MAC: mac(1), Address: ip, Boot: true}},
		},
		{
			"where its cable goes stays with its MAC",
			report.Report{NICs: []report.NIC{{Name: "eth3", MAC: "52:54:00:00:00:04"}}},
			[]machine.NIC{{Name: "eth3", MAC: mac(4), Switch: "sw1", Port: "7", SeenSwitch: "sw1", SeenPort: "8", SeenAt: then}},
		},
		{
			"a neighbour that is heard is where the cable is seen",
			report.Report{NICs: []report.NIC{{Name: "eth3", MAC: "52:54:00:00:00:04", Neighbour: &report.Neighbour{System: "sw2", Port: "Et9", PortKind: "name"}}}},
			[]machine.NIC{{Name: "eth3", MAC: mac(4), Switch: "sw1", Port: "7", SeenSwitch: "sw2", SeenPort: "Et9", SeenAt: now}},
		},
		{"a report that could not read any forgets none", report.Report{Missing: []string{"nics"}}, had},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := NICs(&tt.report, had, now)
			if diff := cmp.Diff(tt.want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
				t.Errorf("NICs (-want +got):\n%s", diff)
			}
		})
	}
}
