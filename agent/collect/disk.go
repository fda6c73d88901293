package collect

import (
	"regexp"
	"slices"
	"strings"

	"firstlight/agent/report"
)

// disks lists whole disks. Skipped are loop, RAM and device-mapper devices
// (no device behind them), removable media and CDs, empty slots (zero size)
// and the hidden paths of NVMe multipath, whose disk appears once by itself.
func (c *collector) disks() {
	c.report.Disks = []report.Disk{}
	for _, name := range c.names("sys/block") {
		dir := "sys/block/" + name
		if !c.exists(dir+"/device") || c.number(dir+"/size") == 0 || c.number(dir+"/removable") == 1 ||
			c.number(dir+"/hidden") == 1 || auxiliary(name) {
			continue
		}
		c.report.Disks = append(c.report.Disks, c.disk(name, dir))
	}
}

// auxiliary names the devices beside a disk or the wrong kind of one: the boot
// and replay-protected areas of eMMC, optical drives, floppies.
func auxiliary(name string) bool {
	return strings.HasPrefix(name, "sr") || strings.HasPrefix(name, "fd") ||
		strings.HasPrefix(name, "mmcblk") && (strings.Contains(name, "boot") || strings.Contains(name, "rpmb"))
}

func (c *collector) disk(name, dir string) report.Disk {
	d := report.Disk{
		Name:       name,
		Serial:     c.serial(dir),
		WWN:        c.first(dir+"/wwid", dir+"/device/wwid"),
		Model:      c.model(dir),
		Bytes:      c.number(dir+"/size") * 512, // always in units of 512, whatever the sectors
		Transport:  transport(name, c.target(dir)),
		Rotational: c.number(dir+"/queue/rotational") == 1,
		RPM:        c.rpm(dir),
		Firmware:   c.firmware(dir),
		Logical:    int(c.number(dir + "/queue/logical_block_size")),
		Physical:   int(c.number(dir + "/queue/physical_block_size")),
		PCI:        controller(c.pciPath(dir, name)),
	}
	d.Slot = c.slot(dir, d)
	return d
}

// slot is what the enclosure calls the place that a disk is in (SES: a link beside
// the disk's device), or the board that of an NVMe disk (kernel: ABI/testing/
// sysfs-bus-pci, slots), which it numbers.
func (c *collector) slot(dir string, d report.Disk) string {
	for _, entry := range c.names(dir + "/device") {
		if name, ok := strings.CutPrefix(entry, "enclosure_device:"); ok && c.exists(dir+"/device/"+entry) {
			return strings.TrimSpace(name)
		}
	}
	if d.Transport != "nvme" || d.PCI == "" {
		return ""
	}
	for _, number := range c.names("sys/bus/pci/slots") {
		if at := c.text("sys/bus/pci/slots/" + number + "/address"); at != "" && strings.HasPrefix(d.PCI, at+".") {
			return "slot " + number
		}
	}
	return ""
}

// firmware asks NVMe's file, then SCSI's page 89h, in which libata shows what a SATA
// disk says of itself (SAT-4, 12.4.2: from byte 60; ACS-4, words 23 to 26), as "rev"
// has the half of it; then SCSI's and eMMC's files.
func (c *collector) firmware(dir string) string {
	const at, size = 60 + 2*23, 8
	if s := c.text(dir + "/device/firmware_rev"); s != "" {
		return s
	}
	if page := c.raw(dir + "/device/vpd_pg89"); len(page) >= at+size {
		word := slices.Clone(page[at : at+size])
		for i := 0; i < size; i += 2 {
			word[i], word[i+1] = word[i+1], word[i] // ATA puts the first letter of two last
		}
		if s := strings.Trim(string(word), " \x00"); s != "" {
			return s
		}
	}
	return c.first(dir+"/device/rev", dir+"/device/fwrev")
}

// rpm is how fast a disk says that it turns, in SCSI's page B1h (SBC-4, 6.6.2),
// which libata makes up for SATA.
func (c *collector) rpm(dir string) int {
	const least, reserved = 0x0401, 0xFFFF // below is "not told" and "does not turn"
	page := c.raw(dir + "/device/vpd_pgb1")
	if len(page) < 6 {
		return 0
	}
	if n := int(page[4])<<8 | int(page[5]); least <= n && n < reserved {
		return n
	}
	return 0
}

// pciPath names the devices that a disk hangs on. An NVMe disk with several paths
// hangs on none of them: its first controller's does.
func (c *collector) pciPath(dir, name string) string {
	path := c.target(dir)
	if !strings.Contains(path, "/nvme-subsystem/") {
		return path
	}
	for _, entry := range c.names(dir + "/device") { // nvme0, nvme1: links to the controllers
		if strings.HasPrefix(entry, "nvme") && entry != name {
			if t := c.target(dir + "/device/" + entry); t != "" {
				return t
			}
		}
	}
	return ""
}

// controller is the last PCI address on a path of devices; "" without one.
func controller(path string) string {
	all := pciAddress.FindAllString(path, -1)
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

// pciAddress is domain, bus, device and function.
var pciAddress = regexp.MustCompile(`\b[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\b`)

// serial asks virtio's own file, then NVMe's and eMMC's, then SCSI's page 0x80,
// which libata makes up for SATA. Without any of them the disk has no identity.
func (c *collector) serial(dir string) string {
	if s := c.first(dir+"/serial", dir+"/device/serial"); s != "" {
		return s
	}
	page := c.raw(dir + "/device/vpd_pg80")
	if len(page) < 4 {
		return ""
	}
	n := min(4+int(page[2])<<8+int(page[3]), len(page)) // SPC-5, 7.7.20
	return strings.TrimSpace(strings.Trim(string(page[4:n]), "\x00"))
}

// model puts the vendor before the model unless it only says how the disk is
// wired.
func (c *collector) model(dir string) string {
	model, vendor := c.first(dir+"/device/model", dir+"/device/name"), c.text(dir+"/device/vendor")
	if vendor == "" || vendor == "ATA" || strings.HasPrefix(vendor, "0x") || strings.HasPrefix(model, vendor) {
		return model
	}
	return strings.TrimSpace(vendor + " " + model)
}

func (c *collector) first(names ...string) string {
	for _, name := range names {
		if s := c.text(name); s != "" {
			return s
		}
	}
	return ""
}

// transport reads how a disk is wired from its name and from the path of
// devices that it hangs on; the order matters, for a path names every bridge.
func transport(name, path string) string {
	for _, rule := range []struct{ name, path, transport string }{
		{"nvme", "", "nvme"},
		{"vd", "", "virtio"},
		{"mmcblk", "", "mmc"},
		{"xvd", "", "xen"},
		{"", "/usb", "usb"},
		{"", "/ata", "sata"},
		{"", "/end_device-", "sas"},
		{"", "/rport-", "fc"},
		{"", "/session", "iscsi"},
		{"", "/virtio", "virtio"},
		{"", "/vmbus", "hyperv"},
	} {
		if strings.HasPrefix(name, rule.name) && strings.Contains(path, rule.path) {
			return rule.transport
		}
	}
	return "scsi"
}
