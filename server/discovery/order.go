package discovery

import "strings"

// mostOrder bounds the boot order that is kept: firmware lists each card and each
// disk several times.
const mostOrder = 12

// BootOrder is UEFI's boot order as an agent reports it (report.Boot), in one
// line: "network, firstlight, device". Entries that lead to the same as the one
// before them are told once, and words that are not the wire format's are left
// out.
func BootOrder(words []string) string {
	var kept []string
	for _, w := range words {
		known := w == "network" || w == "firstlight" || w == "device"
		if known && len(kept) < mostOrder && (len(kept) == 0 || kept[len(kept)-1] != w) {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, ", ")
}
