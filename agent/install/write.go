package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"firstlight/agent/report"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"
)

const (
	grain     = 1 << 20   // bytes that are looked at together for being zeros
	chunk     = 4 << 20   // bytes that travel through the pipeline together
	depth     = 4         // chunks on their way
	maxWindow = 128 << 20 // memory that an image may ask of us to be unpacked (zstd --long=27)
)

// write streams the image to the disk, all but the disk's ends.
func (r *run) write(ctx context.Context) (string, error) {
	disk, err := r.Open(r.name)
	if err != nil {
		return "", fmt.Errorf("open %s for writing: %w", r.name, err)
	}
	r.disk = disk
	if got := uint64(disk.Size()); got != r.plan.Disk.Bytes {
		return "", fmt.Errorf("%s has %d bytes now that it is open, and %d in the plan", r.name, got, r.plan.Disk.Bytes)
	}
	if r.ends, err = withhold(disk); err != nil {
		return "", err
	}
	src := &download{open: r.Appliance.Image, image: r.plan.Image, patience: r.Patience, log: r.Log}
	defer src.close()
	began := time.Now()
	if err := r.pipeline(ctx, src); err != nil {
		return "", err
	}
	if err := disk.Sync(); err != nil {
		return "", fmt.Errorf("write image: %w", err)
	}
	return fmt.Sprintf("%.0f MB/s", float64(r.plan.Image.Bytes)/1e6/time.Since(began).Seconds()), nil
}

// block is a chunk of the image on its way.
type block struct {
	off  int64
	data []byte
}

// pipeline reads, unpacks and writes at the same time, each in a goroutine of
// its own. It succeeds when the whole image is there and its hash is the plan's.
func (r *run) pipeline(ctx context.Context, src *download) error {
	g, ctx := errgroup.WithContext(ctx)
	src.ctx = ctx // so that a disk that fails ends the wait for the network
	sum, in := newSum(r.plan.Image), newAhead(ctx)
	z, err := zstd.NewReader(in, decoding(runtime.NumCPU())...)
	if err != nil {
		return fmt.Errorf("unpack image: %w", err)
	}
	free, full := make(chan []byte, depth), make(chan block, depth)
	for range depth {
		free <- make([]byte, chunk)
	}
	g.Go(func() error { return in.fill(src, sum.wire()) })
	g.Go(func() error { defer close(full); defer z.Close(); return r.unpack(ctx, z, sum.raw(), free, full) })
	g.Go(func() error { return r.store(full, free) })
	if err := g.Wait(); err != nil {
		return err
	}
	if err := sum.check(); err != nil {
		return fmt.Errorf("image %s %w; the disk stays without a partition table", r.plan.Image.Name, err)
	}
	return nil
}

// decoding splits the unpacking itself where processors are left for it. Where
// there are none, two threads that wait for each other at every 128 KiB cost a
// sixth of an install (QEMU's emulation, two processors, November 2026).
func decoding(processors int) []zstd.DOption {
	options := []zstd.DOption{
		zstd.WithDecoderMaxWindow(maxWindow),
		zstd.IgnoreChecksum(true), // the plan's hash says more than the frame's checksum
	}
	if processors < 4 {
		options = append(options, zstd.WithDecoderConcurrency(1))
	}
	return options
}

// unpack cuts the image into blocks, exactly as many bytes as the plan says.
func (r *run) unpack(ctx context.Context, z io.Reader, sum io.Writer, free <-chan []byte, out chan<- block) error {
	want := r.plan.Image.Bytes
	for off := int64(0); ; {
		var data []byte
		select {
		case data = <-free:
		case <-ctx.Done():
			return ctx.Err()
		}
		n, err := io.ReadFull(z, data[:chunk])
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		switch {
		case err != nil && !ended:
			return fmt.Errorf("unpack image %s: %w", r.plan.Image.Name, err)
		case off+int64(n) > want || (ended && off+int64(n) < want):
			return fmt.Errorf("image %s has %s bytes, and %d in the plan", r.plan.Image.Name, atLeast(off+int64(n), ended), want)
		}
		if _, err := sum.Write(data[:n]); err != nil { // never, by the contract of hashes
			return err
		}
		if n > 0 {
			out <- block{off, data[:n]} // has room for all blocks that there are
		}
		if off += int64(n); ended {
			return nil
		}
	}
}

func atLeast(n int64, ended bool) string {
	if ended {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("at least %d", n)
}

// store writes blocks.
func (r *run) store(in <-chan block, free chan<- []byte) error {
	t := ticker{emit: r.progress, total: r.plan.Image.Bytes, began: time.Now()}
	for b := range in {
		if err := put(r.ends, b.off, b.data); err != nil {
			return fmt.Errorf("write to %s at byte %d: %w", r.name, b.off, err)
		}
		t.tick(b.off + int64(len(b.data)))
		free <- b.data[:chunk] // has room for all blocks that there are
	}
	return nil
}

// put writes data, and lets the disk make zeros by itself where it only holds
// zeros: most of an image is empty space, and a disk that is asked for zeros
// needs no bytes to be moved to it.
func put(d Disk, off int64, data []byte) error {
	for len(data) > 0 {
		n := min(grain, len(data))
		empty := zeros(data[:n])
		for n < len(data) && zeros(data[n:min(n+grain, len(data))]) == empty {
			n = min(n+grain, len(data))
		}
		var err error
		if empty {
			err = d.Zero(off, int64(n))
		} else {
			err = writeFull(d, data[:n], off)
		}
		if err != nil {
			return err
		}
		off, data = off+int64(n), data[n:]
	}
	return nil
}

// writeFull writes all of p. A disk that takes less without a word is believed
// to have failed.
func writeFull(d Disk, p []byte, off int64) error {
	n, err := d.WriteAt(p, off)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	return err
}

func zeros(b []byte) bool { return b[0] == 0 && bytes.Equal(b[1:], b[:len(b)-1]) }

// ticker tells of progress when another percent is done, but not more often
// than five times a second, and at least each second while there is any.
type ticker struct {
	emit        func(report.Progress)
	total, last int64
	began, told time.Time
}

func (t *ticker) tick(done int64) {
	now := time.Now()
	pause := now.Sub(t.told)
	if done < t.total && pause < time.Second && (pause < 200*time.Millisecond || (done-t.last)*100 < t.total) {
		return
	}
	t.last, t.told = done, now
	rate := float64(done) / 1e6 / max(now.Sub(t.began).Seconds(), 0.001)
	t.emit(report.Progress{Step: report.StepWrite, Message: fmt.Sprintf("%.0f MB/s", rate), Done: done, Total: t.total})
}
