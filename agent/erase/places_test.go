package erase

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"testing"

	"firstlight/agent/gpt"

	"pgregory.net/rapid"
)

// Whatever a partition table says and however long a disk is: each part lies on it
// and fits the buffer, and none of both ends is left out.
func TestPlacesLieOnTheDisk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(1, 1<<32).Draw(t, "sectors") * 512
		var all []extent
		for range rapid.IntRange(0, 5).Draw(t, "parts") {
			all = append(all, extent{rapid.Int64().Draw(t, "off"), rapid.Int64Range(0, edge).Draw(t, "n")})
			all = append(all, extent{rapid.Int64Range(0, size).Draw(t, "near"), edge})
		}
		for _, e := range within(append(all, extent{0, edge}, extent{size - edge, edge}), size) {
			if e.off < 0 || e.off%piece != 0 || e.n <= 0 || e.n%512 != 0 || e.off+e.n > size || e.n > edge+piece {
				t.Fatalf("part %+v of a disk of %d bytes", e, size)
			}
		}
	})
}

func TestWhatWasReadTwiceCountsOnce(t *testing.T) {
	for _, tt := range []struct {
		all  []extent
		want uint64
	}{
		{nil, 0},
		{[]extent{{8, 4}, {0, 4}}, 8},
		{[]extent{{0, 4}, {4, 4}, {4, 2}}, 8},
		{[]extent{{2, 10}, {4, 2}, {0, 4}, {11, 2}}, 13},
		{[]extent{{5, 5}, {50, 5}, {0, 100}}, 100},
	} {
		if got := covered(tt.all); got != tt.want {
			t.Errorf("covered(%v) = %d, want %d", tt.all, got, tt.want)
		}
	}
}

func TestPlacesHaveEachStretch(t *testing.T) {
	for _, size := range []int64{512, 4096, 1 << 20, 1<<20 + 512, 80 << 20} {
		d := &fakeDisk{data: make([]byte, size), size: size}
		all := places(d)
		slices.SortFunc(all, func(a, b extent) int { return int(a.off - b.off) })
		end := int64(0)
		for _, e := range all {
			if gap := e.off - end; gap > 2*max(size/stretches, block) {
				t.Errorf("of %d bytes none is read between %d and %d", size, end, e.off)
			}
			end = max(end, e.off+e.n)
		}
		if end != size {
			t.Errorf("of %d bytes the last read is at %d", size, end)
		}
	}
}

// oddTable is the beginning of a disk whose only partition begins at sector 2081
// and has 4001 (UEFI 2.10, 5.3).
func oddTable(t *testing.T) []byte {
	t.Helper()
	b := make([]byte, 34*512)
	header, entries := b[512:1024], b[1024:]
	copy(entries, "a type of its own")
	binary.LittleEndian.PutUint64(entries[32:], 2081)
	binary.LittleEndian.PutUint64(entries[40:], 2081+4000)
	copy(header, "EFI PART")
	for at, v := range map[int]uint32{8: 0x10000, 12: 92, 24: 1, 72: 2, 80: 128, 84: 128, 88: crc32.ChecksumIEEE(entries)} {
		binary.LittleEndian.PutUint32(header[at:], v)
	}
	binary.LittleEndian.PutUint32(header[16:], crc32.ChecksumIEEE(header[:92]))
	if table, err := gpt.Read(bytes.NewReader(b), size); err != nil || len(table.Parts) != 1 {
		t.Fatalf("the made table reads as %+v, %v", table, err)
	}
	return b
}

// A partition that begins at an odd sector, as old tools made them, is read back
// like any other.
func TestADiskWithAnOldPartitionTableIsErased(t *testing.T) {
	d := newDisk(size)
	copy(d.data, oddTable(t))
	if _, err := newRig(d).erase(t); err != nil || holds(d, planted) {
		t.Errorf("Erase = %v", err)
	}
	if n := len(places(&fakeDisk{data: append(oddTable(t), make([]byte, size)...), size: size})); n <= len(places(newDisk(size))) {
		t.Errorf("the table's partition adds no place to %d", n)
	}
}
