package check

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"firstlight/agent/passthrough"
	"firstlight/agent/report"

	"golang.org/x/sys/unix"
)

// selfTester is a SATA disk that is told to test itself. It is made up by the
// standards, as the answers in agent/passthrough's tests are.
type selfTester struct {
	Disk
	takes int           // looks until it is done
	ends  byte          // the state that it is in then
	hang  chan struct{} // nothing is answered before it is closed

	mu   sync.Mutex
	told []byte // which tests it was told to begin, or to end
}

func (d *selfTester) Size() int64                           { return 1 << 30 }
func (d *selfTester) Close() error                          { return nil }
func (d *selfTester) Door() passthrough.Door                { return d }
func (d *selfTester) Admin(passthrough.Admin, []byte) error { return unix.ENOTTY }
func (d *selfTester) Namespace() (uint32, error)            { return 0, unix.ENOTTY }
func (d *selfTester) SCSI(c passthrough.SCSI, data []byte) error {
	const identify, begin = 0xEC, 0xD4
	if d.hang != nil {
		<-d.hang
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case c.CDB[14] == identify:
		data[2*82], data[2*85] = 1, 1
	case c.CDB[4] == begin:
		d.told = append(d.told, c.CDB[8])
	default:
		data[367] = 1 << 4
		if len(d.told) > 0 {
			data[363] = d.ends
			if d.takes--; d.takes > 0 {
				data[363] = 0xf5
			}
		}
	}
	return nil
}

func TestADiskTestsItself(t *testing.T) {
	const short, abort = 0x01, 0x7f
	for _, tt := range []struct {
		name  string
		disk  *selfTester
		want  report.Measured
		told  []byte
		after time.Duration
	}{
		{"it passes", &selfTester{takes: 30}, report.Measured{Metric: report.MetricOutcome, Seconds: 60}, []byte{short}, time.Minute},
		{"it fails", &selfTester{takes: 2, ends: 0x70}, report.Measured{Metric: report.MetricOutcome, Value: 1, Seconds: 4, Error: "the self-test of sda failed: it could not read"}, []byte{short}, 4 * time.Second},
		{"somebody ends it", &selfTester{ends: 0x20}, report.Measured{Untested: true, Error: "sda does not say how its self-test ended (cut off: ended by a reset)"}, []byte{short}, 2 * time.Second},
		{"it takes too long", &selfTester{takes: 1000}, report.Measured{Untested: true, Error: "did not end in time, and was ended"}, []byte{short, abort}, 2 * time.Minute},
		{"it does not answer", &selfTester{hang: make(chan struct{})}, report.Measured{Untested: true, Error: "sda: it does not answer"}, nil, 2*time.Minute + grace},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if tt.disk.hang != nil {
					tt.disk.hang = make(chan struct{})
					defer close(tt.disk.hang)
				}
				c := rig(report.Report{Disks: []report.Disk{{Name: "sda", Serial: "S1", Transport: "sata"}}})
				c.Open = func(string) (Disk, error) { return tt.disk, nil }
				began := time.Now()
				all, err := c.Check(t.Context(), order(report.CheckTest{Test: "disk-self-test", Seconds: 120}), quiet)
				if took := time.Since(began); err != nil || len(all) != 1 || took != tt.after {
					t.Fatalf("Check = %+v, %v after %v; want one figure after %v", all, err, took, tt.after)
				}
				got := all[0]
				if !strings.Contains(got.Error, tt.want.Error) || tt.want.Error == "" && got.Error != "" {
					t.Errorf("error %q, want %q", got.Error, tt.want.Error)
				}
				if got.Part != "S1" || got.Metric != tt.want.Metric || got.Value != tt.want.Value || got.Untested != tt.want.Untested || got.Seconds != tt.want.Seconds {
					t.Errorf("%+v, want %+v", got, tt.want)
				}
				if !slices.Equal(tt.disk.told, tt.told) {
					t.Errorf("it was told % x, want % x", tt.disk.told, tt.told)
				}
			})
		})
	}
}

// An NVMe controller tests all its namespaces at once.
func TestAControllerIsAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		opened := 0
		c := rig(report.Report{Disks: []report.Disk{
			{Name: "nvme0n1", Serial: "N1", Transport: "nvme"}, {Name: "nvme0n2", Serial: "N2", Transport: "nvme"}, {Name: "vda", Transport: "virtio"},
		}})
		d := &selfTester{}
		var mu sync.Mutex
		c.Open = func(string) (Disk, error) {
			mu.Lock()
			defer mu.Unlock()
			opened++
			return d, nil
		}
		all, err := c.Check(t.Context(), order(report.CheckTest{Test: "disk-self-test", Seconds: 120}), quiet)
		if err != nil || len(all) != 3 || opened != 2 {
			t.Fatalf("Check = %+v, %v, with %d disks opened", all, err, opened)
		}
		for i, want := range []string{"nvme0n1: identify controller", "nvme0n2: identify controller", "vda: disks by virtio have no self-test"} {
			if !all[i].Untested || !strings.Contains(all[i].Error, want) {
				t.Errorf("%+v, want %q", all[i], want)
			}
		}
		if all[2].Part != "vda" {
			t.Errorf("a disk without a serial number is %q", all[2].Part)
		}
	})
}
