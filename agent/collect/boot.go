package collect

import (
	"io/fs"
	"runtime"
	"strconv"
	"strings"
	"time"

	"firstlight/agent/efiboot"
)

// The firmware's variables of the specification; their values follow four bytes
// of attributes (UEFI 2.10, 3.3; kernel: filesystems/efivarfs.rst).
const (
	efivars    = "sys/firmware/efi/efivars"
	global     = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
	secureBoot = efivars + "/SecureBoot-" + global
)

func (c *collector) boot() {
	b := &c.report.Boot
	b.ID = c.text("proc/sys/kernel/random/boot_id")
	b.Kernel = c.text("proc/sys/kernel/osrelease")
	b.Arch = runtime.GOARCH
	b.Platform = "bios"
	if c.exists("sys/firmware/efi") {
		b.Platform = "efi"
	}
	b.Order = c.order()
	b.MAC = BootMAC(c.text("proc/cmdline"))
	b.Started = c.started()
	if up, _, ok := strings.Cut(c.text("proc/uptime"), " "); ok {
		b.Uptime, _ = strconv.ParseFloat(up, 64)
	}
	if v := c.raw(secureBoot); len(v) == 5 {
		c.report.Firmware.SecureBoot = v[4] == 1
	}
}

// order reads UEFI's boot order; BIOS has none that anybody could read.
func (c *collector) order() []string {
	if !c.exists(efivars + "/BootOrder-" + global) {
		return nil
	}
	mounted, err := fs.Sub(c.root, efivars)
	var order []string
	if err == nil {
		order, err = efiboot.Order(efiboot.Files{FS: mounted})
	}
	if err != nil {
		c.missing("boot order")
	}
	return order
}

// started is the kernel's start by the machine's own clock, which may be wrong
// by years: it tells boots apart, and the appliance that the clock is wrong.
func (c *collector) started() time.Time {
	for line := range strings.Lines(c.text("proc/stat")) {
		if s, ok := strings.CutPrefix(line, "btime "); ok {
			if n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64); err == nil {
				return time.Unix(n, 0).UTC()
			}
		}
	}
	c.missing("started")
	return time.Time{}
}

// BootMAC finds the MAC of the NIC that booted in a kernel command line:
// BOOTIF=01-aa-bb-cc-dd-ee-ff, where 01 says Ethernet, after pxelinux.
func BootMAC(cmdline string) string {
	for word := range strings.FieldsSeq(cmdline) {
		if s, ok := strings.CutPrefix(word, "BOOTIF="); ok && len(s) == len("01-aa-bb-cc-dd-ee-ff") {
			return strings.ToLower(strings.ReplaceAll(s[3:], "-", ":"))
		}
	}
	return ""
}
