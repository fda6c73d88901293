package signature

import "bytes"

const (
	edge    = 1 << 20 // bytes at either end that are read whole
	samples = 64      // places in between
	sample  = 4096    // bytes of each
)

// blank says whether the disk looks as if nobody had ever written to it: both
// ends and 64 places spread evenly in between are all zeros or all ones, which
// is what flash gives after an erase. It can overlook a small file far from
// both ends of a disk that has no table and no file system; whoever needs
// certainty erases the disk.
func blank(a *area) bool {
	if !uniform(a.bytes(0, int(min(edge, a.size)))) || !uniform(a.bytes(-min(edge, a.size), int(min(edge, a.size)))) {
		return false
	}
	step := (a.size / (samples + 1)) &^ (sample - 1)
	for i := int64(1); step > 0 && i <= samples; i++ {
		if !uniform(a.bytes(i*step, sample)) {
			return false
		}
	}
	return true
}

// uniform also says yes to nil: that the bytes could not be read is remembered
// at the disk and reported as what it is.
func uniform(b []byte) bool {
	return len(b) == 0 || bytes.Count(b, []byte{0}) == len(b) || bytes.Count(b, []byte{0xFF}) == len(b)
}
