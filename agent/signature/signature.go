// Package signature says what lies on a disk, without writing to it: partition
// tables, file systems, members of RAIDs, volume groups and encrypted volumes,
// and, where nothing is known, whether there is anything but emptiness.
//
// It promises to err on the side of data: whatever it does not understand but
// is not blank is "data", and what it cannot read is "unreadable". It never
// panics, and reads a bounded amount, whatever the bytes are. Package agent
// hands it disks that were opened read-only; it imports agent/report for its
// words and agent/gpt.
package signature

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode"

	"firstlight/agent/gpt"
	"firstlight/agent/report"
)

// Kinds of content, as agent/report documents them.
const (
	kindTable      = "partition-table"
	kindFilesystem = "filesystem"
	kindRAID       = "raid"
	kindLVM        = "lvm"
	kindCrypt      = "crypt"
	kindSwap       = "swap"
	kindUnreadable = "unreadable"
	kindData       = "data"
)

// probe looks for one family of signatures.
type probe func(a *area) (report.Content, bool)

// probes returns every probe. All of them run on every area: disks carry
// more than one signature (a RAID member below a file system, an ISO image
// with a partition table), and each of them is a reason to stop and ask.
func probes() []probe {
	return []probe{
		ext, xfs, btrfs, fat, exfat, ntfs, iso9660, bcache, // file systems
		swap, lvm, luks, zfs, vmfs,
		mdEnd, md1, md12, md090, imsm, ddf, // RAID members
		simple,
	}
}

// maxPartitions bounds the partitions of one disk that are looked into.
const maxPartitions = 128

// Find says what is on the disk called name, of size bytes, that r reads. The
// answer is empty when the disk is blank.
func Find(r io.ReaderAt, size int64, name string) []report.Content {
	disk := &area{r: r, size: size, name: name}
	parts, found := tables(disk)
	found = append(found, disk.find(parts == nil)...)
	for _, p := range parts {
		found = append(found, p.find(true)...)
	}
	if len(found) == 0 && disk.err == nil && !blank(disk) {
		found = append(found, report.Content{Device: name, Kind: kindData, Type: "unknown", Bytes: uint64(size)})
	}
	if disk.err != nil {
		found = append(found, report.Content{Device: name, Kind: kindUnreadable, Type: "error", Bytes: uint64(size)})
	}
	return found
}

// tables returns the partitions of a disk and a Content for each table.
func tables(disk *area) ([]*area, []report.Content) {
	table := report.Content{Device: disk.name, Kind: kindTable, Bytes: uint64(disk.size)}
	t, err := gpt.Read(disk, disk.size)
	switch {
	case err == nil:
		table.Type = "gpt"
		return gptParts(disk, t), []report.Content{table}
	case !errors.Is(err, gpt.ErrNone) && disk.err == nil:
		table.Type = "gpt"
		table.Label = "damaged"
		return nil, []report.Content{table}
	}
	parts, ok := dos(disk)
	if !ok {
		return nil, nil
	}
	table.Type = "dos"
	return parts, []report.Content{table}
}

func gptParts(disk *area, t *gpt.Table) []*area {
	var parts []*area
	for _, p := range t.Parts[:min(len(t.Parts), maxPartitions)] {
		if a := disk.part(p.Number, p.Start, p.Size); a != nil {
			parts = append(parts, a)
		}
	}
	return parts
}

// find runs the probes. boot says whether the area can be a file system whose
// first sector looks like a boot record; a disk with partitions cannot.
func (a *area) find(boot bool) []report.Content {
	var found []report.Content
	for _, p := range probes() {
		c, ok := p(a)
		if !ok || (!boot && c.Kind == kindFilesystem && bootRecord(c.Type)) {
			continue
		}
		c.Device = a.name
		c.Label = clean(c.Label)
		if c.Bytes == 0 {
			c.Bytes = uint64(a.size)
		}
		if found = append(found, c); c.Type == "vfat" {
			found = append(found, loaders(a)...)
		}
	}
	return found
}

func bootRecord(fs string) bool { return fs == "vfat" || fs == "ntfs" || fs == "exfat" }

// area is a disk or one of its partitions. The first error of reading it, or
// any part of it, is kept at the disk.
type area struct {
	r     io.ReaderAt
	start int64
	size  int64
	name  string
	disk  *area // nil for the disk itself
	err   error
}

// part returns a partition of a disk, cut to the disk's end, or nil.
func (a *area) part(number int, start, size int64) *area {
	if start <= 0 || start >= a.size || size <= 0 {
		return nil
	}
	name := a.name
	if name != "" && unicode.IsDigit(rune(name[len(name)-1])) { // the kernel's rule: nvme0n1p1, but sda1
		name += "p"
	}
	return &area{r: a.r, start: start, size: min(size, a.size-start), name: name + strconv.Itoa(number), disk: a}
}

// ReadAt reads within the area, and remembers what the disk could not read.
func (a *area) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= a.size {
		return 0, io.EOF
	}
	short := int64(len(p)) > a.size-off
	p = p[:min(int64(len(p)), a.size-off)]
	n, err := a.r.ReadAt(p, a.start+off)
	if n == len(p) {
		err = nil
	}
	switch {
	case err != nil && a.disk != nil:
		a.disk.err = err
	case err != nil:
		a.err = err
	case short:
		err = io.EOF
	}
	return n, err
}

// bytes returns n bytes at off, counted from the end when off is negative, or
// nil when the area has not got them.
func (a *area) bytes(off int64, n int) []byte {
	if off < 0 {
		off += a.size
	}
	b := make([]byte, n)
	if got, err := a.ReadAt(b, off); err != nil || got < n {
		return nil
	}
	return b
}

// clean makes a stranger's label safe to print: valid, printable, short. It
// stays data that must be escaped wherever it is shown.
func clean(s string) string {
	s, _, _ = strings.Cut(s, "\x00")
	s = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.TrimSpace(s))
	if r := []rune(s); len(r) > 64 {
		s = string(r[:64])
	}
	return s
}
