package erase

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"time"
	"unsafe"

	"firstlight/agent/report"
)

// What an erased disk is filled with, as report.Erased says it.
const (
	fillZeros  = "00"
	fillOnes   = "ff"
	fillRandom = "random"
)

const chunk = 4 << 20 // bytes that are read or written at once

// sample is what was in some places of a disk before it was erased: hashes, for it
// is only asked whether it is still there.
type sample struct {
	places []extent
	seed   maphash.Seed
	sums   map[int64]uint64 // by offset, of pieces that could be read
}

// enough places that cannot be read end the reading: each may take a minute.
const enough = 16

// remember reads a disk's places. What cannot be read is left out: it cannot be
// compared with either.
func remember(ctx context.Context, d Disk) (sample, error) {
	s := sample{places: places(d), seed: maphash.MakeSeed(), sums: map[int64]uint64{}}
	buffer, failed := aligned(edge+piece), 0
	for _, e := range s.places {
		if ctx.Err() != nil {
			return s, ctx.Err()
		}
		b := buffer[:e.n]
		if readFull(d, b, e.off) != nil {
			if failed++; failed == enough {
				break // a locked disk, or one that dies slowly
			}
			continue
		}
		for at := int64(0); at < e.n; at += piece {
			s.sums[e.off+at] = maphash.Bytes(s.seed, b[at:min(at+piece, e.n)])
		}
	}
	return s, nil
}

// proof is what was read back.
type proof struct {
	places []extent // that were read
	whole  bool
	fill   string
}

// compare reads the places again. A piece has to be filled with one byte; where
// the key was changed it may hold anything but what it held.
func (s sample) compare(ctx context.Context, d Disk, byKey bool) (proof, error) {
	var p proof
	buffer, zeros, ones, other := aligned(edge+piece), 0, 0, 0
	for _, e := range s.places {
		b := buffer[:e.n]
		if err := errors.Join(ctx.Err(), readFull(d, b, e.off)); err != nil {
			return p, fmt.Errorf("read back at byte %d: %w", e.off, err)
		}
		p.places = append(p.places, e)
		for at := int64(0); at < e.n; at += piece {
			part, off := b[at:min(at+piece, e.n)], e.off+at
			before, known := s.sums[off]
			switch {
			case constant(part) && part[0] == 0:
				zeros++
			case constant(part) && part[0] == 0xff:
				ones++
			case known && before == maphash.Bytes(s.seed, part):
				return p, fmt.Errorf("at byte %d is still what was there", off)
			case !byKey || !known:
				return p, fmt.Errorf("at byte %d are neither zeros nor ones", off)
			default:
				other++
			}
		}
	}
	switch {
	case ones+other == 0:
		p.fill = fillZeros
	case zeros+other == 0:
		p.fill = fillOnes
	case byKey:
		p.fill = fillRandom
	default:
		return p, errors.New("some blocks hold zeros and some ones")
	}
	return p, nil
}

// all reads a disk from end to end, which has to hold one byte only. It gives up
// without an error as soon as it would take longer than budget; 0 is no bound.
func (p *proof) all(ctx context.Context, d Disk, budget time.Duration, told func(done int64)) error {
	want, buffer, began := byte(0), aligned(chunk), time.Now()
	p.places = append(p.places, extent{})
	read := &p.places[len(p.places)-1]
	if p.fill == fillOnes {
		want = 0xff
	}
	for off := int64(0); off < d.Size(); {
		b := buffer[:min(chunk, d.Size()-off)]
		if err := errors.Join(ctx.Err(), readFull(d, b, off)); err != nil {
			return fmt.Errorf("read back at byte %d: %w", off, err)
		}
		if !constant(b) || b[0] != want {
			return fmt.Errorf("not all of the %d bytes from %d on hold %s", len(b), off, p.fill)
		}
		off += int64(len(b))
		read.n = off
		told(off)
		if took := time.Since(began); budget > 0 && took > trial && float64(took)*float64(d.Size())/float64(off) > float64(budget) {
			return nil
		}
	}
	p.whole = true
	return nil
}

// trial is how long is read before it is judged how long the rest will take.
const trial = 3 * time.Second

// prove reads back what way left behind.
func (r *run) prove(ctx context.Context, way string) (proof, error) {
	if err := r.disk.Sync(); err != nil {
		return proof{}, fmt.Errorf("bring all to the disk: %w", err)
	}
	r.tell(report.StepReadBack, way, 0)
	p, err := r.before.compare(ctx, r.disk, isKeyed(way))
	if err != nil || p.fill == fillRandom {
		return p, err
	}
	budget := r.Whole
	if way == report.EraseDiscard {
		budget = 0 // a disk may read as zeros where it was asked, and not where it was not
	} else if budget == 0 {
		return p, nil
	}
	err = p.all(ctx, r.disk, budget, func(done int64) { r.tell(report.StepReadBack, way, float64(done)/float64(r.disk.Size())) })
	return p, err
}

func constant(b []byte) bool { return bytes.Equal(b[1:], b[:len(b)-1]) }

// readFull reads all of p, or fails.
func readFull(d Disk, p []byte, off int64) error {
	n, err := d.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil {
		err = errors.New("the disk gives less than was asked for")
	}
	return err
}

// aligned makes a buffer that may be read into past the page cache.
func aligned(n int) []byte {
	b := make([]byte, n+piece)
	skip := -int(uintptr(unsafe.Pointer(&b[0]))) & (piece - 1)
	return b[skip : skip+n : skip+n]
}
