package pid1

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// mount makes the kernel's file systems visible. One that is mounted already
// is left alone: the agent's loop comes by here again after a failure.
func mount() error {
	for _, m := range []struct {
		kind, on string
		flags    uintptr
	}{
		{"proc", "/proc", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
		{"sysfs", "/sys", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
		{"devtmpfs", "/dev", unix.MS_NOSUID},
		{"tmpfs", "/run", unix.MS_NOSUID | unix.MS_NODEV},
	} {
		if err := mountOne(m.kind, m.on, m.flags); err != nil {
			return err
		}
	}
	return os.MkdirAll("/etc", 0o755) // for the name servers
}

func mountOne(kind, on string, flags uintptr) error {
	if err := os.MkdirAll(on, 0o755); err != nil {
		return fmt.Errorf("mount %s: %w", on, err)
	}
	err := unix.Mount(kind, on, kind, flags, "")
	if err != nil && !errors.Is(err, unix.EBUSY) {
		return fmt.Errorf("mount %s: %w", on, err)
	}
	return nil
}

const efivars = "/sys/firmware/efi/efivars"

// mountVariables mounts the firmware's variables, if the machine was started
// by UEFI. Debian's kernels have the file system as a module.
func mountVariables(load func(module string) error) error {
	if _, err := os.Stat("/sys/firmware/efi"); err != nil {
		return nil
	}
	if err := load("efivarfs"); err != nil {
		return err
	}
	return mountOne("efivarfs", efivars, unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC)
}
