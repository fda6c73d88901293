// Package blockdev opens the machine's disks for writing.
//
// It promises that the kernel refuses (EBUSY) while anything of a disk is mounted
// or part of a RAID, and that nobody else mounts it while it is open. Which disk is
// opened is its callers' matter. Packages agent/install and agent/erase import it;
// it imports nothing of ours.
package blockdev

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Device is an open block device of the kernel's.
type Device struct {
	*os.File
	size uint64
}

// Open opens a disk by its kernel name, with flags of open(2) beside those it needs.
func Open(name string, flags int) (*Device, error) {
	path := filepath.Join("/dev", filepath.Base(name))
	f, err := os.OpenFile(path, os.O_RDWR|os.O_EXCL|flags, 0)
	if err != nil {
		return nil, err
	}
	d := &Device{File: f}
	if err := d.Ioctl(unix.BLKGETSIZE64, unsafe.Pointer(&d.size)); err != nil {
		f.Close()
		return nil, fmt.Errorf("ask %s for its size: %w", path, err)
	}
	return d, nil
}

// Size is in bytes.
func (d *Device) Size() int64 { return int64(d.size) }

// Reread lets the kernel read the partition table. It answers EBUSY for a
// moment when something else has just opened a partition to look at it, and
// EINVAL for a disk that cannot have partitions.
func (d *Device) Reread() error {
	err := d.Ioctl(unix.BLKRRPART, nil)
	if errors.Is(err, unix.EINVAL) {
		return nil
	}
	return err
}

// Ioctl asks the kernel something about the disk.
func (d *Device) Ioctl(number uintptr, arg unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, d.Fd(), number, uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}
