package erase

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"firstlight/agent/gpt"
)

// extent is a part of a disk, in bytes.
type extent struct{ off, n int64 }

const (
	piece     = 4096     // bytes that are judged together: the longest sector in use
	edge      = 1 << 20  // bytes at either end of a disk and of a partition, where tables and superblocks lie
	block     = 64 << 10 // bytes that are read in each stretch
	stretches = 1024     // that a disk is cut into
)

// far are the places of superblocks that lie neither at a beginning nor at an end:
// copies of btrfs's (its documentation, "on-disk format": 64 MiB and 256 GiB).
var far = []int64{64 << 20, 256 << 30}

// places are the parts of a disk that are read back: what its partitions are is
// asked while they are still there.
func places(d Disk) []extent {
	size := d.Size()
	whole := []extent{{0, size}}
	if t, err := gpt.Read(d, size); err == nil {
		for _, p := range t.Parts {
			whole = append(whole, extent{p.Start, p.Size})
		}
	}
	var all []extent
	for _, e := range whole {
		all = append(all, extent{e.off, edge}, extent{e.off + e.n - edge, edge})
	}
	for _, off := range far {
		all = append(all, extent{off, block})
	}
	stretch := max(size/stretches, block)
	for off := int64(0); off < size; off += stretch {
		all = append(all, extent{off + rand.Int64N(stretch), block})
	}
	return within(all, size)
}

// covered is how many bytes lie in at least one of some parts of a disk.
func covered(all []extent) (sum uint64) {
	end := int64(0)
	for _, e := range slices.SortedFunc(slices.Values(all), func(a, b extent) int { return cmp.Compare(a.off, b.off) }) {
		if from, to := max(e.off, end), e.off+e.n; to > from {
			sum += uint64(to - from)
			end = to
		}
	}
	return sum
}

// within moves parts to boundaries of pieces, and cuts off what no disk has.
func within(all []extent, size int64) []extent {
	var kept []extent
	for _, e := range all {
		from, to := max(e.off/piece*piece, 0), min(e.off+e.n, size)
		if to -= to % 512; to > from {
			kept = append(kept, extent{from, to - from})
		}
	}
	return kept
}
