package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/qemu"
)

// SeaBIOS starts the iPXE in its card's ROM. With own_loader that of Debian 12's
// QEMU is sent to our loader, and that to the script, once each; that of Debian
// 13, which is ours, gets the script at once.
func TestTheROMOfABIOSMachine(t *testing.T) {
	long(t)
	script := []stage{
		{"dhcp", "ACK: iPXE on BIOS"}, {"boot", "Decided agent"}, {"files", "GET vmlinuz"}, {"files", "GET initramfs"}, {"agent", "Reported"},
	}
	replaced := append([]stage{{"dhcp", "ACK: another iPXE on BIOS"}, {"files", "undionly.kpxe"}}, script...)
	tests := []struct {
		machine virtualrack.MachineSpec
		stages  []stage
		loaders int
	}{
		{virtualrack.MachineSpec{ROM: rom(t, "bookworm", "usr/lib/ipxe/qemu/efi-virtio.rom")}, replaced, 1},
		{virtualrack.MachineSpec{ROM: rom(t, "bookworm", "usr/lib/ipxe/qemu/efi-e1000e.rom"), Card: qemu.E1000e}, replaced, 1},
		{virtualrack.MachineSpec{ROM: rom(t, "trixie", "usr/share/qemu/efi-virtio.rom")}, script, 0},
	}
	s := virtualrack.Spec{Rules: waiting, OwnLoader: true}
	for _, tt := range tests {
		s.Machines = append(s.Machines, tt.machine)
	}
	r := start(t, s)
	for i, m := range r.Machines() {
		tt := tests[i]
		r.powerOn(m)
		r.awaitStatus(m.Name, "available", boundRegister)
		r.sawStages(m, tt.stages)
		rows := r.timeline(m.Name)
		for _, row := range rows {
			if row.Source == "files" && strings.Contains(row.Text, "undionly.kpxe") {
				tt.loaders--
			}
		}
		if tt.loaders != 0 {
			t.Errorf("it fetched undionly.kpxe %d times more often than it should", -tt.loaders)
		}
		t.Logf("%s:\n%s", tt.machine.ROM, printed(rows))
		r.powerOff(m)
	}
}

// rom is a file of a Debian suite's ipxe-qemu.
func rom(t *testing.T, suite, file string) string {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), top+"images/debian/fetch", suite, "ipxe-qemu").Output()
	if err == nil {
		err = exec.CommandContext(t.Context(), "dpkg-deb", "--extract", strings.TrimSpace(string(out)), dir).Run()
	}
	if err != nil {
		t.Fatalf("fetch ipxe-qemu of %s: %v", suite, err)
	}
	return filepath.Join(dir, file)
}
