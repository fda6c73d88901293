package boottest

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// machine is a QEMU machine of one test: firmware, a card on a user network, and
// a disk, all emulated.
type machine struct {
	uefi     bool
	bootfile string // what DHCP answers as file name
	tftp     string // folder that TFTP serves
	disk     string // QEMU's name of the file behind the disk
}

func (m machine) arguments(t *testing.T) []string {
	t.Helper()
	const card = "netdev=n,mac=52:54:00:00:00:07"
	args := []string{
		// No KVM: the tests have to run inside virtual machines too.
		"-accel", "tcg,thread=multi", "-cpu", "max", "-m", "768",
		"-display", "none", "-serial", "stdio", "-monitor", "none", "-no-reboot",
		"-netdev", "user,id=n,bootfile=" + m.bootfile + ",tftp=" + m.tftp,
		"-drive", "if=none,id=d,format=raw,file=" + m.disk,
		"-smbios", "type=1,serial=SN 7/42,uuid=4c4c4544-0000-1000-8000-000000000007",
	}
	if m.uefi {
		// The disk comes after the card in the firmware's boot order: OVMF does not
		// know -boot. Without a ROM on the card, which would be iPXE of 2019, OVMF
		// boots by its own PXE client, and it has a driver for virtio only.
		return append(append(args, m.firmware(t)...),
			"-device", "virtio-net-pci,romfile=,bootindex=1,"+card, "-device", "ide-hd,bootindex=2,drive=d")
	}
	// Network only, and not in the boot order at all the disk: a BMC's boot-once
	// override does the same to many a BIOS. graphics=off has SeaBIOS write to the
	// serial line.
	return append(args, "-machine", "pc,graphics=off", "-boot", "n", "-device", "e1000,"+card, "-device", "ide-hd,drive=d")
}

func (m machine) firmware(t *testing.T) []string {
	t.Helper()
	const folder = "/usr/share/OVMF/"
	vars, err := os.ReadFile(folder + "OVMF_VARS_4M.fd")
	if err != nil {
		t.Fatalf("read UEFI variables: %v; run make deps", err)
	}
	own := filepath.Join(t.TempDir(), "vars.fd")
	if err := os.WriteFile(own, vars, 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{
		"-machine", "q35",
		"-drive", "if=pflash,format=raw,readonly=on,file=" + folder + "OVMF_CODE_4M.fd",
		"-drive", "if=pflash,format=raw,file=" + own,
	}
}

// boot starts the machine and waits until its console says what is expected.
func (m machine) boot(t *testing.T, expected ...string) {
	t.Helper()
	// Ten times what an idle computer takes.
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	qemu := exec.CommandContext(ctx, "qemu-system-x86_64", m.arguments(t)...)
	var complaint bytes.Buffer
	qemu.Stderr = &complaint
	console, err := qemu.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := qemu.Start(); err != nil {
		t.Fatalf("start QEMU: %v; run make deps", err)
	}
	var log strings.Builder
	missing := await(io.TeeReader(console, &log), expected)
	cancel()
	_ = qemu.Wait() // it was killed, or its end shows in the console
	if len(missing) > 0 {
		t.Fatalf("the console never said %q; QEMU said %q; console:\n%s", missing, complaint.String(), printable(log.String()))
	}
}

// await reads until all expected lines were seen, and answers those that were not.
func await(console io.Reader, expected []string) []string {
	missing := append([]string(nil), expected...)
	for lines := bufio.NewScanner(console); len(missing) > 0 && lines.Scan(); {
		var left []string
		for _, text := range missing {
			if !strings.Contains(lines.Text(), text) {
				left = append(left, text)
			}
		}
		missing = left
	}
	return missing
}

// printable drops the firmware's cursor movements.
func printable(console string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || ' ' <= r && r <= '~' {
			return r
		}
		return -1
	}, console)
}
