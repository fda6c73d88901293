package dhcp

import (
	"fmt"
	"strings"

	"firstlight/server/boot"
)

// architectures are the values of option 93 that have a name for people
// (RFC 4578 §2.1; IANA, Processor Architecture Types).
var architectures = map[uint16]string{
	0:  "BIOS",
	6:  "UEFI x86",
	7:  "UEFI x64",
	9:  "UEFI x64", // EBC in RFC 4578; firmware means x64 by both (erratum 4624)
	10: "UEFI arm32",
	11: "UEFI arm64",
	15: "UEFI x86",
	16: "UEFI x64",
	18: "UEFI arm32",
	19: "UEFI arm64",
	20: "BIOS",
	25: "UEFI riscv32",
	27: "UEFI riscv64",
	28: "UEFI riscv64",
}

// isEFI tells UEFI from BIOS. Code 1 to 5 are platforms that never netbooted
// from us and 20 is a BIOS that speaks HTTP; all others are UEFI or alike.
func isEFI(arch uint16) bool { return arch > 5 && arch != 20 }

func archName(arch uint16) string {
	if name, ok := architectures[arch]; ok {
		return name
	}
	return fmt.Sprintf("architecture %d", arch)
}

// who words a client for the timeline: "UEFI x64", "iPXE on BIOS", "udhcp 1.35".
func (q *query) who() string {
	arch := archName(q.boot.Arch)
	switch q.boot.Stage {
	case boot.StageFirmware:
		return arch
	case boot.StageHTTP:
		return arch + " HTTP boot"
	case boot.StageIPXE:
		return "iPXE on " + arch
	}
	if name, _, _ := strings.Cut(q.vendor, ":"); name != "" {
		return "DHCP client " + name
	}
	return "DHCP client"
}
