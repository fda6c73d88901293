package install

import (
	"errors"
	"io"
	"sync"
)

var errIO = errors.New("input/output error")

// fakeDisk is a disk in memory that fails when it is told to, and that keeps
// apart what was written from what a power cut would leave.
type fakeDisk struct {
	mu     sync.Mutex
	data   []byte // as the next start of the machine would find it, had all writes arrived
	writes int    // so far
	failAt int    // the write that fails; 0 for none
	short  bool   // it fails by taking half without a word
	syncs  int
	sick   int // the sync that fails; 0 for none
	ended  bool
}

func (d *fakeDisk) Size() int64   { return int64(len(d.data)) }
func (d *fakeDisk) Close() error  { d.ended = true; return nil }
func (d *fakeDisk) Reread() error { return nil }

func (d *fakeDisk) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.syncs++; d.syncs == d.sick {
		return errIO
	}
	return nil
}

func (d *fakeDisk) ReadAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if off < 0 || off > int64(len(d.data)) {
		return 0, io.EOF
	}
	n := copy(p, d.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (d *fakeDisk) WriteAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if off < 0 || off+int64(len(p)) > int64(len(d.data)) {
		return 0, errors.New("behind the end of the disk")
	}
	if d.writes++; d.writes != d.failAt {
		return copy(d.data[off:], p), nil
	}
	n := copy(d.data[off:], p[:len(p)/2])
	if d.short {
		return n, nil
	}
	return n, errIO
}

func (d *fakeDisk) Zero(off, n int64) error {
	_, err := d.WriteAt(make([]byte, n), off)
	if err == nil && d.short && d.writes == d.failAt {
		return errIO // Zero has no count to be short with
	}
	return err
}

// canStart says whether any firmware or kernel would find a system here: boot
// code or a record of the old scheme, or a partition table at either end.
func (d *fakeDisk) canStart() bool {
	size := len(d.data)
	for _, sector := range []int{512, 4096} {
		for _, at := range []int{sector, size/sector*sector - sector} {
			if at+8 <= size && string(d.data[at:at+8]) == "EFI PART" {
				return true
			}
		}
	}
	return d.data[510] == 0x55 && d.data[511] == 0xAA || !zeros(d.data[:440])
}
