// Package qemu runs the virtual rack's real machines: QEMU without KVM, with the
// firmware of a server, a serial console and a power button.
//
// It promises what a BMC relies on: PowerOn returns once the machine runs or
// with what QEMU said instead; PowerOff leaves no process behind; a boot device
// that was chosen once is used up by one boot, also when the guest resets
// itself. Only server/virtualrack and its tests import it.
package qemu

import (
	"fmt"
	"net/netip"
	"time"

	"firstlight/server/machine"
)

// Firmware is what a machine starts with.
type Firmware string

// Firmwares.
const (
	BIOS  Firmware = "bios"  // SeaBIOS, and iPXE in the card's option ROM
	UEFI  Firmware = "uefi"  // OVMF with its own PXE
	HTTP  Firmware = "http"  // OVMF with PXE switched off: UEFI HTTP boot
	ARM64 Firmware = "arm64" // EDK2 for 64-bit ARM with its own PXE, on QEMU's board virt
	// Secure is OVMF with its own PXE and Microsoft's keys, which enforces Secure
	// Boot.
	Secure Firmware = "secure"
	// ARM64HTTP and SecureHTTP are the two with PXE switched off.
	ARM64HTTP  Firmware = "arm64-http"
	SecureHTTP Firmware = "secure-http"
)

// isUEFI tells EDK2 from SeaBIOS.
func (f Firmware) isUEFI() bool { return f != BIOS }

func (f Firmware) isARM64() bool { return f == ARM64 || f == ARM64HTTP }

// withoutPXE tells firmware that boots by HTTP alone.
func (f Firmware) withoutPXE() bool { return f == HTTP || f == ARM64HTTP || f == SecureHTTP }

// Enforces tells whether it runs nothing but what is signed.
func (f Firmware) Enforces() bool { return f == Secure || f == SecureHTTP }

// ParseFirmware reads a firmware's name.
func ParseFirmware(s string) (Firmware, error) {
	switch f := Firmware(s); f {
	case BIOS, UEFI, HTTP, ARM64, ARM64HTTP, Secure, SecureHTTP:
		return f, nil
	}
	return "", fmt.Errorf("firmware %q: want bios, uefi, http (UEFI HTTP boot), arm64, arm64-http, secure (UEFI with Secure Boot) or secure-http", s)
}

// DiskKind is how the disk is attached.
type DiskKind string

// Kinds of disk.
const (
	Virtio DiskKind = "virtio"
	SCSI   DiskKind = "scsi" // behind virtio-scsi
	AHCI   DiskKind = "ahci"
	NVMe   DiskKind = "nvme"
)

// Card is the model of the network card.
type Card string

// Network cards.
const (
	VirtioNet Card = "virtio-net-pci"
	E1000e    Card = "e1000e"
)

// Spec is one machine as it was racked.
type Spec struct {
	Name     string
	Serial   string
	UUID     string
	Vendor   string
	Product  string
	Firmware Firmware
	MAC      machine.MAC
	Card     Card
	Tap      string     // the interface that its cable ends in
	BMC      netip.Addr // told to the system inside by SMBIOS type 42
	Disk     Disk
	MemoryMB int
	CPUs     int
	// InBand gives the system inside a door to a BMC, by KCS. It is one of QEMU's,
	// which knows neither network nor users.
	InBand bool
	// Clock is what the clock on its board says at power-on; the zero time: the
	// host's.
	Clock time.Time
	IPv6  bool // UEFI's PXE asks by IPv6 alone; HTTP boot tries IPv4 before it
}

// Disk is a machine's one disk: a sparse raw file beside the machine's other
// files. It is made when it is missing and left alone when it is there.
type Disk struct {
	Kind   DiskKind
	Serial string // at most 20 characters, as virtio and ATA have it
	Bytes  int64
}

// check judges what QEMU would take wrongly or silently cut.
func (s *Spec) check() error {
	switch {
	case s.Name == "" || s.Tap == "":
		return fmt.Errorf("machine %q: name or tap is missing", s.Name)
	case len(s.Disk.Serial) > 20 || s.Disk.Serial == "":
		return fmt.Errorf("machine %s: disk serial %q: want 1 to 20 characters", s.Name, s.Disk.Serial)
	case s.Disk.Bytes <= 0 || s.Disk.Bytes%512 != 0:
		return fmt.Errorf("machine %s: disk of %d bytes: want whole sectors of 512", s.Name, s.Disk.Bytes)
	case s.Firmware.isARM64() && s.Disk.Kind == AHCI:
		return fmt.Errorf("machine %s: an AHCI disk: QEMU's board for arm64 has no such controller; want virtio or nvme", s.Name)
	case s.Firmware.isARM64() && s.InBand:
		return fmt.Errorf("machine %s: a BMC by KCS: QEMU's board for arm64 has no such port", s.Name)
	case s.MemoryMB < 256:
		return fmt.Errorf("machine %s: %d MB of memory: want at least 256, the boot image lives in it", s.Name, s.MemoryMB)
	}
	return nil
}
