package check

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firstlight/agent/report"
)

// flow gives so many bytes each second, and breaks off.
type flow struct {
	each, left int
	ended      error
}

func (f *flow) Read(p []byte) (int, error) {
	if f.left == 0 {
		return 0, f.ended
	}
	f.left--
	time.Sleep(time.Second)
	return min(f.each, len(p)), nil
}

func (f *flow) Close() error { return nil }

func TestTheWayToTheApplianceIsMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := rig(report.Report{Boot: report.Boot{MAC: "52:54:00:00:00:01"}})
		opened := 0
		c.Stream = func(context.Context) (io.ReadCloser, error) {
			opened++
			return &flow{each: 200_000, left: 10, ended: io.ErrUnexpectedEOF}, nil
		}
		all, err := c.Check(t.Context(), order(report.CheckTest{Test: "network", Seconds: 30}), quiet)
		if err != nil {
			t.Fatal(err)
		}
		rate, broken := find(t, all, "52:54:00:00:00:01", report.MetricRate), find(t, all, "52:54:00:00:00:01", report.MetricErrors)
		if rate.Value < 0.19 || rate.Value > 0.2 || rate.Unit != "MB/s" || len(rate.Samples) < 29 {
			t.Errorf("rate is %+v, want 0.2 MB/s", rate)
		}
		if broken.Value != float64(opened-1) || opened < 3 || !strings.Contains(broken.Error, "broke off 2 times") {
			t.Errorf("%d connections, and %+v", opened, broken)
		}
	})
}
