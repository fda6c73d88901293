package collect

import (
	"bytes"
	"fmt"

	"firstlight/agent/passthrough"
	"firstlight/agent/smart/smarttest"
)

// fourNVMe is a server of one socket with four disks in slots that the board numbers,
// of which one is worn out and another has no spare left.
func fourNVMe() map[string]string {
	t := &tables{}
	t.bios("Example BIOS Inc.", "3.1", "05/06/2026")
	t.system("Example Systems", "ES-1104 NVMe", "ES11A00042", [16]byte{0x4e, 0x56, 4: 1, 6: 0x40, 8: 0x80, 15: 4})
	t.board("Example Systems", "ES-1104-MB", "MB0042")
	t.chassis("Example Systems", 0x17, "1U4", "CH0042", "A-4712")
	t.processor("CPU1", "Example Silicon", "Example Silicon 32-Core", 32, 64)
	array := t.array(0x03, 8)
	for i := range 8 {
		t.slot(array, fmt.Sprintf("DIMM_%c", 'A'+i), "", module{mib: 32 << 10, kind: 0x22, mts: 4800, vendor: "Samsung", part: "M321R4GA3BB6", serial: fmt.Sprintf("E%07d", i)})
	}
	files := base(t)
	files["proc/cpuinfo"] = cpuinfo("Example Silicon 32-Core", 1, 32, 2)
	for i, log := range []smarttest.NVMe{
		{Kelvin: 306, Spare: 100, SpareLimit: 10, Used: 1, Hours: 2100},
		{Kelvin: 307, Spare: 100, SpareLimit: 10, Used: 1, Hours: 2100, UnsafeShutdowns: 7},
		{Kelvin: 311, Spare: 91, SpareLimit: 10, Used: 112, Hours: 41207, MediaErrors: 4},
		{Warning: 1, Kelvin: 309, Spare: 5, SpareLimit: 10, Used: 88, Hours: 40031},
	} {
		at := fmt.Sprintf("pci0000:40/0000:40:0%d.0/0000:4%d:00.0", i+1, i+1)
		device(files, at, "0x010802", "0x144d:0xa80a", "0x144d:0xa813", "nvme")
		files[fmt.Sprintf("sys/bus/pci/slots/%d/address", i+21)] = fmt.Sprintf("0000:4%d:00\n", i+1)
		name := fmt.Sprintf("nvme%d", i)
		nvme(files, at, name, fmt.Sprintf("EXN0000010%d", i), "EX 1.92T", "GDC5302Q")
		healthLog(files, name+"n1", log)
	}
	const nic = "pci0000:c0/0000:c0:01.0/0000:c1:00.0"
	device(files, nic, "0x020000", "0x8086:0x1593", "0x8086:0x0002", "ice")
	port(files, nic, "eth0", "52:54:00:00:04:01", map[string]string{"carrier": "1\n", "speed": "100000\n"})
	management(files, [4]byte{10, 1, 0, 42})
	return files
}

