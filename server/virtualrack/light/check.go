package light

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"

	"firstlight/agent/check"
	"firstlight/agent/report"
)

// checker answers at once what a check of the machine would measure: the same each
// time, and about the same on each of its kind.
type checker struct {
	m     *Machine
	facts func() report.Report
}

// What a machine that is well does, give or take spread.
const (
	operationsRate = 50.0   // M/s, by thread
	memoryRate     = 9000.0 // MB/s
	diskRate       = 500.0  // MB/s
	diskLatency    = 4.0    // ms
	networkRate    = 110.0  // MB/s
	warm           = 62.0   // °C
	spread         = 0.02

	threadsChecked = 4
	mostSamples    = 30
)

// What faults make of it.
const (
	slowDisk      = 0.1 // of the rate of its siblings
	hot, critical = 103.0, 100.0
	throttled     = 57
	corrected     = 1342 // errors of the module in B1
)

// Check implements agent.Checker.
func (c checker) Check(_ context.Context, o report.Order, progress func(report.Progress)) ([]report.Measured, error) {
	total, err := check.Arrange(o.Check)
	if err != nil {
		return nil, err
	}
	t := tally{checker: c, is: c.facts()}
	for _, t.test = range o.Check.Tests {
		progress(report.Progress{Step: report.StepCheck, Message: t.test.Test, Total: int64(total.Seconds())})
		if do, known := plays[t.test.Test]; known {
			do(&t)
		} else {
			t.all = append(t.all, check.Unknown(t.test.Test))
		}
	}
	progress(report.Progress{Step: report.StepCheck, Done: int64(total.Seconds()), Total: int64(total.Seconds())})
	return t.all, nil
}

// tally gathers what the tests of a plan measure.
type tally struct {
	checker
	is   report.Report
	test report.CheckTest
	all  []report.Measured
}

var plays = map[string]func(*tally){
	report.TestProcessor: (*tally).processor,
	report.TestMemory:    (*tally).memory,
	report.TestDiskRead:  (*tally).diskRead,
	report.TestDiskSelf:  (*tally).diskSelfTest,
	report.TestNetwork:   (*tally).network,
	report.TestThermal:   (*tally).thermal,
}

func (t *tally) add(metric, part, unit string, value float64) *report.Measured {
	t.all = append(t.all, report.Measured{
		Test: t.test.Test, Metric: metric, Part: part, Unit: unit, Value: value, Seconds: float64(t.test.Seconds),
	})
	return &t.all[len(t.all)-1]
}

func (t *tally) count(metric, part string, n float64) { t.add(metric, part, "count", n) }

func (t *tally) processor() {
	for n := range threadsChecked {
		part := fmt.Sprintf("cpu%d", n)
		t.figure(report.MetricOperations, part, "M/s", operationsRate)
		t.count(report.MetricErrors, part, 0)
	}
}

func (t *tally) memory() {
	t.figure(report.MetricRate, "memory", "MB/s", memoryRate)
	t.count(report.MetricErrors, "memory", 0)
	for _, d := range t.is.DIMMs {
		if !d.Empty {
			t.count(report.MetricErrors, d.Slot, t.moduleErrors(d.Slot))
		}
	}
}

func (t *tally) diskRead() {
	rate, latency := diskRate, diskLatency
	if t.m.has(SlowDisk) {
		rate, latency = rate*slowDisk, latency/slowDisk
	}
	for _, d := range t.is.Disks {
		t.figure(report.MetricRate, d.Serial, "MB/s", rate)
		t.figure(report.MetricLatency, d.Serial, "ms", latency)
		t.count(report.MetricErrors, d.Serial, 0)
	}
}

func (t *tally) diskSelfTest() {
	for _, d := range t.is.Disks {
		t.add(report.MetricOutcome, d.Serial, "", 0)
	}
}

func (t *tally) network() {
	t.figure(report.MetricRate, t.is.Boot.MAC, "MB/s", networkRate)
	t.count(report.MetricErrors, t.is.Boot.MAC, 0)
}

func (t *tally) thermal() {
	const sensor = "coretemp Package id 0"
	if t.m.has(HotProcessor) {
		m := t.add(report.MetricTemperature, sensor, "°C", hot)
		m.Samples = []float64{warm, hot}
		m.Error = fmt.Sprintf("%.0f °C reached the critical threshold of %.0f °C", hot, critical)
		t.count(report.MetricThrottled, "package 0", throttled)
		return
	}
	t.figure(report.MetricTemperature, sensor, "°C", warm)
	t.count(report.MetricThrottled, "package 0", 0)
}

func (c checker) moduleErrors(slot string) float64 {
	if slot == "B1" && c.m.has(BadDIMM) {
		return corrected
	}
	return 0
}

// figure draws a value and its samples, which are the machine's and the part's own.
func (t *tally) figure(metric, part, unit string, usual float64) {
	h := fnv.New64a()
	fmt.Fprint(h, t.m.spec.Serial, t.test.Test, metric, part)
	chance := rand.New(rand.NewPCG(h.Sum64(), 0))
	about := func(v float64) float64 { return float64(int64(v*(1+spread*(2*chance.Float64()-1))*100)) / 100 }
	m := t.add(metric, part, unit, about(usual))
	for range min(t.test.Seconds, mostSamples) {
		m.Samples = append(m.Samples, about(m.Value))
	}
}
