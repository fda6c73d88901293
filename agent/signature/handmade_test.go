package signature_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"firstlight/agent/report"
	"firstlight/agent/signature"
)

// Formats that no tool makes without a kernel driver, a controller or a
// package outside Debian main, written by hand after their documentation.
func TestFindOnHandmadeDisks(t *testing.T) {
	const size = 16 << 20
	one := func(kind, typ, label string) []report.Content {
		return []report.Content{{Device: "nvme0n1", Kind: kind, Type: typ, Label: label, Bytes: size}}
	}
	for _, test := range []struct {
		name string
		put  map[int64]string
		want []report.Content
	}{
		{"a blank disk", nil, nil},
		{"an erased flash disk", map[int64]string{0: strings.Repeat("\xff", size)}, nil},
		{"bytes nobody knows at the start", map[int64]string{700: "x"}, one("data", "unknown", "")},
		{"bytes nobody knows at the end", map[int64]string{size - 1: "x"}, one("data", "unknown", "")},
		{"bytes nobody knows all over the middle", map[int64]string{2 << 20: strings.Repeat("x", 4<<20)}, one("data", "unknown", "")},
		{"md 1.0", md(size-8<<10, "db:1"), one("raid", "mdraid-1.0", "db:1")},
		{"md 1.1", md(0, "db:1"), one("raid", "mdraid-1.1", "db:1")},
		{"md 1.2", md(4096, "db:1"), one("raid", "mdraid-1.2", "db:1")},
		{"md 0.90", map[int64]string{size - 64<<10: "\xfc\x4e\x2b\xa9"}, one("raid", "mdraid-0.90", "")},
		{"md 0.90 of a big-endian machine", map[int64]string{size - 64<<10: "\xa9\x2b\x4e\xfc"}, one("raid", "mdraid-0.90", "")},
		{"Intel's firmware RAID", map[int64]string{size - 1024: "Intel Raid ISM Cfg Sig. 1.3.00"}, one("raid", "imsm", "")},
		{"DDF RAID", map[int64]string{size - 512: "\xde\x11\xde\x11"}, one("raid", "ddf", "")},
		{"a ZFS member", zfs(0, "tank"), one("filesystem", "zfs_member", "tank")},
		{"a ZFS member whose first labels were overwritten", zfs(size-256<<10, "tank"), one("filesystem", "zfs_member", "tank")},
		{"VMware", map[int64]string{1 << 20: "\x0d\xd0\x01\xc0"}, one("filesystem", "vmfs_volume_member", "")},
		{"a hibernated system", map[int64]string{4086: "S1SUSPEND\x00"}, one("swap", "swap", "")},
		{"stratis", map[int64]string{516: "!Stra0tis\x86\xff\x02^\x41rh"}, one("lvm", "stratis", "")},
		{"apple", map[int64]string{32: "NXSB"}, one("filesystem", "apfs", "")},
		{"a boot record without partitions", map[int64]string{510: "\x55\xaa"}, one("partition-table", "dos", "")},
		{"a partition table with a broken checksum", map[int64]string{512: "EFI PART"}, one("partition-table", "gpt", "damaged")},
		{
			"an extended partition that bites its tail",
			map[int64]string{446: slot(5, 2048, 4096), 510: "\x55\xaa", 1 << 20: "", 1<<20 + 462: slot(5, 0, 4096), 1<<20 + 510: "\x55\xaa"},
			one("partition-table", "dos", ""),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			disk := make([]byte, size)
			for at, b := range test.put {
				copy(disk[at:], b)
			}
			compare(t, test.want, signature.Find(bytes.NewReader(disk), size, "nvme0n1"))
		})
	}
}

// slot is one entry of a boot record, in sectors.
func slot(kind byte, start, count uint32) string {
	b := []byte{0, 0, 0, 0, kind, 0, 0, 0}
	b = binary.LittleEndian.AppendUint32(b, start)
	return string(binary.LittleEndian.AppendUint32(b, count))
}

func md(at int64, name string) map[int64]string {
	return map[int64]string{at: "\xfc\x4e\x2b\xa9\x01\x00\x00\x00", at + 32: name}
}

func zfs(label int64, pool string) map[int64]string {
	pair := "\x00\x00\x00\x04name\x00\x00\x00\x09\x00\x00\x00\x01\x00\x00\x00" + string(rune(len(pool))) + pool
	return map[int64]string{label + 16<<10 + 40: pair, label + 130<<10: "\x0c\xb1\xba\x00\x00\x00\x00\x00"}
}

// broken is a disk that cannot read one of its sectors.
type broken struct {
	io.ReaderAt
	at int64
}

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if off <= b.at && b.at < off+int64(len(p)) {
		return 0, errors.New("input/output error")
	}
	return b.ReaderAt.ReadAt(p, off)
}

func TestUnreadablePlacesAreNeverCalledBlank(t *testing.T) {
	const size = 16 << 20
	blank := bytes.NewReader(make([]byte, size))
	for _, at := range []int64{0, 512, 32 << 10, size - 1, size - 600<<10} {
		got := signature.Find(broken{blank, at}, size, "sda")
		compare(t, []report.Content{{Device: "sda", Kind: "unreadable", Type: "error", Bytes: size}}, got)
	}
	got := signature.Find(blank, size+4096, "sda") // a disk that ends before it says
	compare(t, []report.Content{{Device: "sda", Kind: "unreadable", Type: "error", Bytes: size + 4096}}, got)
}

func TestTinyDisks(t *testing.T) {
	for size := range int64(600) {
		if got := signature.Find(bytes.NewReader(make([]byte, size)), size, "sda"); len(got) != 0 {
			t.Errorf("Find on %d zero bytes = %+v, want nothing", size, got)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, test := range []map[int64]string{
		{1024 + 0x38: "\x53\xef"},
		{0: "XFSB"},
		{64<<10 + 0x40: "_BHRfS_M"},
		{512: "LABELONE", 536: "LVM2 001"},
		{510: "\x55\xaa", 446: slot(5, 1, 2), 478: slot(0x83, 4, 8)},
		zfs(0, "tank"), md(4096, "x"),
		{0: "LUKS\xba\xbe\x00\x02"},
	} {
		disk := make([]byte, 160<<10)
		for at, b := range test {
			copy(disk[at:], b)
		}
		f.Add(disk)
	}
	f.Fuzz(func(t *testing.T, disk []byte) {
		count := &counter{r: bytes.NewReader(disk)}
		found := signature.Find(count, int64(len(disk)), "sda")
		if len(found) == 0 && len(bytes.Trim(disk, "\x00")) > 0 && len(bytes.Trim(disk, "\xff")) > 0 && len(disk) <= 1<<20 {
			t.Errorf("Find(%d bytes that are not blank) found nothing", len(disk))
		}
		// 128 partitions of either scheme, each read in about forty places.
		if count.reads > 40_000 {
			t.Errorf("Find made %d reads", count.reads)
		}
	})
}

type counter struct {
	r     io.ReaderAt
	reads int
}

func (c *counter) ReadAt(p []byte, off int64) (int, error) {
	c.reads++
	return c.r.ReadAt(p, off)
}
