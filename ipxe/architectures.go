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
	// ShimEFI is signed by Microsoft, so that firmware with Secure Boot runs it.
	// It fetches GRUBEFI, by that name, from where it came from itself, and runs
	// it for Debian's signature; GRUB runs Debian's signed kernels.
	ShimEFI = "shimx64.efi"
	GRUBEFI = "grubx64.efi"
)

// architectures is the whole choice of a loader, by the codes of IANA's registry
// "Processor Architecture Types" (RFC 5970, section 3.3), which took over from
// RFC 4578, section 2.1. What is not here is not supported: 32-bit UEFI (6, 10,
// 15, 18), which no server has had since about 2010, and whatever is not x86 or ARM.
var architectures = map[uint16]string{
	0:  UndionlyKPXE, // BIOS
	7:  SNPOnlyEFI,   // x64 UEFI
	9:  SNPOnlyEFI,   // x64 UEFI by the code of RFC 4578, which erratum 4624 took back
	11: ARM64EFI,     // 64-bit ARM UEFI
	16: SNPOnlyEFI,   // as 7
	19: ARM64EFI,     // as 11
	20: UndionlyKPXE, // BIOS that speaks HTTP
}

// signed are the first of the loaders that Secure Boot lets run. Debian signs
// for arm64, too; no machine of it was tried.
var signed = map[uint16]string{7: ShimEFI, 9: ShimEFI, 16: ShimEFI}
