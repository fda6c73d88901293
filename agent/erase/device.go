package erase

import (
	"errors"
	"fmt"
	"io"
	"unsafe"

	"firstlight/agent/blockdev"
	"firstlight/agent/passthrough"

	"golang.org/x/sys/unix"
)

// OpenDevice opens a disk of this machine, by its kernel name, for writing, past
// the page cache: what is read back has to come from the disk.
func OpenDevice(name string) (Disk, error) {
	d, err := blockdev.Open(name, unix.O_DIRECT)
	if err != nil {
		return nil, err
	}
	sector, err := unix.IoctlGetInt(int(d.Fd()), unix.BLKSSZGET)
	if err != nil {
		d.Close()
		return nil, fmt.Errorf("ask %s for its sectors: %w", name, err)
	}
	return &device{Device: d, sector: int64(sector), zeros: aligned(chunk)}, nil
}

type device struct {
	*blockdev.Device
	sector int64
	zeros  []byte
}

// Door implements Disk.
func (d *device) Door() passthrough.Door { return passthrough.On(d.File) }

// ReadAt reads whole sectors into a buffer of its own where p is not fit for the
// kernel, which wants all of it at boundaries.
func (d *device) ReadAt(p []byte, off int64) (int, error) {
	n := int64(len(p))
	if n == 0 || off%d.sector == 0 && n%d.sector == 0 && uintptr(unsafe.Pointer(&p[0]))%piece == 0 {
		return d.Device.ReadAt(p, off)
	}
	from := off / d.sector * d.sector
	to := min((off+n+d.sector-1)/d.sector*d.sector, d.Size())
	if off < 0 || from >= to {
		return 0, io.EOF
	}
	b := aligned(int(to - from))
	got, err := d.Device.ReadAt(b, from)
	if got = min(got-int(off-from), len(p)); got <= 0 {
		return 0, errors.Join(err, io.ErrUnexpectedEOF)
	}
	copy(p, b[off-from:][:got])
	if got < len(p) {
		return got, errors.Join(err, io.EOF)
	}
	return got, nil
}

// Zero writes zeros. Commands that ask the disk for them instead are answered by
// some with a promise only.
func (d *device) Zero(off, n int64) error {
	for n > 0 {
		part := min(n, int64(len(d.zeros)))
		if _, err := d.WriteAt(d.zeros[:part], off); err != nil {
			return err
		}
		off, n = off+part, n-part
	}
	return nil
}

// Discard implements Disk.
func (d *device) Discard(off, n int64) error {
	what := [2]uint64{uint64(off), uint64(n)}
	err := d.Ioctl(unix.BLKDISCARD, unsafe.Pointer(&what))
	if errors.Is(err, unix.EOPNOTSUPP) {
		return errors.ErrUnsupported
	}
	return err
}

// Sync implements Disk. Others may have read the disk before by way of the cache.
func (d *device) Sync() error {
	if err := d.Device.Sync(); err != nil {
		return err
	}
	return d.Ioctl(unix.BLKFLSBUF, nil)
}
