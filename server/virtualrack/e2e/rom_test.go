package e2e

import (
	"strings"
	"testing"

	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/qemu"
)

// SeaBIOS starts the iPXE in its card's ROM. With own_loader that of Debian 12's
// QEMU is sent to our loader, and that to the script, once each.
func TestTheROMOfABIOSMachine(t *testing.T) {
	long(t)
	r := start(t, virtualrack.Spec{
		Rules: waiting, OwnLoader: true,
		Machines: []virtualrack.MachineSpec{{Firmware: qemu.BIOS}, {Firmware: qemu.BIOS, Card: qemu.E1000e}},
	})
	for _, m := range r.Machines() {
		r.powerOn(m)
		r.awaitStatus(m.Name, "available", boundRegister)
		r.sawStages(m, []stage{
			{"dhcp", "ACK: another iPXE on BIOS"},
			{"files", "undionly.kpxe"},
			{"dhcp", "ACK: iPXE on BIOS"},
			{"boot", "Decided agent"},
			{"files", "GET vmlinuz"},
			{"files", "GET initramfs"},
			{"agent", "Reported"},
		})
		rows, loaders := r.timeline(m.Name), 0
		for _, row := range rows {
			if row.Source == "files" && strings.Contains(row.Text, "undionly.kpxe") {
				loaders++
			}
		}
		if loaders != 1 {
			t.Errorf("it fetched undionly.kpxe %d times, want once", loaders)
		}
		t.Logf("%s:\n%s", m.Name, printed(rows))
		r.powerOff(m)
	}
}
