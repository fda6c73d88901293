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
	var all []report.Measured
	for _, t := range o.Check.Tests {
		progress(report.Progress{Step: report.StepCheck, Message: t.Test, Total: int64(total.Seconds())})
		all = append(all, c.test(t)...)
	}
	progress(report.Progress{Step: report.StepCheck, Done: int64(total.Seconds()), Total: int64(total.Seconds())})
	return all, nil
}

func (c checker) test(t report.CheckTest) []report.Measured {
	is := c.facts()
	figure := func(metric, part, unit string, usual float64) report.Measured {
		return c.figure(report.Measured{Test: t.Test, Metric: metric, Part: part, Unit: unit, Seconds: float64(t.Seconds)}, usual)
	}
	count := func(metric, part string, n float64) report.Measured {
		return report.Measured{Test: t.Test, Metric: metric, Part: part, Unit: "count", Value: n, Seconds: float64(t.Seconds)}
	}
	var all []report.Measured
	switch t.Test {
	case report.TestProcessor:
		for n := range threadsChecked {
			part := fmt.Sprintf("cpu%d", n)
			all = append(all, figure(report.MetricOperations, part, "M/s", operationsRate), count(report.MetricErrors, part, 0))
		}
	case report.TestMemory:
		all = append(all, figure(report.MetricRate, "memory", "MB/s", memoryRate), count(report.MetricErrors, "memory", 0))
		for _, d := range is.DIMMs {
			if !d.Empty {
				all = append(all, count(report.MetricErrors, d.Slot, c.moduleErrors(d.Slot)))
			}
		}
	case report.TestDiskRead:
		rate, latency := diskRate, diskLatency
		if c.m.has(SlowDisk) {
			rate, latency = rate*slowDisk, latency/slowDisk
		}
		for _, d := range is.Disks {
			all = append(all, figure(report.MetricRate, d.Serial, "MB/s", rate), figure(report.MetricLatency, d.Serial, "ms", latency),
				count(report.MetricErrors, d.Serial, 0))
		}
	case report.TestDiskSelf:
		for _, d := range is.Disks {
			m := count(report.MetricOutcome, d.Serial, 0)
			m.Unit = ""
			all = append(all, m)
		}
	case report.TestNetwork:
		all = append(all, figure(report.MetricRate, is.Boot.MAC, "MB/s", networkRate), count(report.MetricErrors, is.Boot.MAC, 0))
	case report.TestThermal:
		all = append(all, c.temperature(t), count(report.MetricThrottled, "package 0", c.throttles()))
	default:
		all = append(all, check.Unknown(t.Test))
	}
	return all
}

func (c checker) moduleErrors(slot string) float64 {
	if slot == "B1" && c.m.has(BadDIMM) {
		return corrected
	}
	return 0
}

func (c checker) throttles() float64 {
	if c.m.has(HotProcessor) {
		return throttled
	}
	return 0
}

func (c checker) temperature(t report.CheckTest) report.Measured {
	m := report.Measured{Test: t.Test, Metric: report.MetricTemperature, Part: "coretemp Package id 0", Unit: "°C", Seconds: float64(t.Seconds)}
	if c.m.has(HotProcessor) {
		m.Value, m.Samples = hot, []float64{warm, hot}
		m.Error = fmt.Sprintf("%.0f °C reached the critical threshold of %.0f °C", hot, critical)
		return m
	}
	return c.figure(m, warm)
}

// figure draws a value and its samples, which are the machine's and the part's own.
func (c checker) figure(m report.Measured, usual float64) report.Measured {
	h := fnv.New64a()
	fmt.Fprint(h, c.m.spec.Serial, m.Test, m.Metric, m.Part)
	chance := rand.New(rand.NewPCG(h.Sum64(), 0))
	about := func(v float64) float64 { return float64(int64(v*(1+spread*(2*chance.Float64()-1))*100)) / 100 }
	m.Value = about(usual)
	for range min(int(m.Seconds), mostSamples) {
		m.Samples = append(m.Samples, about(m.Value))
	}
	return m
}
