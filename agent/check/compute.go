package check

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/bits"
)

// sums are the results of one round of computing. They are the same on every
// processor that is well: nothing in a round is left to rounding, for products that
// might be fused with a sum are converted, which the language promises to round, and
// those that are to be fused say so.
type sums struct{ hash, integer, float uint64 }

// known is what a round has to give, with a processor's own fused operations and
// without.
var known = sums{hash: 0x36666cf696d53dfd, integer: 0x51a53290c34b963b, float: 0xd40bec1e508967bf}

// A round takes about a millisecond, and does this much.
const (
	hashed     = 16 << 10 // bytes
	mixed      = 32 << 10 // steps
	side       = 40       // of matrices
	operations = hashed + mixed + 2*side*side*side
)

// bench is what one thread computes with.
type bench struct {
	text    [hashed]byte
	a, b, c [side][side]float64
}

func (n *bench) round() sums {
	return sums{hash: n.hash(), integer: integers(), float: n.floats()}
}

// mix is one step of SplitMix64 (Steele, Lea and Flood, 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (n *bench) hash() uint64 {
	for i := 0; i < len(n.text); i += 8 {
		binary.LittleEndian.PutUint64(n.text[i:], mix(uint64(i)))
	}
	sum := sha256.Sum256(n.text[:])
	return binary.LittleEndian.Uint64(sum[:])
}

func integers() uint64 {
	x := uint64(1)
	for i := range uint64(mixed) {
		x = mix(x ^ i)
		high, low := bits.Mul64(x, x|1)
		x = bits.RotateLeft64(high^low, int(i)) + x/(i|3)
	}
	return x
}

// floats multiplies two matrices, once with and once without fusing, and divides.
func (n *bench) floats() uint64 {
	for i := range side {
		for j := range side {
			n.a[i][j] = float64(mix(uint64(i*side+j))>>11) / (1 << 52)
			n.b[i][j] = 1 - float64(mix(uint64(j*side+i)+1)>>11)/(1<<52)
		}
	}
	digest := uint64(0)
	for i := range side {
		for j := range side {
			plain, fused := 0.0, 0.0
			for k := range side {
				plain += float64(n.a[i][k] * n.b[k][j])
				fused = math.FMA(n.a[i][k], n.b[k][j], fused)
			}
			n.c[i][j] = math.Sqrt(float64(plain*plain)+1) / (2 + math.Abs(fused))
			digest = mix(digest ^ math.Float64bits(n.c[i][j]))
		}
	}
	return digest
}
