package light

import (
	"errors"

	"firstlight/agent/passthrough"
)

// erasable is the machine's disk as the agent's eraser opens it: one of a virtual
// machine, which can do nothing but be overwritten.
type erasable struct {
	*Disk
	stubborn bool // says that it wrote, and did not
}

// Zero implements erase.Disk.
func (e erasable) Zero(off, n int64) error {
	if e.stubborn {
		return nil
	}
	return e.Disk.Zero(off, n)
}

// Discard implements erase.Disk.
func (erasable) Discard(int64, int64) error { return errors.ErrUnsupported }

// Door implements erase.Disk.
func (erasable) Door() passthrough.Door { return nil }
