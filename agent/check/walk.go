package check

// grain is the bytes that reads begin and end at: the longest sector in use.
const grain = 4096

// walk goes over a disk so that any part of the way is spread over all of it, and
// all of the way has every block once.
type walk struct {
	size, blocks, step, at int64
}

type span struct{ off, n int64 }

func newWalk(size int64) *walk {
	size = size / grain * grain
	w := &walk{size: size, blocks: (size + reading - 1) / reading}
	w.step = max(1, int64(float64(w.blocks)*0.6180339887498949)) // the golden ratio leaves no part out for long
	for common(w.step, w.blocks) > 1 {
		w.step++
	}
	return w
}

// common is the greatest common divisor.
func common(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func (w *walk) next() span {
	off := w.at * reading
	w.at = (w.at + w.step) % w.blocks
	return span{off, min(reading, w.size-off)}
}
