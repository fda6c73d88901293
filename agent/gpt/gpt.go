// Package gpt reads GUID partition tables, and moves one that was written for
// a smaller disk to the end of the disk that it now lies on.
//
// It promises never to panic or to read without bound on any bytes, and to
// leave at least one valid copy of the table on the disk at every moment of
// Write. Package agent/signature reads with it, agent/install also writes; it
// imports nothing of ours. All structures are of the UEFI specification 2.10,
// section 5.3.
package gpt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"unicode/utf16"
)

// Bounds of what is believed. The specification asks for at least 128 entries
// of 128 bytes, and everybody writes exactly that.
const (
	maxEntries   = 1024
	minEntrySize = 128
	maxEntrySize = 4096
	headerSize   = 92
)

var signature = []byte("EFI PART")

// ErrNone says that there is no partition table of this kind.
var ErrNone = errors.New("no GUID partition table")

// Table is a GUID partition table as it lies on a disk.
type Table struct {
	Sector  int64 // bytes per logical sector that the table was written for
	Backup  bool  // read from the backup, because the primary is damaged
	Parts   []Partition
	header  []byte // one sector
	entries []byte
}

// Partition is one used entry. Offsets are in bytes.
type Partition struct {
	Number int // from 1, the position in the table
	Type   GUID
	GUID   GUID
	Start  int64
	Size   int64
	Name   string
}

// GUID is a GUID in the byte order of the disk.
type GUID [16]byte

// String spells the GUID as people do; its first three fields are
// little-endian on the disk.
func (g GUID) String() string {
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(g[0:]),
		binary.LittleEndian.Uint16(g[4:]), binary.LittleEndian.Uint16(g[6:]), g[8:10], g[10:])
}

// Read reads the table of a disk of size bytes. Disks do not say in their
// first bytes how long their sectors are, so both lengths in use are tried;
// the primary table of either comes before the backup of either.
func Read(r io.ReaderAt, size int64) (*Table, error) {
	var damaged error
	for _, backup := range []bool{false, true} {
		for _, sector := range []int64{512, 4096} {
			at := sector
			if backup {
				at = size/sector*sector - sector
			}
			t, err := readAt(r, size, sector, at)
			if err == nil {
				t.Backup = backup
				return t, nil
			}
			if !errors.Is(err, ErrNone) {
				damaged = err
			}
		}
	}
	if damaged != nil {
		return nil, damaged
	}
	return nil, ErrNone
}

func readAt(r io.ReaderAt, size, sector, at int64) (*Table, error) {
	if at < sector || at+sector > size {
		return nil, ErrNone
	}
	h := make([]byte, sector)
	if _, err := r.ReadAt(h, at); err != nil {
		return nil, fmt.Errorf("read partition table at byte %d: %w", at, err)
	}
	if !bytes.Equal(h[:8], signature) {
		return nil, ErrNone
	}
	if err := checkHeader(h); err != nil {
		return nil, fmt.Errorf("partition table at byte %d: %w", at, err)
	}
	entries, err := readEntries(r, h, size, sector)
	if err != nil {
		return nil, fmt.Errorf("partition table at byte %d: %w", at, err)
	}
	t := &Table{Sector: sector, header: h, entries: entries}
	t.parse()
	return t, nil
}

func checkHeader(h []byte) error {
	n := binary.LittleEndian.Uint32(h[12:])
	if n < headerSize || int(n) > len(h) {
		return fmt.Errorf("header is %d bytes long", n)
	}
	if want, got := binary.LittleEndian.Uint32(h[16:]), headerSum(h); want != got {
		return fmt.Errorf("header has checksum %08x, and its content %08x", want, got)
	}
	return nil
}

func readEntries(r io.ReaderAt, h []byte, size, sector int64) ([]byte, error) {
	lba := binary.LittleEndian.Uint64(h[72:])
	count, length := binary.LittleEndian.Uint32(h[80:]), binary.LittleEndian.Uint32(h[84:])
	if count == 0 || count > maxEntries || length < minEntrySize || length > maxEntrySize || length%8 != 0 {
		return nil, fmt.Errorf("%d entries of %d bytes", count, length)
	}
	if lba > uint64(size/sector) {
		return nil, fmt.Errorf("entries begin at sector %d, behind the end of the disk", lba)
	}
	b := make([]byte, int64(count)*int64(length))
	if _, err := r.ReadAt(b, int64(lba)*sector); err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	if want, got := binary.LittleEndian.Uint32(h[88:]), crc32.ChecksumIEEE(b); want != got {
		return nil, fmt.Errorf("entries have checksum %08x, and their content %08x", want, got)
	}
	return b, nil
}

// headerSum is the header's checksum, taken with its own field at zero.
func headerSum(h []byte) uint32 {
	c := bytes.Clone(h[:binary.LittleEndian.Uint32(h[12:])])
	clear(c[16:20])
	return crc32.ChecksumIEEE(c)
}

func (t *Table) entrySize() int { return int(binary.LittleEndian.Uint32(t.header[84:])) }

func (t *Table) parse() {
	t.Parts = nil
	for i := 0; i+t.entrySize() <= len(t.entries); i += t.entrySize() {
		e := t.entries[i : i+t.entrySize()]
		first, last := binary.LittleEndian.Uint64(e[32:]), binary.LittleEndian.Uint64(e[40:])
		if GUID(e[:16]) == (GUID{}) || last < first || last >= 1<<50 {
			continue
		}
		t.Parts = append(t.Parts, Partition{
			Number: i/t.entrySize() + 1,
			Type:   GUID(e[:16]), GUID: GUID(e[16:32]),
			Start: int64(first) * t.Sector, Size: int64(last-first+1) * t.Sector,
			Name: name(e[56:128]),
		})
	}
}

func name(b []byte) string {
	var u []uint16
	for i := 0; i+1 < len(b); i += 2 {
		c := binary.LittleEndian.Uint16(b[i:])
		if c == 0 {
			break
		}
		u = append(u, c)
	}
	return string(utf16.Decode(u))
}
