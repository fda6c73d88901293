package boot

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// architectures are the values of DHCP option 93 that have a name (RFC 4578
// §2.1; IANA, Processor Architecture Types). Of two with the same firmware and
// architecture the first is the usual one.
var architectures = []struct {
	code           uint16
	firmware, arch string // as people choose them: http is UEFI's HTTP boot
	name           string
}{
	{0, "bios", "x86", "BIOS"},
	{0, "bios", "x64", "BIOS"},
	{6, "uefi", "x86", "UEFI x86"},
	{7, "uefi", "x64", "UEFI x64"},
	// RFC 4578 first gave 9 to x64 and 7 to EBC, the registry has them the other
	// way round (erratum 4624), and firmware of both opinions is about. EBC
	// itself never was, so 9 means x64.
	{9, "uefi", "x64", "UEFI x64"},
	{10, "uefi", "arm32", "UEFI arm32"},
	{11, "uefi", "arm64", "UEFI arm64"},
	{15, "http", "x86", "UEFI x86"},
	{16, "http", "x64", "UEFI x64"},
	{18, "http", "arm32", "UEFI arm32"},
	{19, "http", "arm64", "UEFI arm64"},
	{20, "", "", "BIOS"}, // that speaks HTTP
	{25, "uefi", "riscv32", "UEFI riscv32"},
	{27, "uefi", "riscv64", "UEFI riscv64"},
	{28, "http", "riscv64", "UEFI riscv64"},
}

// ArchName names a value of option 93 for people.
func ArchName(code uint16) string {
	for _, a := range architectures {
		if a.code == code {
			return a.name
		}
	}
	return fmt.Sprintf("architecture %d", code)
}

// IsEFI tells UEFI from BIOS by option 93. Code 1 to 5 are platforms that never
// netbooted from us and 20 is a BIOS that speaks HTTP; all others are UEFI or
// alike.
func IsEFI(code uint16) bool { return code > 5 && code != 20 }

// ImageArch is the architecture, by Debian's name, of the boot image that a
// machine with a value of option 93 runs; "": none can be built for it.
func ImageArch(code uint16) string {
	for _, a := range architectures {
		switch {
		case a.code != code:
		case a.arch == "arm64":
			return "arm64"
		case a.arch == "x64", a.name == "BIOS": // a BIOS does not tell what its processor can
			return "amd64"
		}
	}
	return ""
}

// LoaderArch is the value of option 93 of a machine whose loader was built for
// an architecture, as iPXE names it in buildarch; that of x64 where it does not
// say, as none of before did.
func LoaderArch(platform, buildarch string) uint16 {
	if platform == "bios" {
		return 0
	}
	names := map[string]string{"": "x64", "x86_64": "x64", "i386": "x86", "amd64": "x64"}
	if code, ok := ArchCodes("uefi")[cmp.Or(names[buildarch], buildarch)]; ok {
		return code
	}
	return noArch
}

// noArch is a value of option 93 that means nothing.
const noArch = 0xffff

// ArchCodes are the usual values of option 93 of a firmware (bios, uefi, http),
// by architecture; none: there is no such firmware.
func ArchCodes(firmware string) map[string]uint16 {
	codes := map[string]uint16{}
	for _, a := range slices.Backward(architectures) {
		if a.firmware == firmware && firmware != "" {
			codes[a.arch] = a.code
		}
	}
	return codes
}

// Architectures are those that a firmware may have, in their order for people.
func Architectures(firmware string) []string {
	return slices.Sorted(maps.Keys(ArchCodes(firmware)))
}
