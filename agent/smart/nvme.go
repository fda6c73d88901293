package smart

import (
	"encoding/binary"
	"fmt"

	"firstlight/agent/report"
)

// warnings are the bits of Critical Warning (NVMe, figure 207) but for those that the
// numbers say better: 0 (spare) and 1 (temperature).
var warnings = []struct {
	bit  byte
	says string
}{
	{2, "it says that it is no longer reliable, for errors of its media or of itself"},
	{3, "it can only be read any more"},
	{4, "its backup of volatile memory failed"},
	{5, "its persistent memory can only be read any more, or is not reliable"},
}

// decodeNVMe reads the log page SMART / Health Information (NVMe, 5.16.1.3).
func decodeNVMe(b []byte) (*report.Health, error) {
	const zero = 273 // K
	if len(b) < 512 {
		return nil, fmt.Errorf("SMART log: %d bytes, want 512", len(b))
	}
	spare, limit, used := int(b[3]), int(b[4]), int(b[5])
	h := &report.Health{
		Source: fromNVMe, Used: &used,
		Hours: count(b[128:144]), MediaErrors: count(b[160:176]),
	}
	if spare > 0 || limit > 0 { // else it does not count them, as QEMU's
		h.Spare, h.SpareLimit = &spare, limit
	}
	if k := int(binary.LittleEndian.Uint16(b[1:])); k > zero {
		h.Celsius = k - zero
	}
	if warning := b[0]; warning&1 != 0 || spare < limit {
		h.Says = append(h.Says, fmt.Sprintf("its spare blocks are at %d %%, and its limit is %d %%", spare, limit))
	}
	for _, w := range warnings {
		if b[0]>>w.bit&1 != 0 {
			h.Says = append(h.Says, w.says)
		}
	}
	return h, nil
}

// count reads a number of 128 bits, of which nobody needs more than 63.
func count(b []byte) uint64 {
	const most = 1<<63 - 1
	n := binary.LittleEndian.Uint64(b)
	if binary.LittleEndian.Uint64(b[8:]) != 0 || n > most {
		return most
	}
	return n
}
