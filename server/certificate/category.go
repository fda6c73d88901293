package certificate

import "firstlight/agent/report"

// Categories of NIST SP 800-88 Rev. 1, appendix A.
const (
	Clear = "clear" // what a person finds with the host's own commands is gone
	Purge = "purge" // what a laboratory finds is gone, too
)

// Category is what a way to erase a disk deserves, and the lower one where the
// standard tells media apart that we do not: what the disk's firmware changes or
// overwrites everywhere, also where no host reads, is a purge.
func Category(method string, rotational bool) string {
	switch method {
	case report.EraseSanitizeCrypto, report.EraseSanitizeBlock, report.EraseSanitizeWrite, report.EraseFormatCrypto:
		return Purge
	case report.EraseATAEnhanced:
		if rotational {
			return Purge
		}
		return Clear
	case report.EraseFormat, report.EraseATA, report.EraseOverwrite, report.EraseDiscard:
		return Clear
	default:
		return ""
	}
}
