package check

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"sync/atomic"
	"unsafe"

	"firstlight/agent/report"
)

const (
	chunk   = 16 << 20 // bytes that are taken and given back at once
	stretch = 16       // chunks that a thread writes before it reads them: more than its cache
	threads = 16       // more of them do not get more out of memory
	whole   = "memory" // of the figures that are about all of it
)

// field is the memory under test. Its threads take of it until no more can be spared.
type field struct {
	*run
	meter
	seed     uint64
	readBack atomic.Int64 // bytes
	wrong    atomic.Int64 // bytes

	mu      sync.Mutex
	coming  int64 // bytes that are taken, and not touched yet
	refused error // there is no more, for this reason
	where   string
}

// memory writes patterns to what memory can be spared, and reads them back.
func (r *run) memory(ctx context.Context) []report.Measured {
	before := readEDAC(r.Root, r.facts.DIMMs)
	f := &field{run: r, seed: mix(uint64(r.began.UnixNano()))}
	cpus, err := r.CPUs()
	if err != nil {
		return []report.Measured{untested(report.TestMemory, whole, err.Error())}
	}
	var workers sync.WaitGroup
	for range min(len(cpus), threads) {
		workers.Go(func() { f.work(ctx) })
	}
	took := each(ctx, &workers, f.read)
	f.mu.Lock() // a thread may be late
	defer f.mu.Unlock()
	all := before.since(readEDAC(r.Root, r.facts.DIMMs), took)
	if f.readBack.Load() == 0 {
		why := "nothing of it was read back in time"
		if f.refused != nil {
			why = f.refused.Error()
		}
		return append([]report.Measured{untested(report.TestMemory, whole, why)}, all...)
	}
	why := ""
	if n := f.wrong.Load(); n > 0 {
		why = fmt.Sprintf("%d bytes were read other than they were written, first %s", n, f.where)
	}
	return append([]report.Measured{
		f.figure(report.TestMemory, report.MetricRate, whole, "MB/s", took),
		counted(report.TestMemory, whole, f.wrong.Load(), took, why),
	}, all...)
}

// work goes over the chunks of one thread, again and again, with another pattern
// each time. The first time it takes them on its way.
func (f *field) work(ctx context.Context) {
	var chunks [][]byte
	defer func() {
		for _, c := range chunks {
			giveBack(c)
		}
	}()
	for pass := 0; ctx.Err() == nil; pass++ {
		n := stretch
		if pass == 0 {
			n = 1 // a slow machine has something read back early, too
		}
		for at := 0; ctx.Err() == nil; at, n = at+n, min(2*n, stretch) {
			if pass == 0 {
				chunks = f.grow(chunks, n)
			}
			chunks = f.shrink(chunks)
			if at >= len(chunks) {
				break
			}
			f.try(ctx, chunks[at:min(at+n, len(chunks))], pass)
		}
		if len(chunks) == 0 {
			return
		}
	}
}

// grow takes n chunks of memory, or what is left.
func (f *field) grow(chunks [][]byte, n int) [][]byte {
	for range n {
		b, err := f.take()
		if err != nil {
			f.mu.Lock()
			f.refused = err
			f.mu.Unlock()
			break
		}
		chunks = append(chunks, b)
	}
	return chunks
}

func (f *field) take() ([]byte, error) {
	f.mu.Lock()
	free, err := spare(f.Root)
	if err == nil && free-f.coming < chunk {
		err = fmt.Errorf("%d MB of memory can be had, and %d are left alone", (free-f.coming+left)>>20, left>>20)
	}
	if err != nil {
		f.mu.Unlock()
		return nil, err
	}
	f.coming += chunk
	f.mu.Unlock()
	b, err := pages(chunk)
	for at := 0; at < len(b); at += 4096 {
		b[at] = 1
	}
	f.mu.Lock()
	f.coming -= chunk
	f.mu.Unlock()
	return b, err
}

// shrink gives memory back while others need it: less than half is left of what is
// to be left alone.
func (f *field) shrink(chunks [][]byte) [][]byte {
	for len(chunks) > 0 {
		if free, err := spare(f.Root); err != nil || free >= -left/2 {
			break
		}
		last := len(chunks) - 1
		giveBack(chunks[last])
		chunks = chunks[:last]
	}
	return chunks
}

// try writes a pattern to chunks, and then reads it back.
func (f *field) try(ctx context.Context, chunks [][]byte, pass int) {
	p, seed := patterns[pass%len(patterns)], f.seed+uint64(pass)
	for _, b := range chunks {
		if ctx.Err() != nil {
			return
		}
		words := words(b)
		p.write(words, seed, address(b))
		if f.spoil != nil {
			f.spoil(words)
		}
		f.done.Add(chunk)
	}
	for _, b := range chunks {
		if ctx.Err() != nil {
			return
		}
		if n, first := p.differ(words(b), seed, address(b)); n > 0 {
			f.found(n, b[first*8:])
		}
		f.done.Add(chunk)
		f.readBack.Add(chunk)
	}
}

func words(b []byte) []uint64 { return unsafe.Slice((*uint64)(unsafe.Pointer(&b[0])), len(b)/8) }

func address(b []byte) uint64 { return uint64(uintptr(unsafe.Pointer(&b[0]))) }

// found remembers the first place.
func (f *field) found(n int64, at []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wrong.Add(n) == n {
		f.where = physical(f.Root, address(at))
	}
}

// physical is where an address lies, as far as the kernel tells it to us
// (Documentation/admin-guide/mm/pagemap.rst).
func physical(root fs.FS, at uint64) string {
	const page, frame, present = 4096, 1<<55 - 1, 1 << 63
	unknown := "in a page that the kernel does not name"
	file, err := root.Open("proc/self/pagemap")
	if err != nil {
		return unknown
	}
	defer file.Close()
	table, ok := file.(io.ReaderAt)
	if !ok {
		return unknown
	}
	b := make([]byte, 8)
	if _, err := table.ReadAt(b, int64(at/page*8)); err != nil {
		return unknown
	}
	entry := binary.LittleEndian.Uint64(b)
	if entry&present == 0 || entry&frame == 0 {
		return unknown
	}
	return fmt.Sprintf("at the physical address %#x", entry&frame*page+at%page)
}
