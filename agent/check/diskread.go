package check

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"firstlight/agent/patience"
	"firstlight/agent/report"
)

const (
	reading = 1 << 20 // bytes of one read
	sector  = 512     // bytes that an LBA counts, in what is told of Linux's disks
	// hopeless is how many reads of one disk may fail: each may take a minute.
	hopeless = 16
)

// reader is one disk that is read.
type reader struct {
	disk report.Disk
	meter
	latency series // the slowest read of each second, in milliseconds

	mu       sync.Mutex
	refused  error
	began    time.Time // of the read that is on its way; zero: none is
	slowest  time.Duration
	slow     time.Duration // the slowest since the last look
	failures int64
	first    string // where, and why
}

// identity is what a disk is called in results: its serial number, where it has one.
func identity(d report.Disk) string {
	if d.Serial != "" {
		return d.Serial
	}
	return d.Name
}

// diskRead reads each disk all over, all at once.
func (r *run) diskRead(ctx context.Context) []report.Measured {
	if len(r.facts.Disks) == 0 {
		return []report.Measured{untested(report.TestDiskRead, "", "the machine has no disk")}
	}
	var workers sync.WaitGroup
	readers := make([]*reader, len(r.facts.Disks))
	for i, d := range r.facts.Disks {
		readers[i] = &reader{disk: d, latency: series{worst: true}}
		workers.Go(func() { readers[i].work(ctx, r.Open) })
	}
	took := each(ctx, &workers, func(took time.Duration) {
		for _, d := range readers {
			d.read(took)
			d.latency.add(d.worst())
		}
	})
	var all []report.Measured
	for _, d := range readers {
		all = append(all, d.result(took)...)
	}
	return all
}

func (d *reader) work(ctx context.Context, open func(string) (Disk, error)) {
	disk, err := open(d.disk.Name)
	if err != nil {
		d.refuse(err)
		return
	}
	defer disk.Close() //nolint:errcheck // it was only read
	b, err := pages(reading)
	if err != nil {
		d.refuse(err)
		return
	}
	defer giveBack(b)
	w := newWalk(disk.Size())
	if w.blocks == 0 {
		d.refuse(fmt.Errorf("it has %d bytes", disk.Size()))
	}
	for w.blocks > 0 && ctx.Err() == nil && d.try(disk, b, w.next()) {
		if d.failed() {
			_ = patience.Wait(ctx, patience.Short) // a disk that is gone fails at once
		}
	}
}

// try reads once, and tells whether to go on.
func (d *reader) try(disk Disk, b []byte, at span) bool {
	d.mu.Lock()
	d.began = time.Now()
	d.mu.Unlock()
	n, err := disk.ReadAt(b[:at.n], at.off)
	if err == nil && int64(n) < at.n {
		err = io.ErrUnexpectedEOF
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	took := time.Since(d.began)
	d.slow, d.slowest, d.began = max(d.slow, took), max(d.slowest, took), time.Time{}
	if err == nil {
		d.done.Add(at.n)
		return true
	}
	if d.failures++; d.failures == 1 {
		d.first = fmt.Sprintf("that of %d KiB at LBA %d: %v", at.n>>10, at.off/sector, err)
	}
	return d.failures < hopeless
}

func (d *reader) failed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failures > 0
}

func (d *reader) refuse(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused = err
}

// worst is the slowest read since the last look, also one that has not come back.
func (d *reader) worst() float64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	worst := d.slow
	if !d.began.IsZero() {
		worst = max(worst, time.Since(d.began))
	}
	d.slow = 0
	return milliseconds(worst)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (d *reader) result(took time.Duration) []report.Measured {
	d.mu.Lock()
	defer d.mu.Unlock()
	name := identity(d.disk)
	if d.refused != nil {
		return []report.Measured{untested(report.TestDiskRead, name, fmt.Sprintf("%s is not read: %v", d.disk.Name, d.refused))}
	}
	why, slowest := "", d.slowest
	switch hangs := time.Since(d.began); {
	case !d.began.IsZero() && hangs > grace:
		why, slowest = fmt.Sprintf("%s has not answered a read for %.0f s", d.disk.Name, hangs.Seconds()), max(slowest, hangs)
	case d.failures > 0:
		why = fmt.Sprintf("%d reads of %s failed, first %s", d.failures, d.disk.Name, d.first)
	}
	return []report.Measured{
		d.figure(report.TestDiskRead, report.MetricRate, name, "MB/s", took),
		{
			Test: report.TestDiskRead, Metric: report.MetricLatency, Part: name, Unit: "ms",
			Value: milliseconds(slowest), Samples: d.latency.values, Seconds: took.Seconds(),
		},
		counted(report.TestDiskRead, name, d.failures, took, why),
	}
}
