package erase

import (
	"fmt"
	"slices"

	"firstlight/agent/passthrough"
	"firstlight/agent/report"
)

// strength has all ways, from the strongest to the weakest.
var strength = []string{
	report.EraseSanitizeCrypto, report.EraseSanitizeBlock, report.EraseSanitizeWrite, report.EraseFormatCrypto, report.EraseFormat,
	report.EraseATAEnhanced, report.EraseATA, report.EraseOverwrite, report.EraseDiscard,
}

// Can is what a disk proves that it can do, and what speaks against doing it.
type Can struct {
	SanitizeCrypto, SanitizeBlock, SanitizeWrite bool
	Format, FormatCrypto                         bool
	FormatsAll                                   bool   // a format erases all namespaces of the controller
	Others                                       string // why nothing may be done to all namespaces; "" where it may
	Security                                     passthrough.Security
	Hidden                                       uint64 // sectors that the block layer does not reach
}

// Choose gives the ways that a disk can go and the plan allows, from the strongest
// on, and those that it could go if something did not speak against it.
func Choose(c Can, weakest string) (ways []string, barred []report.EraseTry) {
	for _, way := range strength {
		if able, but := c.may(way); able && but == "" {
			ways = append(ways, way)
		} else if able {
			barred = append(barred, report.EraseTry{Method: way, Error: but})
		}
		if way == weakest {
			break
		}
	}
	return ways, barred
}

// may says whether the disk knows a way, and what speaks against it.
func (c Can) may(way string) (able bool, but string) {
	switch way {
	case report.EraseSanitizeCrypto:
		return c.SanitizeCrypto, c.Others
	case report.EraseSanitizeBlock:
		return c.SanitizeBlock, c.Others
	case report.EraseSanitizeWrite:
		return c.SanitizeWrite, c.Others
	case report.EraseFormatCrypto, report.EraseFormat:
		able = c.Format && (way == report.EraseFormat || c.FormatCrypto)
		if c.FormatsAll {
			but = c.Others
		}
		return able, but
	case report.EraseATAEnhanced:
		return c.Security.Supported && c.Security.EnhancedToo, c.shut()
	case report.EraseATA:
		return c.Security.Supported, c.shut()
	}
	return true, c.unreachable()
}

// shut says why a disk takes no security command.
func (c Can) shut() string {
	switch {
	case c.Security.Frozen:
		return "the firmware froze the disk's security: switch \"security freeze lock\" off in its setup, or plug the disk in again"
	case c.Security.Expired:
		return "too many wrong passwords were tried: switch the machine off and on"
	}
	return ""
}

// unreachable says why what is written does not reach all of a disk.
func (c Can) unreachable() string {
	switch {
	case c.Security.Locked:
		return "the disk is locked by an ATA password"
	case c.Hidden > 0:
		return fmt.Sprintf("%d sectors are hidden from the system (HPA): boot with libata.ignore_hpa=1", c.Hidden)
	}
	return ""
}

// keyed are the ways that leave a disk with the old bytes under a new key, which
// then read as anything; all others leave it with one byte from end to end.
var keyed = []string{report.EraseSanitizeCrypto, report.EraseFormatCrypto, report.EraseATAEnhanced}

func isKeyed(way string) bool { return slices.Contains(keyed, way) }
