package collect

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"testing"
	"testing/fstest"

	"firstlight/agent/report"

	"github.com/google/go-cmp/cmp"
)

// dmiID is what the kernel shows of the firmware's tables.
func dmiID(files map[string]string) fstest.MapFS {
	all := map[string]string{}
	for name, text := range files {
		all["sys/class/dmi/id/"+name] = text
	}
	return tree(all)
}

func TestWithoutTheFirmwaresTables(t *testing.T) {
	everybody := map[string]string{
		"sys_vendor": "Example Inc.", "product_name": "Server 1U", "product_sku": "SKU7", "product_family": "F",
		"board_vendor": "Example Inc.", "board_name": "board", "chassis_vendor": "Example Inc.", "chassis_asset_tag": "A1",
		"bios_vendor": "Example Inc.", "bios_version": "2.45", "bios_date": "01/02/2024",
	}
	root := maps.Clone(everybody)
	root["product_serial"], root["product_uuid"], root["board_serial"], root["chassis_serial"] = "SRV-0042", "4c4c4544-0042-4310-8052-b4c04f4d3732", "B1", "C1"
	r := Machine{Root: dmiID(root)}.Collect()
	got := report.Report{System: r.System, Board: r.Board, Chassis: r.Chassis, Firmware: r.Firmware}
	want := report.Report{
		System: report.System{Vendor: "Example Inc.", Product: "Server 1U", Serial: "SRV-0042", UUID: "4c4c4544-0042-4310-8052-b4c04f4d3732", SKU: "SKU7", Family: "F"},
		Board:  report.Board{Vendor: "Example Inc.", Product: "board", Serial: "B1"}, Chassis: report.Chassis{Vendor: "Example Inc.", Serial: "C1", Asset: "A1"},
		Firmware: report.Firmware{Vendor: "Example Inc.", Version: "2.45", Date: "01/02/2024"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what the kernel copied differs (-want +got):\n%s", diff)
	}
	if slices.Contains(r.Missing, "serial") || slices.Contains(r.Missing, "uuid") {
		t.Errorf("Missing = %q although both are there", r.Missing)
	}
	r = Machine{Root: dmiID(everybody)}.Collect()
	if !slices.Contains(r.Missing, "serial") || !slices.Contains(r.Missing, "uuid") || r.System.Vendor != "Example Inc." {
		t.Errorf("Missing = %q of a %s, want serial and uuid among them", r.Missing, r.System.Vendor)
	}
}

// A server as udev describes it to everybody.
var described = map[string]string{
	"sys/block/sda/device/model": "M", "sys/block/sda/size": "2048", "sys/block/sda/dev": "8:0",
	"sys/block/sda/sda1/partition": "1", "sys/block/sda/sda1/size": "256", "sys/block/sda/sda1/dev": "8:1",
	"sys/block/sda/sda2/partition": "2", "sys/block/sda/sda2/size": "512", "sys/block/sda/sda2/dev": "8:2",
	"sys/block/sda/sda3/partition": "3", "sys/block/sda/sda3/size": "1024", "sys/block/sda/sda3/dev": "8:3",
	"sys/block/sdb/device/model": "M", "sys/block/sdb/size": "4096", "sys/block/sdb/dev": "8:16",
	"sys/block/sdc/device/model": "M", "sys/block/sdc/size": "8192", "sys/block/sdc/dev": "8:32",
	"run/udev/data/b8:0":  "S:disk/by-id/x\nI:12\nE:ID_PART_TABLE_TYPE=gpt\nG:systemd",
	"run/udev/data/b8:1":  "E:ID_PART_TABLE_TYPE=gpt\nE:ID_FS_TYPE=vfat\nE:ID_FS_USAGE=filesystem\nE:ID_FS_VERSION=FAT32",
	"run/udev/data/b8:2":  "E:ID_PART_TABLE_TYPE=gpt\nE:ID_FS_TYPE=ext4\nE:ID_FS_USAGE=filesystem\nE:ID_FS_LABEL=root\nE:ID_FS_LABEL_ENC=root",
	"run/udev/data/b8:3":  "E:ID_PART_TABLE_TYPE=gpt",
	"run/udev/data/b8:16": "E:ID_FS_TYPE=linux_raid_member\nE:ID_FS_USAGE=raid\nE:ID_FS_VERSION=1.2\nE:ID_FS_LABEL=host:0",
	"run/udev/data/b8:32": "E:ID_MODEL=M",
}

func TestDisksThatMayNotBeRead(t *testing.T) {
	unreadable := func(name string, bytes uint64) []report.Content {
		return []report.Content{{Device: name, Kind: "unreadable", Type: "error", Bytes: bytes}}
	}
	recognised := map[string][]report.Content{
		"sda": {
			{Device: "sda", Kind: "partition-table", Type: "gpt", Bytes: 2048 * 512},
			{Device: "sda1", Kind: "filesystem", Type: "vfat", Bytes: 256 * 512},
			{Device: "sda2", Kind: "filesystem", Type: "ext4", Label: "root", Bytes: 512 * 512},
		},
		"sdb": {{Device: "sdb", Kind: "raid", Type: "mdraid-1.2", Label: "host:0", Bytes: 4096 * 512}},
		// udev knows nothing of emptiness: what it does not recognise was not read.
		"sdc": unreadable("sdc", 8192*512),
	}
	broken := map[string][]report.Content{"sda": unreadable("sda", 2048*512), "sdb": unreadable("sdb", 4096*512), "sdc": unreadable("sdc", 8192*512)}
	for _, tt := range []struct {
		name string
		err  error
		want map[string][]report.Content
	}{
		{"for want of permission", &fs.PathError{Op: "open", Path: "/dev/sda", Err: fs.ErrPermission}, recognised},
		{"for a fault, which udev saw too late", errors.New("input/output error"), broken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Machine{Root: tree(described), Contents: func(string, uint64) ([]report.Content, error) { return nil, tt.err }}.Collect()
			got := map[string][]report.Content{}
			for _, d := range r.Disks {
				got[d.Name] = d.Contents
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Contents differ (-want +got):\n%s", diff)
			}
			if !slices.Contains(r.Missing, "contents") {
				t.Errorf("Missing = %q, want contents among them", r.Missing)
			}
		})
	}
}

