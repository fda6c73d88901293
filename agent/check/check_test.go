package check

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"firstlight/agent/report"
)

// rig is a machine that is made up, but for its processors and its memory.
func rig(facts report.Report) *Checker {
	return &Checker{
		Facts: func() report.Report { return facts },
		Open:  func(string) (Disk, error) { return nil, os.ErrNotExist },
		Stream: func(context.Context) (io.ReadCloser, error) {
			return nil, errors.New("connection refused")
		},
		CPUs: CPUs, Pin: Pin, Load: func(string) error { return nil }, Root: fstest.MapFS{}, Log: slog.New(slog.DiscardHandler),
	}
}

func order(tests ...report.CheckTest) report.Order {
	return report.Order{ID: "7", Action: report.ActionCheck, Check: &report.CheckPlan{Tests: tests}}
}

func quiet(report.Progress) {}

// find gives the one figure of a part.
func find(t *testing.T, all []report.Measured, part, metric string) report.Measured {
	t.Helper()
	var found []report.Measured
	for _, m := range all {
		if m.Part == part && m.Metric == metric {
			found = append(found, m)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d figures of %q, %q in %+v, want one", len(found), part, metric, all)
	}
	return found[0]
}

func TestAPlanThatCannotBeMeantIsRefused(t *testing.T) {
	for _, tt := range []struct {
		plan *report.CheckPlan
		want string
	}{
		{nil, "names no test"},
		{&report.CheckPlan{}, "names no test"},
		{order(report.CheckTest{Test: "network"}).Check, `"network" has 0 seconds: want 1 to 604800`},
		{order(report.CheckTest{Test: "network", Seconds: 604801}).Check, "604801 seconds"},
	} {
		all, err := rig(report.Report{}).Check(t.Context(), report.Order{Check: tt.plan}, quiet)
		if err == nil || !strings.Contains(err.Error(), tt.want) || len(all) > 0 {
			t.Errorf("Check of %+v = %v, %v; want %q", tt.plan, all, err, tt.want)
		}
	}
}

func one(test string, seconds, group int) report.CheckTest {
	return report.CheckTest{Test: test, Seconds: seconds, Group: group}
}

func TestTheOrderOfTests(t *testing.T) {
	for _, tt := range []struct {
		name   string
		tests  []report.CheckTest
		groups [][]int
		beside []int
		total  time.Duration
	}{
		{"alone", []report.CheckTest{one("a", 5, 0), one("b", 7, 0)}, [][]int{{0}, {1}}, nil, 12 * time.Second},
		{"beside each other", []report.CheckTest{one("a", 5, 1), one("b", 7, 0), one("c", 9, 1)}, [][]int{{0, 2}, {1}}, nil, 16 * time.Second},
		{"beside all", []report.CheckTest{one("a", 5, 1), one("thermal", 99, 2), one("c", 9, 2)}, [][]int{{0}, {2}}, []int{1}, 14 * time.Second},
		{"temperatures alone", []report.CheckTest{one("thermal", 99, 2)}, [][]int{{0}}, nil, 99 * time.Second},
	} {
		s, err := newSchedule(&report.CheckPlan{Tests: tt.tests})
		if err != nil || s.total != tt.total || len(s.groups) != len(tt.groups) {
			t.Fatalf("%s: %+v, %v; want %v in %v", tt.name, s, err, tt.groups, tt.total)
		}
		places := func(of []entry) (all []int) {
			for _, e := range of {
				all = append(all, e.index)
			}
			return all
		}
		for i, g := range s.groups {
			if !slices.Equal(places(g), tt.groups[i]) {
				t.Errorf("%s: group %d is %v, want %v", tt.name, i, places(g), tt.groups[i])
			}
		}
		if !slices.Equal(places(s.beside), tt.beside) {
			t.Errorf("%s: beside are %v, want %v", tt.name, places(s.beside), tt.beside)
		}
	}
}

// A test that cannot be carried out keeps no other from it, and each says so.
func TestWhatCannotBeTestedIsToldAndStopsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := rig(report.Report{Boot: report.Boot{MAC: "52:54:00:00:00:01"}, Disks: []report.Disk{{Name: "sda", Serial: "S1", Transport: "sata"}}})
		c.CPUs = func() ([]int, error) { return nil, errors.New("not today") }
		var told []report.Progress
		began := time.Now()
		all, err := c.Check(t.Context(), order(
			report.CheckTest{Test: "processor", Seconds: 5}, report.CheckTest{Test: "memory", Seconds: 5}, report.CheckTest{Test: "disk-read", Seconds: 5},
			report.CheckTest{Test: "disk-self-test", Seconds: 5}, report.CheckTest{Test: "dance", Seconds: 5}, report.CheckTest{Test: "network", Seconds: 5, Group: 1},
			report.CheckTest{Test: "thermal", Seconds: 5},
		), func(p report.Progress) { told = append(told, p) })
		if err != nil || len(all) != 7 {
			t.Fatalf("Check = %+v, %v; want 7 figures", all, err)
		}
		for i, want := range []struct{ test, part, why string }{
			{"processor", "", "not today"},
			{"memory", "memory", "not today"},
			{"disk-read", "S1", "sda is not read: file does not exist"},
			{"disk-self-test", "S1", "sda: file does not exist"},
			{"dance", "", `the test "dance" is unknown to this agent`},
			{"network", "52:54:00:00:00:01", "the appliance sent nothing: connection refused"},
			{"thermal", "", "knows no sensor"},
		} {
			m := all[i]
			if m.Test != want.test || m.Part != want.part || !m.Untested || !strings.HasPrefix(m.Error, "cannot be tested: ") || !strings.Contains(m.Error, want.why) {
				t.Errorf("%d: %+v, want %+v", i, m, want)
			}
		}
		// What cannot be tested takes no time, but for what is tried again.
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("it took %v, want the 5 s of the network", took)
		}
		last := told[len(told)-1]
		if len(told) != 6 || last.Step != report.StepCheck || told[2].Message != "network, thermal" || last.Total != 30 || last.Done != 5 {
			t.Errorf("%d words, %+v; want 6 of 30 s", len(told), told)
		}
	})
}

func TestACheckEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := rig(report.Report{})
		c.Root = warmRoom()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(90*time.Second, cancel)
		began := time.Now()
		all, err := c.Check(ctx, order(report.CheckTest{Test: "network", Seconds: 3600}, report.CheckTest{Test: "thermal", Seconds: 1}, report.CheckTest{Test: "processor", Seconds: 1}), quiet)
		if !errors.Is(err, context.Canceled) || time.Since(began) > 92*time.Second {
			t.Errorf("Check = %v after %v, want the end of its context after 90 s", err, time.Since(began))
		}
		if m := find(t, all, "coretemp Core 0", report.MetricTemperature); m.Seconds != 90 {
			t.Errorf("what was measured until then is %+v", m)
		}
	})
}

func TestASeriesOfAnyLengthIsAFewValues(t *testing.T) {
	for _, seconds := range []int{1, 119, 240, 241, 86400, 604800} {
		mean, worst := series{}, series{worst: true}
		for i := range seconds {
			v := 1.0
			if i == seconds/2 {
				v = 100
			}
			mean.add(v)
			worst.add(v)
		}
		all := fit([]report.Measured{
			{Metric: report.MetricRate, Samples: mean.values}, {Metric: report.MetricTemperature, Samples: worst.values},
		})
		for _, m := range all {
			if n := len(m.Samples); n > report.CheckSamples || n < min(seconds, report.CheckSamples/2) {
				t.Errorf("%d s of %s are %d values", seconds, m.Metric, n)
			}
		}
		if got := slices.Max(all[1].Samples); got != 100 {
			t.Errorf("%d s: the worst is %v, want 100", seconds, got)
		}
		if got := slices.Max(all[0].Samples); seconds > 1000 && (got >= 2 || got <= 1) {
			t.Errorf("%d s: the highest mean is %v, want a little more than 1", seconds, got)
		}
	}
}

func TestAResultOfManyPartsFitsAMessage(t *testing.T) {
	var all []report.Measured
	for range 512 {
		m := report.Measured{Test: report.TestProcessor, Metric: report.MetricOperations, Part: "cpu511", Unit: "M/s", Value: math.Pi * 100, Seconds: 86400.123}
		for range report.CheckSamples {
			m.Samples = append(m.Samples, math.E*1000)
		}
		all = append(all, m)
	}
	sum := 0
	for _, m := range fit(all) {
		sum += len(m.Samples)
		if m.Value != 314.2 || m.Samples[0] != 2718 || m.Seconds != 86400.1 {
			t.Fatalf("figures are %+v", m)
		}
	}
	if sum > report.CheckSamplesAll {
		t.Errorf("%d samples, want at most %d", sum, report.CheckSamplesAll)
	}
}

// What could harm a disk lies one package away: nothing but self-tests is taken of it.
func TestDisksAreAskedForNothingButSelfTests(t *testing.T) {
	allowed := []string{
		"Door", "On", "ControllerOf", "SelfTest", "NVMeSelfTest", "ATASelfTest", "SCSISelfTest",
		"Tested", "TestRuns", "TestPassed", "TestFailed",
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 10 {
		t.Fatalf("%q, %v", files, err)
	}
	use, seen := regexp.MustCompile(`\bpassthrough\.(\w+)`), 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range use.FindAllSubmatch(b, -1) {
			if seen++; !slices.Contains(allowed, string(m[1])) {
				t.Errorf("%s uses passthrough.%s", name, m[1])
			}
		}
		if regexp.MustCompile(`O_RDWR|O_WRONLY|WriteAt|os\.(Create|WriteFile)`).Match(b) {
			t.Errorf("%s may write", name)
		}
	}
	if seen == 0 {
		t.Error("no use was found: the test says nothing")
	}
}
