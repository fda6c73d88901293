package signature

import (
	"bytes"
	"encoding/binary"

	"firstlight/agent/report"
)

var (
	le = binary.LittleEndian
	be = binary.BigEndian
)

// used returns the bytes in use of total units with free units left. Numbers
// that contradict one another are a damaged superblock, and nothing is said.
func used(total, free, unit uint64) (bytes, inUse uint64) {
	if unit == 0 || unit > 1<<24 || total > 1<<62/unit || free > total {
		return 0, 0
	}
	return total * unit, (total - free) * unit
}

// ext reads the superblock of ext2, ext3 and ext4
// (kernel: Documentation/filesystems/ext4/super.rst).
func ext(a *area) (report.Content, bool) {
	b := a.bytes(1024, 1024)
	if b == nil || le.Uint16(b[0x38:]) != 0xEF53 {
		return report.Content{}, false
	}
	compat, incompat, ro := le.Uint32(b[0x5C:]), le.Uint32(b[0x60:]), le.Uint32(b[0x64:])
	total, free := uint64(le.Uint32(b[0x4:])), uint64(le.Uint32(b[0xC:]))
	if incompat&0x80 != 0 { // 64bit
		total |= uint64(le.Uint32(b[0x150:])) << 32
		free |= uint64(le.Uint32(b[0x158:])) << 32
	}
	c := report.Content{Kind: kindFilesystem, Type: extType(compat, incompat, ro), Label: string(b[0x78:0x88])}
	c.Bytes, c.Used = used(total, free, 1024<<min(le.Uint32(b[0x18:]), 16))
	return c, true
}

// extType follows libblkid: what ext3 cannot do makes it ext4.
func extType(compat, incompat, ro uint32) string {
	const (
		hasJournal = 0x4
		journalDev = 0x8
		ext3In     = 0x2 | 0x4 | 0x10 // filetype, recover, meta_bg
		ext3RO     = 0x1 | 0x2 | 0x4  // sparse_super, large_file, btree_dir
	)
	switch {
	case incompat&journalDev != 0:
		return "jbd"
	case incompat&^ext3In != 0 || ro&^ext3RO != 0:
		return "ext4"
	case compat&hasJournal != 0:
		return "ext3"
	}
	return "ext2"
}

// xfs reads the first superblock. Its free count is exact after a clean
// unmount; with lazy counters a crashed system's may be off, which is fine for
// a sentence to a person.
func xfs(a *area) (report.Content, bool) {
	b := a.bytes(0, 512)
	if b == nil || string(b[:4]) != "XFSB" {
		return report.Content{}, false
	}
	c := report.Content{Kind: kindFilesystem, Type: "xfs", Label: string(b[108:120])}
	c.Bytes, c.Used = used(be.Uint64(b[8:]), be.Uint64(b[144:]), uint64(be.Uint32(b[4:])))
	return c, true
}

func btrfs(a *area) (report.Content, bool) {
	b := a.bytes(64<<10, 1024)
	if b == nil || string(b[0x40:0x48]) != "_BHRfS_M" {
		return report.Content{}, false
	}
	return report.Content{
		Kind: kindFilesystem, Type: "btrfs", Label: string(b[0x12B : 0x12B+256]),
		Bytes: le.Uint64(b[0x70:]), Used: le.Uint64(b[0x78:]),
	}, true
}

// fat reads FAT12, FAT16 and FAT32. The names in the boot record mean nothing
// by the specification, but everybody writes them, and the geometry is checked.
func fat(a *area) (report.Content, bool) {
	b := a.bytes(0, 512)
	if b == nil || b[510] != 0x55 || b[511] != 0xAA {
		return report.Content{}, false
	}
	sector, cluster := uint64(le.Uint16(b[11:])), uint64(b[13])
	if sector < 512 || sector > 4096 || sector&(sector-1) != 0 || cluster == 0 || cluster&(cluster-1) != 0 {
		return report.Content{}, false
	}
	total := uint64(le.Uint16(b[19:]))
	if total == 0 {
		total = uint64(le.Uint32(b[32:]))
	}
	c := report.Content{Kind: kindFilesystem, Type: "vfat", Bytes: total * sector}
	switch {
	case string(b[0x52:0x57]) == "FAT32":
		c.Label = string(b[0x47:0x52])
		c.Used = fat32Used(a, b, total, cluster, sector)
	case string(b[0x36:0x39]) == "FAT":
		c.Label = string(b[0x2B:0x36])
	default:
		return report.Content{}, false
	}
	if bytes.HasPrefix([]byte(c.Label), []byte("NO NAME")) {
		c.Label = ""
	}
	return c, true
}

// fat32Used reads the free count of the information sector, a hint that
// systems keep right when they unmount.
func fat32Used(a *area, b []byte, total, cluster, sector uint64) uint64 {
	info := a.bytes(int64(le.Uint16(b[48:]))*int64(sector), 512)
	if info == nil || string(info[:4]) != "RRaA" {
		return 0
	}
	free := uint64(le.Uint32(info[488:]))
	if free > total/cluster {
		return 0
	}
	return (total - free*cluster) * sector
}

func exfat(a *area) (report.Content, bool) {
	b := a.bytes(0, 512)
	if b == nil || string(b[3:11]) != "EXFAT   " {
		return report.Content{}, false
	}
	return report.Content{Kind: kindFilesystem, Type: "exfat"}, true
}

func ntfs(a *area) (report.Content, bool) {
	b := a.bytes(0, 512)
	if b == nil || string(b[3:11]) != "NTFS    " {
		return report.Content{}, false
	}
	c := report.Content{Kind: kindFilesystem, Type: "ntfs"}
	c.Bytes, _ = used(le.Uint64(b[0x28:]), 0, uint64(le.Uint16(b[11:])))
	return c, true
}

func iso9660(a *area) (report.Content, bool) {
	b := a.bytes(32<<10, 2048)
	if b == nil || string(b[1:6]) != "CD001" {
		return report.Content{}, false
	}
	return report.Content{
		Kind: kindFilesystem, Type: "iso9660", Label: string(b[40:72]),
		Bytes: uint64(le.Uint32(b[80:])) * uint64(le.Uint16(b[128:])),
	}, true
}

// bcache and its file system bcachefs share the place of their superblock.
func bcache(a *area) (report.Content, bool) {
	b := a.bytes(4096, 512)
	switch {
	case b == nil:
	case string(b[24:40]) == "\xc6\x85\x73\xf6\x4e\x1a\x45\xca\x82\x65\xf5\x7f\x48\xba\x6d\x81":
		return report.Content{Kind: kindFilesystem, Type: "bcache", Label: string(b[72:104])}, true
	case string(b[24:40]) == "\xc6\x85\x73\xf6\x66\xce\x90\xa9\xd9\x6a\x60\xcf\x80\x3d\xf7\xef":
		return report.Content{Kind: kindFilesystem, Type: "bcachefs", Label: string(b[72:104])}, true
	}
	return report.Content{}, false
}
