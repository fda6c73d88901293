package netns

import (
	"fmt"

	"github.com/vishvananda/netlink"
)

const (
	// burstBytes is what a shaped cable takes at once: some of the largest packets
	// that the kernel hands to an interface in one piece.
	burstBytes = 256 << 10
	// standing is how much may wait before it: some 20 ms at 1 Gb/s, as a switch's
	// port has.
	standing = 2560 << 10
)

// Shape makes the cable as slow as a link of so many bits a second, in the
// direction away from this end (tc-tbf(8)).
func (c *Cable) Shape(bitsPerSecond uint64) error {
	rate := bitsPerSecond / 8
	return c.with(func(h *netlink.Handle) error {
		err := h.QdiscReplace(&netlink.Tbf{
			QdiscAttrs: netlink.QdiscAttrs{LinkIndex: c.link.Attrs().Index, Handle: netlink.MakeHandle(1, 0), Parent: netlink.HANDLE_ROOT},
			Rate:       rate, Limit: burstBytes + standing, Buffer: netlink.Xmittime(rate, burstBytes),
		})
		if err != nil {
			return fmt.Errorf("slow %s down to %d bit/s (the kernel needs sch_tbf): %w", c.Name, bitsPerSecond, err)
		}
		return nil
	})
}
