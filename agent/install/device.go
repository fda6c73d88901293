package install

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"
)

// OpenDevice opens a disk of this machine, by its kernel name, for writing. The
// kernel refuses (EBUSY) while anything of it is mounted or part of a RAID.
func OpenDevice(name string) (Disk, error) {
	path := filepath.Join("/dev", filepath.Base(name))
	f, err := os.OpenFile(path, os.O_RDWR|os.O_EXCL, 0)
	if err != nil {
		return nil, err
	}
	d := &device{file: f}
	if err := d.ioctl(unix.BLKGETSIZE64, unsafe.Pointer(&d.size)); err != nil {
		f.Close()
		return nil, fmt.Errorf("ask %s for its size: %w", path, err)
	}
	return d, nil
}

// device is a block device of the kernel's.
type device struct {
	file *os.File
	size uint64
}

func (d *device) Size() int64                             { return int64(d.size) }
func (d *device) ReadAt(p []byte, off int64) (int, error) { return d.file.ReadAt(p, off) }
func (d *device) Sync() error                             { return d.file.Sync() }
func (d *device) Close() error                            { return d.file.Close() }

// WriteAt writes through the page cache, and has the kernel begin at once to
// carry it to the disk: left to itself it gathers gigabytes first, and the sync
// at the end takes as long as the whole stream did.
func (d *device) WriteAt(p []byte, off int64) (int, error) {
	n, err := d.file.WriteAt(p, off)
	if err == nil && n >= grain {
		_ = unix.SyncFileRange(int(d.file.Fd()), off, int64(n), unix.SYNC_FILE_RANGE_WRITE) // only a hint
	}
	return n, err
}

// Zero asks the disk for zeros. Where it has no command for it the kernel
// writes them.
func (d *device) Zero(off, n int64) error {
	what := [2]uint64{uint64(off), uint64(n)}
	if off%512 == 0 && n%512 == 0 {
		if err := d.ioctl(unix.BLKZEROOUT, unsafe.Pointer(&what)); err == nil {
			return nil
		}
	}
	return writeZeros(d, off, n)
}

// Reread lets the kernel read the partition table. It answers EBUSY for a
// moment when something else has just opened a partition to look at it, and
// EINVAL for a disk that cannot have partitions.
func (d *device) Reread() error {
	err := d.ioctl(unix.BLKRRPART, nil)
	if errors.Is(err, unix.EINVAL) {
		return nil
	}
	return err
}

func (d *device) ioctl(number uintptr, arg unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, d.file.Fd(), number, uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}

// writeZeros is Zero for disks that have no faster way.
func writeZeros(d Disk, off, n int64) error {
	zero := make([]byte, min(n, grain))
	for n > 0 {
		part := min(n, grain)
		if err := writeFull(d, zero[:part], off); err != nil {
			return err
		}
		off, n = off+part, n-part
	}
	return nil
}
