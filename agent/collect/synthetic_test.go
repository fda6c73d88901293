package collect

import (
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"firstlight/agent/smart/smarttest"

	"github.com/google/go-cmp/cmp"
)

// synthetic are machines that nobody recorded: their tables come from the
// specification, their sysfs from the kernel's documentation. The files that they
// become stand among the recordings, each labelled in its first line.
var synthetic = map[string]func() map[string]string{
	"synthetic-two-socket": twoSocket,
	"synthetic-four-nvme":  fourNVMe,
	"synthetic-raid":       raidServer,
	"synthetic-blade":      blade,
	"synthetic-arm64":      arm64Blade,
	"synthetic-desktop":    desktop,
}

const label = "# synthetic: made by synthetic_test.go from DSP0134 3.7.0, NVMe 2.0c, ACS-3, SPC-5, IPMI 2.0 and the kernel's documentation; no such machine was recorded\n"

func TestSyntheticMachinesAreAsTheirGeneratorMakesThem(t *testing.T) {
	for name, build := range synthetic {
		file := "testdata/" + name + ".machine"
		var b strings.Builder
		b.WriteString(label)
		files := build()
		for _, name := range slices.Sorted(maps.Keys(files)) {
			b.WriteString(recorded(name, files[name]))
		}
		if *update {
			if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(b.String(), string(got)); diff != "" {
			t.Errorf("%s (-generator +file):\n%s", file, diff)
		}
	}
}

// recorded is a line as Record writes it; "-> target" is a link, "<- ok:…" an answer, "" a directory.
func recorded(name, text string) string {
	name = strings.ReplaceAll(name, " ", blank)
	target, ok := strings.CutPrefix(text, "-> ")
	said, answered := strings.CutPrefix(text, "<- ")
	switch {
	case answered:
		return "answer " + name + " " + said + "\n"
	case ok:
		return "link " + name + " " + target + "\n"
	case text == "":
		return "dir " + name + "\n"
	}
	return "file " + name + " " + strconv.Quote(text) + "\n"
}

// base is what every Linux has.
func base(t *tables) map[string]string {
	return map[string]string{
		"proc/cmdline":                      "console=tty0 BOOTIF=01-52-54-00-00-00-01\n",
		"proc/stat":                         "cpu  0 0 0 0\nbtime 1764000000\n",
		"proc/uptime":                       "5.20 9.80\n",
		"proc/meminfo":                      "MemTotal:       262144000 kB\n",
		"proc/sys/kernel/osrelease":         "6.12.117+deb13-amd64\n",
		"proc/sys/kernel/random/boot_id":    "00000000-0000-4000-8000-000000000001\n",
		"sys/firmware/dmi/tables/DMI":       string(t.end()),
		"sys/firmware/efi/fw_platform_size": "64\n",
	}
}

// twoSocket is a server of two sockets with 16 slots for memory, of which one that
// should be full is not, and a flash chip that is no memory.
func twoSocket() map[string]string {
	t := &tables{}
	t.bios("Example BIOS Inc.", "2.45.1", "08/14/2026")
	t.system("Example Systems", "ES-2200 G4", "ES22A00017", [16]byte{0x44, 0x45, 0x4c, 0x4c, 0, 0x30, 0x10, 0x4d, 0x80, 0x50, 0xb4, 0xc0, 0x4f, 0x54, 0x33, 0x30})
	t.board("Example Systems", "ES-2200-MB", "MB0017")
	t.chassis("Example Systems", 0x17, "2U8", "CH0017", "A-4711")
	t.processor("CPU1", "Example Silicon", "Example Silicon 8-Core @ 2.60GHz", 8, 16)
	t.processor("CPU2", "Example Silicon", "Example Silicon 8-Core @ 2.60GHz", 8, 16)
	flash, array := t.array(0x05, 1), t.array(0x03, 16)
	t.slot(flash, "SYSTEM ROM", "", module{mib: 32, kind: 0x09})
	for i := range 16 {
		locator, m := fmt.Sprintf("DIMM_%c%d", 'A'+i/8, i%8+1), module{mib: 16 << 10, kind: 0x1A, mts: 3200, vendor: "Micron", part: "MTA18ASF2G72PDZ", serial: fmt.Sprintf("D%07d", i)}
		if locator == "DIMM_A2" {
			m = module{}
		}
		t.slot(array, locator, fmt.Sprintf("P%d_Node0_Channel%d", i/8, i%8), m)
	}
	files := base(t)
	files["proc/cpuinfo"] = cpuinfo("Example Silicon 8-Core @ 2.60GHz", 2, 8, 2)
	const raid, ssd = "pci0000:3a/0000:3a:00.0/0000:3b:00.0", "pci0000:5d/0000:5d:02.0/0000:5e:00.0"
	for i := range 2 {
		at := fmt.Sprintf("%s/host0/target0:0:%d/0:0:%[2]d:0", raid, i)
		disk(files, at, at+"/block", fmt.Sprintf("sd%c", 'a'+i), map[string]string{
			"size": "7814037168\n", "queue/rotational": "1\n", "queue/logical_block_size": "512\n", "queue/physical_block_size": "4096\n",
		}, map[string]string{
			"vendor": "EXAMPLE \n", "model": "EX4000NM0001    \n", "rev": "N004\n", "wwid": fmt.Sprintf("naa.5000c500a1b2c3d%d\n", i),
			"vpd_pg80": fmt.Sprintf("\x00\x80\x00\x08ZC10000%d", i), "vpd_pgb1": "\x00\xb1\x00\x3c\x1c\x20\x00\x02" + strings.Repeat("\x00", 56),
		})
	}
	device(files, raid, "0x010400", "0x1000:0x005d", "0x1028:0x1f49", "megaraid_sas")
	device(files, ssd, "0x010802", "0x144d:0xa80a", "0x144d:0xa813", "nvme")
	device(files, "pci0000:3a/0000:3a:00.0", "0x060400", "0x8086:0x2030", "0x0000:0x0000", "pcieport")
	for i := range 2 {
		slot := fmt.Sprintf("pci0000:17/0000:17:00.0/0000:18:00.%d", i)
		device(files, slot, "0x020000", "0x15b3:0x1017", "0x15b3:0x0020", "mlx5_core")
		port(files, slot, fmt.Sprintf("eth%d", i), fmt.Sprintf("52:54:00:00:00:0%d", i+1), map[string]string{"carrier": "1\n", "speed": "25000\n"})
		at := "sys/devices/" + slot
		files[at+"/sriov_totalvfs"], files[at+"/sriov_numvfs"] = "8\n", fmt.Sprintf("%d\n", i)
		files[fmt.Sprintf("%s/infiniband/mlx5_%d/fw_ver", at, i)] = "16.35.3006\n"
	}
	const virtual = "pci0000:17/0000:17:00.0/0000:18:02.2"
	device(files, virtual, "0x020000", "0x15b3:0x1018", "0x15b3:0x0020", "mlx5_core")
	files["sys/devices/"+virtual+"/physfn"] = "-> ../0000:18:00.1"
	port(files, virtual, "eth2", "52:54:00:00:00:03", nil)
	nvme(files, ssd, "nvme0", "EXN00000001", "EX 960G", "1.2.3")
	healthLog(files, "nvme0n1", smarttest.NVMe{Kelvin: 309, Spare: 100, SpareLimit: 10, Used: 2, Hours: 8123})
	for i, hot := range []byte{31, 34} {
		logPages(files, fmt.Sprintf("sd%c", 'a'+i), hot, 0, 0)
	}
	management(files, [4]byte{10, 1, 0, 17})
	return files
}

// disk is a disk below /sys/devices: its device, the folder that it stands in, and
// the files of both.
func disk(files map[string]string, device, in, name string, own, of map[string]string) {
	dir := "sys/devices/" + in + "/" + name
	up := strings.Repeat("../", strings.Count(in+"/", "/")-strings.Count(device+"/", "/")+1)
	files["sys/block/"+name], files[dir+"/device"] = "-> ../devices/"+in+"/"+name, "-> "+up+"../"+path.Base(device)
	for file, text := range own {
		files[dir+"/"+file] = text
	}
	for file, text := range of {
		files["sys/devices/"+device+"/"+file] = text
	}
}

// device is a device on the PCI bus.
func device(files map[string]string, at, class, id, card, driver string) {
	dir := "sys/devices/" + at
	files["sys/bus/pci/devices/"+path.Base(at)] = "-> ../../../devices/" + at
	files[dir+"/class"] = class + "\n"
	files[dir+"/driver"] = "-> " + strings.Repeat("../", strings.Count(dir, "/")) + "bus/pci/drivers/" + driver
	for file, ids := range map[string]string{"": id, "subsystem_": card} {
		vendor, device, _ := strings.Cut(ids, ":")
		files[dir+"/"+file+"vendor"], files[dir+"/"+file+"device"] = vendor+"\n", device+"\n"
	}
}

// port is an interface of a device.
func port(files map[string]string, at, name, mac string, more map[string]string) {
	dir := "sys/devices/" + at + "/net/" + name
	files["sys/class/net/"+name] = "-> ../../devices/" + at + "/net/" + name
	files[dir+"/type"], files[dir+"/address"], files[dir+"/device"] = "1\n", mac+"\n", "-> ../../../"+path.Base(at)
	for file, text := range more {
		files[dir+"/"+file] = text
	}
}

// nvme is a controller with one disk.
func nvme(files map[string]string, slot, name, serial, model, firmware string) {
	at := slot + "/nvme/" + name
	disk(files, at, at, name+"n1", map[string]string{
		"size": "1875385008\n", "wwid": "eui.00253854" + serial[len(serial)-8:] + "\n",
		"queue/rotational": "0\n", "queue/logical_block_size": "4096\n", "queue/physical_block_size": "4096\n",
	}, map[string]string{"serial": serial + "  \n", "model": model + "   \n", "firmware_rev": firmware + "   \n"})
}

// cpuinfo is /proc/cpuinfo of x86.
func cpuinfo(model string, sockets, cores, threads int) string {
	var b strings.Builder
	for i := range sockets * cores * threads {
		fmt.Fprintf(&b, "processor\t: %d\nmodel name\t: %s\nmicrocode\t: 0xd0003b9\nphysical id\t: %d\nsiblings\t: %d\ncore id\t\t: %d\ncpu cores\t: %d\n\n",
			i, model, i/threads/cores%sockets, cores*threads, i/threads%cores, cores)
	}
	return b.String()
}

// arm64Blade has more cores than fit the byte that SMBIOS first had for them,
// modules larger than fit its first field for sizes, and a socket that is free.
func arm64Blade() map[string]string {
	t := &tables{}
	t.bios("Example Firmware", "1.08", "02/03/2026")
	t.system("Example Blades", "EB-ARM", "EBA0042", [16]byte{1, 2, 3, 4, 5, 6, 0x47, 0x40, 0x80, 1, 2, 3, 4, 5, 6, 7})
	t.chassis("Example Blades", 0x1C, "", "SLED7", "")
	t.chassis("Example Blades", 0x1D, "10U16", "ENC1", "")
	t.processor("CPU 1", "Example Arm", "Example Arm 320", 320, 320)
	t.processor("CPU 2", "", "", 0, 0)
	array := t.array(0x03, 8)
	for i := range 8 {
		m := module{mib: 64 << 10, kind: 0x22, mts: 5600, vendor: "SK Hynix", part: "HMCG94", serial: fmt.Sprintf("H%d", i)}
		if i == 7 {
			m.mib, m.unsized, m.mts = 0, true, 0xFFFF
		}
		t.slot(array, fmt.Sprintf("DIMM %d", i+1), "Bank 0", m)
	}
	files := base(t)
	sharedNVMe(files)
	return files
}

// sharedNVMe is a disk that hangs on two controllers: by itself on none of them.
func sharedNVMe(files map[string]string) {
	const subsystem = "virtual/nvme-subsystem/nvme-subsys0"
	disk(files, subsystem, subsystem, "nvme0n1", map[string]string{"size": "1875385008\n", "wwid": "eui.1122334455667788\n", "queue/rotational": "0\n"},
		map[string]string{"serial": "DUAL0001\n", "model": "EX Dual Port\n", "firmware_rev": "2.0\n"})
	for i, slot := range []string{"0000:01:00.0", "0000:02:00.0"} {
		name := fmt.Sprintf("nvme%d", i)
		files["sys/devices/"+subsystem+"/"+name] = "-> ../../../pci0000:00/0000:00:0" + fmt.Sprint(i+1) + ".0/" + slot + "/nvme/" + name
		files["sys/devices/pci0000:00/0000:00:0"+fmt.Sprint(i+1)+".0/"+slot+"/nvme/"+name+"/state"] = "live\n"
	}
}

// desktop is a board whose slots are named by their bank alone.
func desktop() map[string]string {
	t := &tables{}
	t.bios("Example Boards", "F31", "11/22/2025")
	t.system("To Be Filled By O.E.M.", "Default string", "Default string", [16]byte{})
	t.board("Example Boards", "EX-570", "Default string")
	t.chassis("Default string", 0x03, "Default string", "Default string", "Default string")
	t.processor("AM4", "Example Silicon", "Example Silicon 6-Core", 6, 12)
	array := t.array(0x03, 4)
	for _, channel := range []string{"A", "B"} {
		t.slot(array, "DIMM 0", "P0 CHANNEL "+channel, module{})
		t.slot(array, "DIMM 1", "P0 CHANNEL "+channel, module{mib: 8 << 10, kind: 0x1A, mts: 3200, vendor: "Unknown", part: "CT8G4", serial: "00000000"})
	}
	files := base(t)
	files["proc/cpuinfo"] = cpuinfo("Example Silicon 6-Core", 1, 6, 2)
	const sata, nic = "pci0000:00/0000:00:17.0", "pci0000:00/0000:00:1f.6"
	device(files, sata, "0x010601", "0x8086:0x7ae2", "0x0000:0x0000", "ahci")
	device(files, nic, "0x020000", "0x8086:0x1a1d", "0x0000:0x0000", "e1000e")
	port(files, nic, "eth0", "52:54:00:00:00:01", map[string]string{"carrier": "1\n", "speed": "1000\n"})
	at := sata + "/ata1/host0/target0:0:0/0:0:0:0"
	disk(files, at, at+"/block", "sda", map[string]string{"size": "1953525168\n", "queue/rotational": "1\n", "queue/logical_block_size": "512\n", "queue/physical_block_size": "4096\n"},
		map[string]string{"vendor": "ATA     \n", "model": "EX1000DM010     \n", "rev": "CC43\n", "vpd_pg80": "\x00\x80\x00\x08ZN1X0001"})
	attributes(files, "sda", true, smarttest.Attribute{ID: 5, Value: 8, Limit: 10, Prefail: true, Raw: 1880}, smarttest.Attribute{ID: 9, Value: 62, Raw: 33511},
		smarttest.Attribute{ID: 194, Value: 36, Raw: 36}, smarttest.Attribute{ID: 197, Value: 100, Raw: 24}, smarttest.Attribute{ID: 198, Value: 100, Raw: 24})
	return files
}
