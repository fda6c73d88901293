package light

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
)

// Disk is a disk in memory that takes room only for what is not zero. It counts
// what is written to it, so that a test can prove that nothing was.
type Disk struct {
	size int64

	mu      sync.Mutex
	chunks  map[int64]*[chunk]byte
	written int64
}

const chunk = 16 << 10

// NewDisk makes a blank disk.
func NewDisk(size int64) *Disk { return &Disk{size: size, chunks: map[int64]*[chunk]byte{}} }

// Size is in bytes.
func (d *Disk) Size() int64 { return d.size }

// Written is how many bytes were written since it was made, zeros included.
func (d *Disk) Written() int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.written
}

// Sum is a hash of its contents. Disks that hold the same have the same.
func (d *Disk) Sum() [sha256.Size]byte {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := sha256.New()
	for _, n := range slices.Sorted(maps.Keys(d.chunks)) {
		if c := d.chunks[n]; *c != ([chunk]byte{}) {
			h.Write(binary.BigEndian.AppendUint64(nil, uint64(n)))
			h.Write(c[:])
		}
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// ReadAt implements io.ReaderAt.
func (d *Disk) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= d.size {
		return 0, io.EOF
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	whole := len(p)
	p = p[:min(int64(len(p)), d.size-off)]
	d.each(off, int64(len(p)), func(n int64, from, to, at int64) {
		if c := d.chunks[n]; c != nil {
			copy(p[at:], c[from:to])
		} else {
			clear(p[at : at+to-from])
		}
	})
	if len(p) < whole {
		return len(p), io.EOF
	}
	return whole, nil
}

// WriteAt implements io.WriterAt.
func (d *Disk) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > d.size {
		return 0, fmt.Errorf("write of %d bytes at %d: the disk has %d", len(p), off, d.size)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.written += int64(len(p))
	d.each(off, int64(len(p)), func(n int64, from, to, at int64) {
		if d.chunks[n] == nil {
			d.chunks[n] = new([chunk]byte)
		}
		copy(d.chunks[n][from:to], p[at:])
	})
	return len(p), nil
}

// Zero fills a part with zeros.
func (d *Disk) Zero(off, n int64) error {
	if off < 0 || off+n > d.size {
		return fmt.Errorf("zero %d bytes at %d: the disk has %d", n, off, d.size)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.written += n
	d.each(off, n, func(n int64, from, to, _ int64) {
		switch {
		case from == 0 && to == chunk:
			delete(d.chunks, n)
		case d.chunks[n] != nil:
			clear(d.chunks[n][from:to])
		}
	})
	return nil
}

// each calls f for every chunk that a part touches: its number, the bytes from
// and to in it, and where these stand in the part.
func (d *Disk) each(off, length int64, f func(n, from, to, at int64)) {
	for at := int64(0); at < length; {
		n, from := (off+at)/chunk, (off+at)%chunk
		to := min(chunk, from+length-at)
		f(n, from, to, at)
		at += to - from
	}
}

// Sync, Reread and Close have nothing to do: memory is the medium.
func (d *Disk) Sync() error { return nil }

// Reread lets nobody know of partitions: there is no kernel here.
func (d *Disk) Reread() error { return nil }

// Close leaves the contents as they are.
func (d *Disk) Close() error { return nil }
