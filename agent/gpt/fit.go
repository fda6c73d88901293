package gpt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// align is where partitions begin and end: 1 MiB, as every tool does it.
const align = 1 << 20

// Disk is what Write needs of a disk.
type Disk interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
}

// Fit lets the table span a disk of size bytes and its last partition reach
// the end of it. The last is the one that ends last, whatever its number:
// Debian's images number the root file system 1 and put it behind 14 and 15.
func (t *Table) Fit(size int64) error {
	last := t.last()
	if last == nil {
		return errors.New("fit partition table: it has no partition")
	}
	usable := size/t.Sector - 2 - t.entrySectors() // header and entries of the backup follow
	end := last.Start + last.Size
	if usable*t.Sector+t.Sector < end {
		return fmt.Errorf("fit partition table: partition %d ends at byte %d, and the disk has %d bytes",
			last.Number, end, size)
	}
	binary.LittleEndian.PutUint64(t.header[48:], uint64(usable))
	if grown := (usable + 1) * t.Sector / align * align; grown > end {
		e := t.entries[(last.Number-1)*t.entrySize():]
		binary.LittleEndian.PutUint64(e[40:], uint64(grown/t.Sector-1))
	}
	t.parse()
	return nil
}

func (t *Table) last() *Partition {
	var last *Partition
	for i := range t.Parts {
		if last == nil || t.Parts[i].Start > last.Start {
			last = &t.Parts[i]
		}
	}
	return last
}

func (t *Table) entrySectors() int64 {
	return (int64(len(t.entries)) + t.Sector - 1) / t.Sector
}

// Write writes the table to a disk of size bytes: the backup at its end, then
// the primary, each side's entries before the header that vouches for them.
func (t *Table) Write(d Disk, size int64) error {
	end := size/t.Sector - 1
	for _, side := range []struct{ header, other, entries int64 }{
		{header: end, other: 1, entries: end - t.entrySectors()},
		{header: 1, other: end, entries: 2},
	} {
		if _, err := d.WriteAt(t.entries, side.entries*t.Sector); err != nil {
			return fmt.Errorf("write partition entries: %w", err)
		}
		if err := d.Sync(); err != nil {
			return fmt.Errorf("write partition entries: %w", err)
		}
		if _, err := d.WriteAt(t.seal(side.header, side.other, side.entries), side.header*t.Sector); err != nil {
			return fmt.Errorf("write partition header: %w", err)
		}
		if err := d.Sync(); err != nil {
			return fmt.Errorf("write partition header: %w", err)
		}
	}
	return t.writeProtective(d, size)
}

// seal makes the header of one side, with its checksums.
func (t *Table) seal(self, other, entries int64) []byte {
	h := bytes.Clone(t.header)
	binary.LittleEndian.PutUint64(h[24:], uint64(self))
	binary.LittleEndian.PutUint64(h[32:], uint64(other))
	binary.LittleEndian.PutUint64(h[72:], uint64(entries))
	binary.LittleEndian.PutUint32(h[88:], crc32.ChecksumIEEE(t.entries))
	binary.LittleEndian.PutUint32(h[16:], headerSum(h))
	return h
}

// writeProtective lets the protective record of the old scheme span the disk
// (section 5.2.3). The boot code before it belongs to the image and stays.
func (t *Table) writeProtective(d Disk, size int64) error {
	mbr := make([]byte, t.Sector)
	if _, err := d.ReadAt(mbr, 0); err != nil {
		return fmt.Errorf("read protective record: %w", err)
	}
	for i := 446; i < 510; i += 16 {
		if mbr[i+4] == 0xEE {
			sectors := min(size/t.Sector-int64(binary.LittleEndian.Uint32(mbr[i+8:])), 0xFFFFFFFF)
			binary.LittleEndian.PutUint32(mbr[i+12:], uint32(sectors))
		}
	}
	if _, err := d.WriteAt(mbr, 0); err != nil {
		return fmt.Errorf("write protective record: %w", err)
	}
	return d.Sync()
}
