package boottest

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// machine is a QEMU machine of one test: firmware, a card on a user network, and
// a disk, all emulated.
type machine struct {
	uefi      bool
	bootfile  string   // what DHCP answers as file name
	tftp      string   // folder that TFTP serves
	disk      string   // QEMU's name of the file behind the disk
	vars      string   // file with the UEFI variables; "" for new ones
	noNetwork bool     // the machine has no card
	resets    bool     // the machine has to reset itself after its last words
	more      []string // arguments of QEMU beside these
	times     int      // how often as long it may take as others; 0 is once
}

// memoryMB is what each machine has: less than the 1 GB that is promised to be
// enough for the boot image and the agent, to install, too.
const memoryMB = "768"

func (m machine) arguments(t *testing.T) []string {
	t.Helper()
	const card = "netdev=n,mac=52:54:00:00:00:07"
	args := []string{
		// No KVM: the tests have to run inside virtual machines too.
		"-accel", "tcg,thread=multi", "-cpu", "max", "-m", memoryMB,
		"-display", "none", "-chardev", "stdio,id=serial", "-serial", "chardev:serial", "-monitor", "none", "-no-reboot",
		"-drive", "if=none,id=d,format=raw,file=" + m.disk,
		"-smbios", "type=1,serial=SN 7/42,uuid=4c4c4544-0000-1000-8000-000000000007",
		"-device", "ipmi-bmc-sim,id=bmc", "-device", "isa-ipmi-kcs,bmc=bmc",
	}
	args = append(args, m.firmware(t)...)
	args = append(args, m.more...)
	if m.noNetwork {
		// No order either: it is the firmware's own, and what the agent made of it.
		return append(args, "-nic", "none", "-device", "ide-hd,drive=d,serial="+diskSerial)
	}
	args = append(args, "-netdev", "user,id=n,bootfile="+m.bootfile+",tftp="+m.tftp)
	if m.uefi {
		// The disk comes after the card in the firmware's boot order: OVMF does not
		// know -boot. Without a ROM on the card, which would be iPXE of 2019, OVMF
		// boots by its own PXE client, and it has a driver for virtio only.
		return append(args,
			"-device", "virtio-net-pci,romfile=,bootindex=1,"+card, "-device", "ide-hd,bootindex=2,drive=d,serial="+diskSerial)
	}
	// Network only, and not in the boot order at all the disk: a BMC's boot-once
	// override does the same to many a BIOS. graphics=off has SeaBIOS write to the
	// serial line.
	return append(args, "-boot", "n", "-device", "e1000,"+card, "-device", "ide-hd,drive=d,serial="+diskSerial)
}

// ovmf is where Debian's package has the UEFI firmware.
const ovmf = "/usr/share/OVMF/"

func (m machine) firmware(t *testing.T) []string {
	t.Helper()
	if !m.uefi {
		return []string{"-machine", "pc,graphics=off"}
	}
	own := m.vars
	if own == "" {
		own = variables(t)
	}
	return []string{
		"-machine", "q35",
		"-drive", "if=pflash,format=raw,readonly=on,file=" + ovmf + "OVMF_CODE_4M.fd",
		"-drive", "if=pflash,format=raw,file=" + own,
	}
}

// variables copies the empty variables of UEFI firmware.
func variables(t *testing.T) string {
	t.Helper()
	vars, err := os.ReadFile(ovmf + "OVMF_VARS_4M.fd")
	if err != nil {
		t.Fatalf("read UEFI variables: %v; run make deps", err)
	}
	own := filepath.Join(t.TempDir(), "vars.fd")
	if err := os.WriteFile(own, vars, 0o600); err != nil {
		t.Fatal(err)
	}
	return own
}

// boot starts the machine and waits until its console says what is expected.
func (m machine) boot(t *testing.T, expected ...string) {
	t.Helper()
	runtime.LockOSThread() // as in run
	defer runtime.UnlockOSThread()
	ctx, cancel := context.WithTimeout(bounded(t), time.Duration(max(1, m.times))*patience)
	defer cancel()
	qemu := child(ctx, "qemu-system-x86_64", m.arguments(t)...)
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
	missing, gaveUp := await(io.TeeReader(console, &log), expected)
	if m.resets && len(missing) == 0 {
		_, _ = io.Copy(&log, console) // ends when QEMU does, by -no-reboot or by our bound
	}
	late := ctx.Err()
	cancel()
	_ = qemu.Wait() // it was killed, or its end shows in the console
	if len(missing) > 0 || m.resets && late != nil {
		t.Fatalf("the console never said %q (firmware gave up: %v; time was up: %v); QEMU said %q; console:\n%s",
			missing, gaveUp, late != nil, complaint.String(), printable(log.String()))
	}
}

// lastWords are what firmware says when it has nothing left to boot. It then
// waits for a person, and we for nothing.
var lastWords = []string{"No bootable device", "BdsDxe: No bootable option", "No more network devices"}

// await reads until all expected lines were seen, and answers those that were
// not when the console ends or the firmware gives up.
func await(console io.Reader, expected []string) (missing []string, gaveUp bool) {
	missing = slices.Clone(expected)
	for lines := bufio.NewScanner(console); len(missing) > 0 && lines.Scan(); {
		line := lines.Text()
		missing = slices.DeleteFunc(missing, func(text string) bool { return strings.Contains(line, text) })
		if slices.ContainsFunc(lastWords, func(text string) bool { return strings.Contains(line, text) }) {
			return missing, true
		}
	}
	return missing, false
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