func TestUdevsWords(t *testing.T) {
	type words struct{ usage, name, version string }
	got := map[words][2]string{}
	want := map[words][2]string{
		{"raid", "LVM2_member", "LVM2 001"}:  {"lvm", "lvm2"},
		{"crypto", "crypto_LUKS", "2"}:       {"crypt", "luks2"},
		{"crypto", "BitLocker", "2"}:         {"crypt", "bitlocker"},
		{"raid", "isw_raid_member", "1.3"}:   {"raid", "imsm"},
		{"raid", "ddf_raid_member", "2"}:     {"raid", "ddf"},
		{"raid", "VMFS_volume_member", "6"}:  {"raid", "vmfs_volume_member"},
		{"other", "swap", "1"}:               {"swap", "swap"},
		{"other", "bcache", ""}:              {"data", "bcache"},
		{"filesystem", "zfs_member", "5000"}: {"filesystem", "zfs_member"},
		{"", "something", ""}:                {"data", "something"},
	}
	for w := range want {
		kind, as := content(w.usage, w.name, w.version)
		got[w] = [2]string{kind, as}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("content differs (-want +got):\n%s", diff)
	}
}

func TestABMCThatHasNotSaidItsAddress(t *testing.T) {
	ipmi := append([]byte{38, 18, 1, 0}, make([]byte, 14)...) // DSP0134, 7.39
	none := func() (*report.BMC, error) { return nil, nil }
	got := Machine{Root: dmi(ipmi), BMC: none}.Collect()
	if got.BMC == nil || !slices.Contains(got.Missing, "bmc") {
		t.Errorf("BMC = %+v with %q missing, want one whose address is missing", got.BMC, got.Missing)
	}
	got = Machine{Root: tree(nil), BMC: none}.Collect()
	if got.BMC != nil || slices.Contains(got.Missing, "bmc") {
		t.Errorf("BMC = %+v with %q missing, want none and none missed", got.BMC, got.Missing)
	}
}
