package check

import (
	"fmt"
	"strings"
	"testing"

	"firstlight/agent/report"

	"golang.org/x/sys/unix"
)

func TestEveryThreadComputesWhatIsKnown(t *testing.T) {
	c := rig(report.Report{})
	cpus, err := CPUs()
	if err != nil {
		t.Fatal(err)
	}
	bad := cpus[len(cpus)-1]
	c.wrong = func(cpu int) bool { return cpu == bad }
	all, err := c.Check(t.Context(), order(report.CheckTest{Test: "processor", Seconds: 1}), quiet)
	if err != nil || len(all) != 2*len(cpus) {
		t.Fatalf("Check = %+v, %v; want two figures of each of %d threads", all, err, len(cpus))
	}
	for _, m := range all {
		isBad := m.Part == fmt.Sprintf("cpu%d", bad)
		switch {
		case m.Metric == report.MetricOperations && (m.Value <= 0 || m.Unit != "M/s" || len(m.Samples) == 0 || m.Error != ""):
			t.Errorf("%+v, want a rate", m)
		case m.Metric == report.MetricErrors && (isBad != (m.Value > 0) || isBad != strings.Contains(m.Error, "of its results were wrong")):
			t.Errorf("%+v, want errors of cpu%d alone", m, bad)
		}
	}
	t.Logf("%+v", all)
}

func TestAThreadThatCannotBeReachedIsUntested(t *testing.T) {
	c := rig(report.Report{})
	c.CPUs = func() ([]int, error) { return []int{0, 1023}, nil }
	c.Pin = func(cpu int) error {
		if cpu == 1023 {
			return unix.EINVAL
		}
		return Pin(cpu)
	}
	all, err := c.Check(t.Context(), order(report.CheckTest{Test: "processor", Seconds: 1}), quiet)
	if m := find(t, all, "cpu1023", ""); err != nil || !m.Untested || !strings.Contains(m.Error, "invalid argument") {
		t.Errorf("%+v, %v", m, err)
	}
	find(t, all, "cpu0", report.MetricOperations)
}
