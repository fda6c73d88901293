package netns

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Prepare finishes the namespaces from inside: mounts that stay inside, a /proc
// of the new processes, the loopback interface up. It is called once.
func Prepare() error {
	if !Inside() {
		return errors.New("prepare the rack's namespaces: this process is not in any: start it through netns.Reexec")
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep the rack's mounts apart: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount the rack's /proc (a container that hides parts of its own /proc forbids this; run outside it): %w", err)
	}
	if err := unix.Sethostname([]byte("virtualrack")); err != nil {
		return fmt.Errorf("name the rack's namespace: %w", err)
	}
	return upLoopback(nil)
}

// upLoopback brings lo up, in the given namespace or, with nil, in this one.
func upLoopback(in *Namespace) error {
	h, err := in.handle()
	if err != nil {
		return err
	}
	defer h.Close()
	lo, err := h.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find the loopback interface: %w", err)
	}
	if err := h.LinkSetUp(lo); err != nil {
		return fmt.Errorf("bring the loopback interface up: %w", err)
	}
	return nil
}

// handle is netlink in n, or in this process's own namespace where n is nil.
func (n *Namespace) handle() (*netlink.Handle, error) {
	var h *netlink.Handle
	var err error
	if n == nil {
		h, err = netlink.NewHandle(unix.NETLINK_ROUTE)
	} else {
		h, err = netlink.NewHandleAt(n.nsHandle(), unix.NETLINK_ROUTE)
	}
	if err != nil {
		return nil, fmt.Errorf("open netlink: %w", err)
	}
	return h, nil
}
