package e2e

import (
	"os"
	"testing"
	"time"

	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/qemu"
)

// An arm64 server boots the loader, kernel and agent for its architecture and
// nothing else, by PXE and by HTTP, and its facts say what it is.
func TestARM64BootsToAvailable(t *testing.T) {
	long(t)
	if _, err := os.Stat(top + "images/embedded/files/arm64/bootimage.json"); err != nil {
		t.Skipf(`SKIPPED: %v: build with: make build ARCHES="amd64 arm64"; nothing was tested`, err)
	}
	for _, tt := range []struct {
		firmware qemu.Firmware
		first    []stage
	}{
		{qemu.ARM64, []stage{{"dhcp", "ACK: UEFI arm64"}, {"files", "TFTP ipxe-arm64.efi"}}},
		{qemu.ARM64HTTP, []stage{{"dhcp", "ACK: UEFI arm64 HTTP boot"}, {"files", "GET ipxe-arm64.efi"}}},
	} {
		t.Run(string(tt.firmware), func(t *testing.T) {
			r := start(t, virtualrack.Spec{Rules: waiting, Machines: []virtualrack.MachineSpec{{Firmware: tt.firmware}}})
			m := r.Machines()[0]
			began := time.Now()
			r.powerOn(m)
			got := r.awaitStatus(m.Name, "available", boundRegister)
			t.Logf("available %.1f s after power-on", time.Since(began).Seconds())
			r.sawStages(m, append(tt.first, []stage{
				{"dhcp", "ACK: iPXE on UEFI arm64"},
				{"boot", "Decided agent"},
				{"files", "GET vmlinuz"},
				{"files", "GET initramfs"},
				{"agent", "Reported"},
			}...))
			r.said(m, `/boot/arm64/vmlinuz\.\.\. ok`)
			if got.Facts == nil || got.Facts.Arch != "arm64" || got.Facts.Platform != "efi" || len(got.Facts.Disks) != 1 {
				t.Errorf("facts = %+v, want those of an arm64 machine with UEFI and its disk", got.Facts)
			}
		})
	}
}
