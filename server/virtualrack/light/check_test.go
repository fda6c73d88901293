package light

import (
	"context"
	"math"
	"slices"
	"testing"

	"firstlight/agent/report"

	"github.com/google/go-cmp/cmp"
)

// checkOf is what a machine with a serial number and a fault measures.
func checkOf(t *testing.T, serial string, f Fault) map[string]report.Measured {
	t.Helper()
	m := &Machine{spec: Spec{Serial: serial}, fault: f}
	facts := func() report.Report {
		return report.Report{Boot: report.Boot{MAC: "52:54:00:00:00:01"}, DIMMs: m.dimms(), Disks: []report.Disk{{Name: diskName, Serial: "D1"}}}
	}
	var tests []report.CheckTest
	for _, name := range []string{"processor", "memory", "disk-read", "disk-self-test", "network", "thermal", "dance"} {
		tests = append(tests, report.CheckTest{Test: name, Seconds: 60})
	}
	var last report.Progress
	all, err := checker{m, facts}.Check(context.Background(), report.Order{Check: &report.CheckPlan{Tests: tests}}, func(p report.Progress) { last = p })
	if err != nil || last.Done != 360 || last.Total != 360 {
		t.Fatalf("Check = %v, and told %+v at last", err, last)
	}
	by := map[string]report.Measured{}
	for _, m := range all {
		by[m.Test+" "+m.Metric+" "+m.Part] = m
	}
	if len(by) != len(all) {
		t.Fatalf("%d figures have %d names", len(all), len(by))
	}
	return by
}

func TestAMachineMeasuresTheSameEachTimeAndAboutTheSameAsOthers(t *testing.T) {
	one := checkOf(t, "A", Healthy)
	if diff := cmp.Diff(one, checkOf(t, "A", Healthy)); diff != "" {
		t.Errorf("the same machine measures (-first +second):\n%s", diff)
	}
	for name, got := range checkOf(t, "B", Healthy) {
		was := one[name]
		if math.Abs(got.Value-was.Value) > 0.05*was.Value || got.Error != was.Error || got.Unit != was.Unit {
			t.Errorf("%s is %+v of one and %+v of another", name, was, got)
		}
		if rate := was.Unit == "MB/s" || was.Unit == "M/s"; rate && (got.Value == was.Value || len(got.Samples) == 0) {
			t.Errorf("%s is %v of both", name, got.Value)
		}
	}
	if m := one["dance  "]; !m.Untested {
		t.Errorf("a test that nobody knows is %+v", m)
	}
}

func TestFaultsShowInTheirFiguresAlone(t *testing.T) {
	well := checkOf(t, "A", Healthy)
	for fault, want := range map[Fault][]string{
		SlowDisk:     {"disk-read latency D1", "disk-read rate D1"},
		HotProcessor: {"thermal temperature coretemp Package id 0", "thermal throttled package 0"},
		BadDIMM:      {"memory errors B1"},
	} {
		var changed []string
		for name, m := range checkOf(t, "A", fault) {
			if !cmp.Equal(m, well[name]) {
				changed = append(changed, name)
			}
		}
		if slices.Sort(changed); !slices.Equal(changed, want) {
			t.Errorf("%s changes %q, want %q", fault, changed, want)
		}
	}
	slow, hot := checkOf(t, "A", SlowDisk)["disk-read rate D1"], checkOf(t, "A", HotProcessor)["thermal temperature coretemp Package id 0"]
	if slow.Value > 60 || slow.Error != "" || hot.Value <= 100 || hot.Error == "" {
		t.Errorf("%+v, %+v", slow, hot)
	}
}