// raidServer is one whose controller shows two volumes, which tell nothing of the disks
// below, and one disk by itself in an enclosure, which predicts its failure.
func raidServer() map[string]string {
	t := &tables{}
	t.bios("Example BIOS Inc.", "2.19.0", "08/14/2024")
	t.system("Example Systems", "ES-R730", "ESR7300", [16]byte{0x52, 4: 7, 6: 0x40, 8: 0x80, 15: 3})
	t.chassis("Example Systems", 0x17, "2U", "CHR730", "")
	t.processor("CPU1", "Example Silicon", "Example Silicon 6-Core", 6, 12)
	t.slot(t.array(0x03, 1), "A1", "", module{mib: 16 << 10, kind: 0x1A, mts: 2133, vendor: "Hynix", part: "HMA42GR7", serial: "1234ABCD"})
	files := base(t)
	files["proc/cpuinfo"] = cpuinfo("Example Silicon 6-Core", 1, 6, 2)
	const raid = "pci0000:00/0000:00:01.0/0000:02:00.0"
	device(files, raid, "0x010400", "0x1000:0x005d", "0x1028:0x1f49", "megaraid_sas")
	for i := range 2 {
		at := fmt.Sprintf("%s/host0/target0:2:%d/0:2:%[2]d:0", raid, i)
		disk(files, at, at+"/block", fmt.Sprintf("sd%c", 'a'+i), map[string]string{"size": "1171062784\n", "queue/rotational": "1\n"}, map[string]string{
			"vendor": "EXAMPLE \n", "model": "RAID H730 Mini   \n", "rev": "4.30\n", "wwid": fmt.Sprintf("naa.64cd98f0a1b2c3d40%d\n", i),
			"vpd_pg80": fmt.Sprintf("\x00\x80\x00\x10%016d", i+1),
		})
		logPages(files, fmt.Sprintf("sd%c", 'a'+i), 0, 0, 0)
	}
	at := raid + "/host0/port-0:0/end_device-0:0/target0:0:9/0:0:9:0"
	disk(files, at, at+"/block", "sdc", map[string]string{"size": "1758174768\n", "queue/rotational": "0\n"}, map[string]string{
		"vendor": "EXAMPLE \n", "model": "EX900SAS        \n", "rev": "A006\n", "wwid": "naa.5000cca012345678\n", "vpd_pg80": "\x00\x80\x00\x08SASX0009",
		"enclosure_device:Slot 09/slot": "9\n",
	})
	logPages(files, "sdc", 41, 97, 0x5D)
	const nic = "pci0000:00/0000:00:02.0/0000:01:00.0"
	device(files, nic, "0x020000", "0x14e4:0x165f", "0x1028:0x1f5b", "tg3")
	port(files, nic, "eth0", "52:54:00:00:03:01", map[string]string{"carrier": "1\n", "speed": "1000\n"})
	return files
}

// blade is one of an enclosure, whose disk is a small one on the board and whose BMC
// has no network of its own.
func blade() map[string]string {
	t := &tables{}
	t.bios("Example Firmware", "I42", "10/02/2025")
	t.system("Example Blades", "EB-460 Gen10", "EB46000008", [16]byte{0x42, 4: 8, 6: 0x40, 8: 0x80, 15: 8})
	t.chassis("Example Blades", 0x1C, "", "EB46000008", "")
	t.chassis("Example Blades", 0x1D, "10U16", "ENC00001", "")
	t.processor("Proc 1", "Example Silicon", "Example Silicon 16-Core", 16, 32)
	t.processor("Proc 2", "Example Silicon", "Example Silicon 16-Core", 16, 32)
	array := t.array(0x03, 16)
	for i := range 16 {
		t.slot(array, fmt.Sprintf("PROC %d DIMM %d", i/8+1, i%8+1), "", module{mib: 32 << 10, kind: 0x1A, mts: 2933, vendor: "HPE", part: "P00924-B21", serial: fmt.Sprintf("F%07d", i)})
	}
	files := base(t)
	files["proc/cpuinfo"] = cpuinfo("Example Silicon 16-Core", 2, 16, 2)
	for i := range 2 {
		nic := fmt.Sprintf("pci0000:36/0000:36:00.0/0000:37:00.%d", i)
		device(files, nic, "0x020000", "0x14e4:0x16d8", "0x1590:0x028c", "bnxt_en")
		port(files, nic, fmt.Sprintf("eth%d", i), fmt.Sprintf("52:54:00:00:08:0%d", i+1), map[string]string{"carrier": fmt.Sprintf("%d\n", 1-i), "speed": "20000\n"})
	}
	const sata = "pci0000:00/0000:00:11.5"
	device(files, sata, "0x010601", "0x8086:0xa1d2", "0x1590:0x00ee", "ahci")
	at := sata + "/ata1/host0/target0:0:0/0:0:0:0"
	disk(files, at, at+"/block", "sda", map[string]string{"size": "937703088\n", "queue/rotational": "0\n"},
		map[string]string{"vendor": "ATA     \n", "model": "EX480M2         \n", "rev": "HPG3\n", "vpd_pg80": "\x00\x80\x00\x08M2X00008"})
	attributes(files, "sda", false, smarttest.Attribute{ID: 9, Value: 99, Raw: 5120}, smarttest.Attribute{ID: 194, Value: 70, Raw: 30}, smarttest.Attribute{ID: 202, Value: 96})
	management(files, [4]byte{})
	return files
}

