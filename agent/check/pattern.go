package check

import "math/bits"

// pattern is the word that is written to an address. Each round has another seed.
type pattern func(seed, address uint64) uint64

// patterns follow one another: bits that walk, and the inverse of them, show lines
// that are stuck or touch; addresses show those that are confused; chance shows
// what depends on the neighbours.
var patterns = []pattern{
	func(seed, address uint64) uint64 { return bits.RotateLeft64(1, int(seed+address/8)) },
	func(seed, address uint64) uint64 { return ^bits.RotateLeft64(1, int(seed+address/8)) },
	func(_, address uint64) uint64 { return address },
	func(_, address uint64) uint64 { return ^address },
	func(seed, address uint64) uint64 { return mix(seed ^ address) },
	func(seed, address uint64) uint64 { return ^mix(seed ^ address) },
}

// write fills words, which begin at an address.
func (p pattern) write(words []uint64, seed, address uint64) {
	for i := range words {
		words[i] = p(seed, address+uint64(i)*8)
	}
}

// differ is how many bytes are not as they were written, and the first word of them;
// no word is -1.
func (p pattern) differ(words []uint64, seed, address uint64) (count int64, first int) {
	first = -1
	for i, got := range words {
		x := got ^ p(seed, address+uint64(i)*8)
		if x == 0 {
			continue
		}
		if first < 0 {
			first = i
		}
		for ; x != 0; x >>= 8 {
			if x&0xff != 0 {
				count++
			}
		}
	}
	return count, first
}
