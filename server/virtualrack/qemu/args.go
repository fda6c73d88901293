package qemu

import (
	"fmt"
	"strconv"
	"strings"

	"firstlight/server/oob"
)

// files are the paths that a machine's command line names.
type files struct {
	disk          string
	hostInterface string // SMBIOS type 42
	code, vars    string // OVMF's program and this machine's variables; BIOS has none
}

// consoleFD is the serial line's descriptor in QEMU: the first extra file.
const consoleFD = 3

// args is the command line for one boot. The device set is lean on purpose:
// firmware spends its time on devices.
func args(s *Spec, f files, next oob.BootDevice) []string {
	a := []string{
		"-name", s.Name, "-no-user-config", "-nodefaults", "-display", "none",
		"-machine", board(s.Firmware), "-accel", "tcg,thread=multi", "-cpu", "max",
		"-smp", strconv.Itoa(max(1, s.CPUs)), "-m", strconv.Itoa(s.MemoryMB),
		// A guest's reset ends the process, so that the next boot starts from the
		// order that then holds: bootindex cannot be changed under a running BIOS.
		"-action", "reboot=shutdown",
		"-chardev", "stdio,id=monitor,signal=off", "-mon", "chardev=monitor,mode=control",
		"-chardev", fmt.Sprintf("socket,id=console,fd=%d", consoleFD), "-serial", "chardev:console",
		// Guests wait for entropy at boot, and emulated CPUs make little.
		"-object", "rng-random,id=entropy,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=entropy",
	}
	if !s.Clock.IsZero() {
		a = append(a, "-rtc", "base="+s.Clock.UTC().Format("2006-01-02T15:04:05"))
	}
	if s.InBand {
		a = append(a, "-device", "ipmi-bmc-sim,id=bmc0", "-device", "isa-ipmi-kcs,bmc=bmc0")
	}
	a = append(a, smbios(s, f)...)
	a = append(a, firmware(s, f)...)
	network, disk := order(next)
	return append(append(a, card(s, network)...), drive(s, f, disk)...)
}

// board is the machine around the processor.
func board(f Firmware) string {
	if f.isARM64() {
		return "virt"
	}
	if f.Enforces() { // it keeps its variables to itself by system management mode
		return "q35,smm=on,graphics=off"
	}
	return "q35,graphics=off"
}

// order gives each device its place. Racks boot the network first, so that the
// appliance decides every time; a chosen device goes before that once.
func order(next oob.BootDevice) (network, disk int) {
	if next == oob.BootDisk {
		return 2, 1
	}
	return 1, 2
}

func card(s *Spec, place int) []string {
	device := fmt.Sprintf("%s,netdev=net0,mac=%s,bootindex=%d", s.Card, s.MAC, place)
	if s.Firmware.isUEFI() && s.Card == VirtioNet {
		// OVMF drives this card itself; the ROM would put its old iPXE in front.
		device += ",romfile="
	}
	return []string{"-netdev", "tap,id=net0,ifname=" + quote(s.Tap) + ",script=no,downscript=no", "-device", device}
}

func drive(s *Spec, f files, place int) []string {
	device := map[DiskKind]string{
		Virtio: "virtio-blk-pci", SCSI: "scsi-hd,bus=scsi0.0", AHCI: "ide-hd,bus=ide.0,rotation_rate=1", NVMe: "nvme",
	}[s.Disk.Kind]
	var a []string
	if s.Disk.Kind == SCSI {
		a = []string{"-device", "virtio-scsi-pci,id=scsi0"}
	}
	return append(a,
		// The files live as long as the rack: nothing needs to survive a power cut
		// of the host, so its syncs are skipped.
		"-drive", "if=none,id=disk0,format=raw,cache=unsafe,discard=unmap,file="+quote(f.disk),
		"-device", fmt.Sprintf("%s,drive=disk0,serial=%s,bootindex=%d", device, quote(s.Disk.Serial), place),
	)
}

func firmware(s *Spec, f files) []string {
	if s.Firmware == BIOS {
		return []string{"-boot", "menu=off,splash-time=0"}
	}
	a := []string{
		"-drive", "if=pflash,unit=0,format=raw,readonly=on,file=" + quote(f.code),
		"-drive", "if=pflash,unit=1,format=raw,file=" + quote(f.vars),
		"-boot", "menu=off,splash-time=0",
	}
	// PXE over IPv6 would be tried after IPv4, for half a minute, before the
	// disk gets its turn (OvmfPkg/Library/PlatformBootManagerLib).
	if !s.IPv6 || s.Firmware.withoutPXE() {
		a = append(a, "-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=n")
	}
	if s.IPv6 || s.Firmware.withoutPXE() {
		a = append(a, "-fw_cfg", "name=opt/org.tianocore/IPv4PXESupport,string=n")
	}
	if s.Firmware.Enforces() {
		// Only the firmware itself, in system management mode, writes its
		// variables: no system turns Secure Boot off.
		a = append(a, "-global", "driver=cfi.pflash01,property=secure,value=on")
	}
	return a
}

func smbios(s *Spec, f files) []string {
	maker := "manufacturer=" + quote(s.Vendor) + ",product=" + quote(s.Product)
	return []string{
		"-smbios", "type=1," + maker + ",serial=" + quote(s.Serial) + ",uuid=" + s.UUID,
		"-smbios", "type=2," + maker + ",serial=" + quote(s.Serial+"-B"),
		"-smbios", "type=3,manufacturer=" + quote(s.Vendor) + ",serial=" + quote(s.Serial+"-C"),
		"-smbios", "type=17,manufacturer=" + quote(s.Vendor) + ",part=VR-DIMM,serial=" + quote(s.Serial+"-M"),
		"-smbios", "file=" + quote(f.hostInterface),
	}
}

// quote keeps a comma in a value from ending it: QEMU wants it twice.
func quote(s string) string { return strings.ReplaceAll(s, ",", ",,") }
