package netnstest

import (
	"golang.org/x/sys/unix"
)

// Powerless is Do without any capability, as an ordinary user's program runs.
// Capabilities belong to threads, so that the rest of the test keeps its own.
func (h *Host) Powerless(f func() error) error {
	return h.Do(func() error {
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var own [2]unix.CapUserData // 64 capabilities in two words
		if err := unix.Capget(&header, &own[0]); err != nil {
			return err
		}
		none := own
		none[0].Effective, none[1].Effective = 0, 0
		if err := unix.Capset(&header, &none[0]); err != nil {
			return err
		}
		err := f()
		if back := unix.Capset(&header, &own[0]); back != nil {
			return back
		}
		return err
	})
}
