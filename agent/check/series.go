package check

import (
	"math"
	"sync/atomic"
	"time"

	"firstlight/agent/report"
)

// series keeps one value for each second of a test, and for each two, four and so on
// once that would be too many.
type series struct {
	worst  bool // the greatest of values stands for them, otherwise their mean
	values []float64
	every  int // seconds for which a value stands; 0 is 1
	open   float64
	count  int // seconds in open
}

// enough values are kept of a series: twice as many as are told.
const enough = 2 * report.CheckSamples

func (s *series) add(v float64) {
	if s.worst && s.count > 0 {
		s.open = max(s.open, v)
	} else {
		s.open += (v - s.open) / float64(s.count+1)
	}
	if s.count++; s.count < s.every {
		return
	}
	s.values, s.count, s.open = append(s.values, s.open), 0, 0
	if len(s.values) == enough {
		s.values = halved(s.values, s.worst)
		s.every = 2 * max(s.every, 1)
	}
}

// halved makes one value of each two.
func halved(values []float64, worst bool) []float64 {
	half := make([]float64, 0, (len(values)+1)/2)
	for ; len(values) > 1; values = values[2:] {
		v := (values[0] + values[1]) / 2
		if worst {
			v = max(values[0], values[1])
		}
		half = append(half, v)
	}
	return append(half, values...)
}

// meter counts what a part of the machine gets done, and how fast in each second.
type meter struct {
	done atomic.Int64 // bytes or operations
	rate series       // millions in a second
	last int64
}

// read adds what was done in the time since the last reading.
func (m *meter) read(took time.Duration) {
	now := m.done.Load()
	m.rate.add(millions(now-m.last, took))
	m.last = now
}

func millions(n int64, took time.Duration) float64 {
	if took <= 0 {
		return 0
	}
	return float64(n) / 1e6 / took.Seconds()
}

// figure is the mean of a meter over a test.
func (m *meter) figure(test, metric, part, unit string, took time.Duration) report.Measured {
	return report.Measured{
		Test: test, Metric: metric, Part: part, Unit: unit,
		Value: millions(m.done.Load(), took), Samples: m.rate.values, Seconds: took.Seconds(),
	}
}

func counted(test, part string, n int64, took time.Duration, err string) report.Measured {
	return report.Measured{Test: test, Metric: report.MetricErrors, Part: part, Unit: "count", Value: float64(n), Seconds: took.Seconds(), Error: err}
}

// fit brings samples to what a result may carry, and figures to what they are worth.
func fit(all []report.Measured) []report.Measured {
	sampled := 0
	for _, m := range all {
		if len(m.Samples) > 0 {
			sampled++
		}
	}
	room := report.CheckSamples
	if sampled > 0 {
		room = min(room, report.CheckSamplesAll/sampled)
	}
	for i := range all {
		m := &all[i]
		worst := m.Metric == report.MetricLatency || m.Metric == report.MetricTemperature
		for len(m.Samples) > max(room, 1) {
			m.Samples = halved(m.Samples, worst)
		}
		for j, v := range m.Samples {
			m.Samples[j] = rounded(v)
		}
		m.Value, m.Seconds = rounded(m.Value), math.Round(m.Seconds*10)/10
	}
	return all
}

// rounded keeps four digits, and all of a whole number.
func rounded(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) || v == math.Trunc(v) {
		return v
	}
	scale := math.Pow(10, 3-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}
