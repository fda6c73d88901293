package boot

// Signed tells whether who asks is to boot by the signed loaders, shim and GRUB,
// the only ones that firmware with Secure Boot runs: a sentence that says why;
// "" when not. DHCP does not tell whether Secure Boot is on, so that it is the
// subnet that says so, or the last report of the machine's agent. The signed
// loaders run without Secure Boot just as well.
func Signed(r Request, k Known) string {
	switch {
	case r.Platform != "efi":
		return ""
	case k.SecureBoot:
		return "its subnet gives UEFI machines the signed loaders"
	case k.Machine != nil && k.Machine.Observed.SecureBoot:
		return "it reported that Secure Boot is on"
	default:
		return ""
	}
}