// answer is one without the zeros at its end.
func answer(b []byte) string {
	return fmt.Sprintf("<- ok:%x", bytes.TrimRight(b, "\x00"))
}

// heard is a door that says what it was asked and refuses it.
type heard struct {
	passthrough.Door
	disk, name string
}

func (h *heard) Admin(c passthrough.Admin, _ []byte) error {
	h.name = adminName(h.disk, c)
	return passthrough.Status(2)
}

func (h *heard) SCSI(c passthrough.SCSI, _ []byte) error {
	h.name = scsiName(h.disk, c)
	return passthrough.Status(2)
}

// asked names the question that a function puts to a disk.
func asked(disk string, ask func(passthrough.Door)) string {
	h := &heard{disk: disk}
	ask(h)
	return h.name
}

// healthLog is what an NVMe disk answers.
func healthLog(files map[string]string, disk string, log smarttest.NVMe) {
	files[asked(disk, func(d passthrough.Door) { _, _ = passthrough.HealthLog(d) })] = answer(log.Log())
}

// attributes are what an ATA disk answers.
func attributes(files map[string]string, disk string, fails bool, all ...smarttest.Attribute) {
	values, limits := smarttest.ATA(all...)
	files[asked(disk, func(d passthrough.Door) { _, _ = passthrough.SMARTValues(d) })] = answer(values)
	files[asked(disk, func(d passthrough.Door) { _, _ = passthrough.SMARTThresholds(d) })] = answer(limits)
	files[asked(disk, func(d passthrough.Door) { _, _ = passthrough.SMARTFails(d) })] = fmt.Sprintf("<- sense:%x", smarttest.Status(fails))
}

// logPages are what a SCSI disk answers: how hot it is, what of its life is used, and
// its exception; nothing of a disk that is 0 °C.
func logPages(files map[string]string, disk string, celsius, used, exception byte) {
	pages := map[byte][]byte{}
	if celsius > 0 {
		pages[0x0D] = smarttest.Page(0x0D, smarttest.Parameter(0, 0, celsius), smarttest.Parameter(1, 0, 60))
		pages[0x2F] = smarttest.Page(0x2F, smarttest.Parameter(0, exception, exception&0x10, celsius))
	}
	if used > 0 {
		pages[0x11] = smarttest.Page(0x11, smarttest.Parameter(1, 0, 0, 0, used))
	}
	for _, page := range []byte{0x2F, 0x0D, 0x11, 0x15, 0x03, 0x05} {
		name := asked(disk, func(d passthrough.Door) { _, _ = passthrough.LogPage(d, page) })
		files[name] = "<- sense:700005000000000a0000000024"
		if b := pages[page]; b != nil {
			files[name] = answer(b)
		}
	}
	// It is no ATA disk.
	files[asked(disk, func(d passthrough.Door) { _, _ = passthrough.IdentifyATA(d) })] = "<- sense:700005000000000a0000000020"
}

// management is a BMC (IPMI 2.0, 20.1 and 23.2) with an address on its first channel;
// without one, it tells of no network.
func management(files map[string]string, address [4]byte) {
	files[ipmiName(0x06, 0x01, nil)] = answer([]byte{0x20, 0x81, 0x02, 0x48, 0x02, 0xBF, 0x57, 0x01, 0x00, 0x00, 0x01})
	if address == ([4]byte{}) {
		return
	}
	files[ipmiName(0x06, 0x42, []byte{1})] = answer([]byte{1, 4, 1, 0x80, 0xF2, 0x1B})
	files[ipmiName(0x0C, 0x02, []byte{1, 3, 0, 0})] = answer(append([]byte{0x11}, address[:]...))
	files[ipmiName(0x0C, 0x02, []byte{1, 5, 0, 0})] = answer([]byte{0x11, 0x52, 0x54, 0x00, 0x00, 0xBC, address[3]})
}
