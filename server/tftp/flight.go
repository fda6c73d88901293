package tftp

import (
	"encoding/binary"
	"errors"
	"io"
)

// flight is the window: blocks that were read and not acknowledged.
type flight struct {
	blocks [][]byte // a ring of packets
	head   int      // the oldest one's place in the ring
	number uint16   // the oldest one's number on the wire, which wraps to 0
	count  int
	sent   int  // of count
	ended  bool // the last block was read
}

func newFlight(block, window int) *flight {
	f := &flight{blocks: make([][]byte, window), number: 1}
	for i := range f.blocks {
		f.blocks[i] = make([]byte, headerSize, headerSize+block)
		binary.BigEndian.PutUint16(f.blocks[i], opData)
	}
	return f
}

func (f *flight) at(i int) []byte { return f.blocks[(f.head+i)%len(f.blocks)] }

func (f *flight) empty() bool { return f.count == 0 }

// fill reads blocks until the window is full or the file ends, which a block
// that is not full says, an empty one if need be (RFC 1350 §6).
func (f *flight) fill(r io.Reader) error {
	for f.count < len(f.blocks) && !f.ended {
		slot := &f.blocks[(f.head+f.count)%len(f.blocks)]
		full := (*slot)[:cap(*slot)]
		n, err := io.ReadFull(r, full[headerSize:])
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			f.ended = true
		case err != nil:
			return err
		}
		*slot = full[:headerSize+n]
		binary.BigEndian.PutUint16((*slot)[2:], f.number+uint16(f.count))
		f.count++
	}
	return nil
}

// ahead tells how many blocks of the flight an ACK settles: it may be of the
// last one or of any before a gap (RFC 7440 §4). A stale one is far ahead.
func (f *flight) ahead(block uint16) int { return int(block - (f.number - 1)) }

// settle takes acknowledged blocks out and gives their bytes. What was sent
// behind a gap is sent again.
func (f *flight) settle(blocks int) (n int64) {
	for range blocks {
		n += int64(len(f.at(0)) - headerSize)
		f.head = (f.head + 1) % len(f.blocks)
		f.number++
		f.count--
	}
	f.sent = max(f.sent-blocks, 0)
	return n
}
