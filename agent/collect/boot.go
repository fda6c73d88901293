package collect

import (
	"runtime"
	"strconv"
	"strings"
	"time"
)

// secureBoot is the firmware's variable; its value follows four bytes of
// attributes (UEFI 2.10, 3.3; kernel: filesystems/efivarfs.rst).
const secureBoot = "sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

func (c *collector) boot() {
	b := &c.report.Boot
	b.ID = c.text("proc/sys/kernel/random/boot_id")
	b.Kernel = c.text("proc/sys/kernel/osrelease")
	b.Arch = runtime.GOARCH
	b.Platform = "bios"
	if c.exists("sys/firmware/efi") {
		b.Platform = "efi"
	}
	b.MAC = BootMAC(c.text("proc/cmdline"))
	b.Started = c.started()
	if up, _, ok := strings.Cut(c.text("proc/uptime"), " "); ok {
		b.Uptime, _ = strconv.ParseFloat(up, 64)
	}
	if v := c.raw(secureBoot); len(v) == 5 {
		c.report.Firmware.SecureBoot = v[4] == 1
	}
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
