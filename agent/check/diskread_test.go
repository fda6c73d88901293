package check

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"firstlight/agent/blockdev/blockdevtest"
	"firstlight/agent/passthrough"
	"firstlight/agent/report"

	"golang.org/x/sys/unix"
)

// drive is a disk that takes its time, and has places that cannot be read.
type drive struct {
	size int64
	each time.Duration
	bad  func(off int64) error
	hang chan struct{} // that the second read waits for

	mu    sync.Mutex
	reads []int64
}

func (d *drive) Size() int64            { return d.size }
func (d *drive) Close() error           { return nil }
func (d *drive) Door() passthrough.Door { return nil }
func (d *drive) ReadAt(p []byte, off int64) (int, error) {
	d.mu.Lock()
	d.reads = append(d.reads, off)
	n := len(d.reads)
	d.mu.Unlock()
	if d.hang != nil && n > 1 {
		<-d.hang
	}
	time.Sleep(d.each)
	if d.bad != nil {
		if err := d.bad(off); err != nil {
			return 0, err
		}
	}
	return int(min(int64(len(p)), d.size-off)), nil
}

func readOf(t *testing.T, d Disk) []report.Measured {
	t.Helper()
	c := rig(report.Report{Disks: []report.Disk{{Name: "sda", Serial: "S1"}}})
	c.Open = func(string) (Disk, error) { return d, nil }
	all, err := c.Check(t.Context(), order(report.CheckTest{Test: "disk-read", Seconds: 60}), quiet)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestADiskIsReadAllOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &drive{size: 1 << 40, each: 10 * time.Millisecond}
		all := readOf(t, d)
		rate, latency, failures := find(t, all, "S1", report.MetricRate), find(t, all, "S1", report.MetricLatency), find(t, all, "S1", report.MetricErrors)
		if rate.Value < 104 || rate.Value > 105 || len(rate.Samples) != 60 || rate.Seconds != 60 {
			t.Errorf("rate %+v, want 104.9 MB/s", rate)
		}
		if latency.Value != 10 || latency.Unit != "ms" || failures.Value != 0 || failures.Error != "" {
			t.Errorf("latency %+v, errors %+v", latency, failures)
		}
		var tenths [10]int
		for _, off := range d.reads {
			tenths[off*10/d.size]++
		}
		for i, n := range tenths {
			if n < len(d.reads)/10-5 {
				t.Errorf("of %d reads %d are in tenth %d of the disk", len(d.reads), n, i)
			}
		}
	})
}

func TestWhatCannotBeReadIsNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &drive{size: 64 << 20, each: 50 * time.Millisecond, bad: func(off int64) error {
			if off == 17<<20 {
				return unix.EIO
			}
			return nil
		}}
		m := find(t, readOf(t, d), "S1", report.MetricErrors)
		if m.Value < 2 || !strings.Contains(m.Error, "reads of sda failed, first that of 1024 KiB at LBA 34816: input/output error") {
			t.Errorf("errors %+v", m)
		}
	})
}

func TestADiskThatIsGoneIsLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &drive{size: 64 << 20, bad: func(int64) error { return unix.ENXIO }}
		began := time.Now()
		m := find(t, readOf(t, d), "S1", report.MetricErrors)
		if m.Value != hopeless || time.Since(began) > 10*time.Second {
			t.Errorf("after %v errors %+v, want %d", time.Since(began), m, hopeless)
		}
	})
}

func TestADiskThatHangsIsToldInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &drive{size: 64 << 20, hang: make(chan struct{})}
		defer close(d.hang)
		began := time.Now()
		all := readOf(t, d)
		if took := time.Since(began); took != 60*time.Second+grace {
			t.Errorf("it took %v, want a minute and %v", took, grace)
		}
		if m := find(t, all, "S1", report.MetricErrors); !strings.Contains(m.Error, "sda has not answered a read for 62 s") {
			t.Errorf("errors %+v", m)
		}
		if m := find(t, all, "S1", report.MetricLatency); m.Value < 60000 {
			t.Errorf("latency %+v, want what it has not answered for", m)
		}
	})
}

func TestAWalkHasEveryBlockOnce(t *testing.T) {
	for _, size := range []int64{4096, 1 << 20, 1<<20 + 4096, 3<<20 + 512, 64 << 20, 1000<<20 + 8192} {
		w, seen, sum := newWalk(size), map[int64]bool{}, int64(0)
		for range w.blocks {
			s := w.next()
			if seen[s.off] || s.off%grain != 0 || s.n <= 0 || s.n%grain != 0 || s.off+s.n > size {
				t.Fatalf("%d bytes: %+v is read twice, or does not lie on it", size, s)
			}
			seen[s.off] = true
			sum += s.n
		}
		if sum != size/grain*grain {
			t.Errorf("of %d bytes %d are read", size, sum)
		}
	}
	if w := newWalk(512); w.blocks != 0 {
		t.Errorf("a disk of a sector has %d blocks", w.blocks)
	}
}

// The promise: a disk is the same afterwards, bit by bit, and could not be written.
func TestABlockDeviceIsTheSameAfterwards(t *testing.T) {
	const size = 24 << 20
	contents := make([]byte, size)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(contents)
	name, path := blockdevtest.Loop(t, contents, size)
	c := rig(report.Report{Disks: []report.Disk{{Name: name, Serial: "LOOP", Transport: "sata"}}})
	c.Open = func(name string) (Disk, error) {
		d, err := OpenDevice(name)
		if err != nil {
			return nil, err
		}
		file := d.(*device).File
		if flags, err := unix.FcntlInt(file.Fd(), unix.F_GETFL, 0); err != nil || flags&unix.O_ACCMODE != unix.O_RDONLY || flags&unix.O_DIRECT == 0 {
			t.Errorf("the disk is open with flags %#x, %v", flags, err)
		}
		if _, err := file.WriteAt(contents[:4096], 0); !errors.Is(err, unix.EBADF) {
			t.Errorf("a write = %v, want %v", err, unix.EBADF)
		}
		return d, nil
	}
	all, err := c.Check(t.Context(), order(report.CheckTest{Test: "disk-read", Seconds: 1, Group: 1}, report.CheckTest{Test: "disk-self-test", Seconds: 1, Group: 1}), quiet)
	if err != nil {
		t.Fatal(err)
	}
	if m := find(t, all, "LOOP", report.MetricRate); m.Value <= 0 || m.Error != "" {
		t.Errorf("%+v", m)
	}
	if m := find(t, all, "LOOP", ""); !m.Untested { // it is no ATA disk
		t.Errorf("%+v", m)
	}
	for _, place := range []string{"/dev/" + name, path} {
		after, err := os.ReadFile(place)
		if err != nil || sha256.Sum256(after) != sha256.Sum256(contents) {
			t.Errorf("%s holds something else than before, %v", place, err)
		}
	}
}

// A disk that is in use is checked, too.
func TestADiskThatIsInUseIsRead(t *testing.T) {
	name, _ := blockdevtest.Loop(t, bytes.Repeat([]byte("x"), 4<<20), 4<<20)
	f, err := os.OpenFile("/dev/"+name, os.O_RDWR|unix.O_EXCL, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d, err := OpenDevice(name)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	b, err := pages(8192)
	if err != nil {
		t.Fatal(err)
	}
	defer giveBack(b)
	if n, err := d.ReadAt(b, 0); n != 8192 || err != nil && !errors.Is(err, io.EOF) || b[8191] != 'x' {
		t.Errorf("ReadAt = %d, %v", n, err)
	}
}
