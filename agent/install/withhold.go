package install

import (
	"fmt"
	"io"
)

const (
	held  = 1 << 20 // bytes at either end of a disk that stay in memory until all is proven
	first = 4096    // bytes that are written last of all: the longest sector in use
)

// withheld is a disk whose two ends exist in memory only, until commit. There
// stand the boot code and both partition tables, without which no firmware
// starts anything and no kernel mounts anything: firmware that finds the first
// table damaged takes the second one, at the disk's end (UEFI 2.10, 5.3.2).
type withheld struct {
	Disk
	head, tail []byte
}

// withhold wipes both ends of a disk, so that what stood on it before cannot
// start either, and keeps them back from then on.
func withhold(d Disk) (*withheld, error) {
	n := min(held, d.Size()/2)
	for _, off := range []int64{0, d.Size() - n} {
		if err := d.Zero(off, n); err != nil {
			return nil, fmt.Errorf("wipe the disk's ends: %w", err)
		}
	}
	if err := d.Sync(); err != nil {
		return nil, fmt.Errorf("wipe the disk's ends: %w", err)
	}
	return &withheld{Disk: d, head: make([]byte, n), tail: make([]byte, n)}, nil
}

// commit lets the disk become one that can start. Its first sector comes last
// and alone: firmware of either kind begins there.
func (w *withheld) commit() error {
	first := min(first, int64(len(w.head)))
	for _, part := range []struct {
		off  int64
		data []byte
	}{{w.Size() - int64(len(w.tail)), w.tail}, {first, w.head[first:]}, {0, w.head[:first]}} {
		if err := writeFull(w.Disk, part.data, part.off); err != nil {
			return fmt.Errorf("write the disk's ends: %w", err)
		}
		if err := w.Sync(); err != nil {
			return fmt.Errorf("write the disk's ends: %w", err)
		}
	}
	return nil
}

// ReadAt implements io.ReaderAt.
func (w *withheld) ReadAt(p []byte, off int64) (int, error) {
	return w.split(p, off, func(kept, p []byte) { copy(p, kept) }, w.Disk.ReadAt)
}

// WriteAt implements io.WriterAt.
func (w *withheld) WriteAt(p []byte, off int64) (int, error) {
	return w.split(p, off, func(kept, p []byte) { copy(kept, p) }, w.Disk.WriteAt)
}

// Zero implements Disk.
func (w *withheld) Zero(off, n int64) error {
	for n > 0 {
		kept, part := w.at(off, n)
		if kept != nil {
			clear(kept)
		} else if err := w.Disk.Zero(off, part); err != nil {
			return err
		}
		off, n = off+part, n-part
	}
	return nil
}

// split does a transfer in the parts that lie in memory and on the disk.
func (w *withheld) split(p []byte, off int64, memory func(kept, p []byte), disk func([]byte, int64) (int, error)) (int, error) {
	done := 0
	for done < len(p) {
		kept, part := w.at(off+int64(done), int64(len(p)-done))
		piece := p[done : done+int(part)]
		if kept != nil {
			memory(kept, piece)
			done += len(piece)
			continue
		}
		n, err := disk(piece, off+int64(done))
		done += n
		if err == nil && n < len(piece) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// at says how many of the n bytes from off on lie in one place, and gives them
// if that place is memory.
func (w *withheld) at(off, n int64) (kept []byte, part int64) {
	head, tail := int64(len(w.head)), w.Size()-int64(len(w.tail))
	switch {
	case off >= 0 && off < head:
		part = min(n, head-off)
		return w.head[off : off+part], part
	case off >= tail && off < w.Size():
		part = min(n, w.Size()-off)
		return w.tail[off-tail : off-tail+part], part
	case off < tail:
		return nil, min(n, tail-off)
	}
	return nil, n // behind the end: the disk refuses it
}
