package install

import (
	"unsafe"

	"firstlight/agent/blockdev"

	"golang.org/x/sys/unix"
)

// OpenDevice opens a disk of this machine, by its kernel name, for writing.
func OpenDevice(name string) (Disk, error) {
	d, err := blockdev.Open(name, 0)
	if err != nil {
		return nil, err
	}
	return device{d}, nil
}

type device struct{ *blockdev.Device }

// WriteAt writes through the page cache, and has the kernel begin at once to
// carry it to the disk: left to itself it gathers gigabytes first, and the sync
// at the end takes as long as the whole stream did.
func (d device) WriteAt(p []byte, off int64) (int, error) {
	n, err := d.Device.WriteAt(p, off)
	if err == nil && n >= grain {
		_ = unix.SyncFileRange(int(d.Fd()), off, int64(n), unix.SYNC_FILE_RANGE_WRITE) // only a hint
	}
	return n, err
}

// Zero asks the disk for zeros. Where it has no command for it the kernel
// writes them.
func (d device) Zero(off, n int64) error {
	what := [2]uint64{uint64(off), uint64(n)}
	if off%512 == 0 && n%512 == 0 {
		if err := d.Ioctl(unix.BLKZEROOUT, unsafe.Pointer(&what)); err == nil {
			return nil
		}
	}
	return writeZeros(d, off, n)
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
