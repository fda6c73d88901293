package ipxe

// The loaders, under the names they have in Debian's package.
const (
	// UndionlyKPXE drives the card through the PXE ROM that loaded it (UNDI).
	UndionlyKPXE = "undionly.kpxe"
	// SNPOnlyEFI drives the card through the firmware's network protocol, on
	// the one card it was loaded from.
	SNPOnlyEFI = "snponly.efi"
	// AMD64EFI and ARM64EFI bring drivers of their own for common cards and
	// fall back to the firmware's. No amd64 machine gets AMD64EFI by itself: it
	// is there for firmware whose network protocol is broken.
	AMD64EFI = "ipxe-amd64.efi"
	// ARM64EFI: Debian builds no snponly.efi for arm64.
	ARM64EFI = "ipxe-arm64.efi"
)

// architectures is the whole choice of a loader. Codes and names are those of
// IANA's registry "Processor Architecture Types" (RFC 5970, section 3.3), which
// took over from RFC 4578, section 2.1. A row without a loader is known and not
// supported.
var architectures = []struct {
	code   uint16
	name   string
	loader string
}{
	{0, "x86 BIOS", UndionlyKPXE},
	{6, "x86 UEFI", ""}, // 32-bit firmware: no server has had it since about 2010
	{7, "x64 UEFI", SNPOnlyEFI},
	// RFC 4578 first gave 9 to x64 and 7 to EBC, the registry has them the other
	// way round (erratum 4624), and firmware of both opinions is about. EBC
	// itself never was, so 9 means x64.
	{9, "x64 UEFI, old code", SNPOnlyEFI},
	{10, "ARM 32-bit UEFI", ""},
	{11, "ARM 64-bit UEFI", ARM64EFI},
	{15, "x86 UEFI, HTTP boot", ""},
	{16, "x64 UEFI, HTTP boot", SNPOnlyEFI},
	{18, "ARM 32-bit UEFI, HTTP boot", ""},
	{19, "ARM 64-bit UEFI, HTTP boot", ARM64EFI},
	{20, "x86 BIOS, HTTP boot", UndionlyKPXE},
}
