// Package verdict judges what a check measured: each figure by the bounds that are
// set to it, and beside those of its siblings, which are parts of the same model in
// machines of the same hardware type.
//
// The rule for siblings is the modified z-score of Iglewicz and Hoaglin (How to
// Detect and Handle Outliers, ASQC 1993; NIST/SEMATECH e-Handbook §1.3.5.17):
// 0.6745·(x−median)/MAD beyond 3.5 is an outlier, where MAD is the median of the
// distances from the median. Neither moves while fewer than half of the siblings are
// bad, so that a slow disk cannot hide among some others. Two things are added.
// Only the worse side counts: a disk that is faster than its siblings is no fault.
// And the distance must matter to somebody, too (worth), because parts that agree
// within a part in a thousand, or have an MAD of 0, would make odd what nobody would
// call slow.
//
// It is pure: no database, no clock.
package verdict

import (
	"cmp"
	"math"
	"slices"

	"firstlight/agent/report"
	"firstlight/server/machine"
)

// Enough is how many siblings it takes to call a figure odd: with fewer, one bad
// one moves the median.
const Enough = 5

const (
	outlier = 3.5
	sigma   = 0.6745 // of a normal distribution, the 75th percentile
)

// Judge gives what each figure of a machine is worth, the worst first. t are the
// bounds, nil for none; siblings are the figures of other machines that are like it.
func Judge(mine []machine.Figure, t *machine.HardwareType, siblings []machine.Figure) []machine.Finding {
	all := make([]machine.Finding, len(mine))
	for i, f := range mine {
		all[i] = judge(f, t, alike(f, i, mine, siblings))
	}
	order := []machine.Worth{machine.Fails, machine.Odd, machine.Unjudged, machine.Well}
	slices.SortStableFunc(all, func(a, b machine.Finding) int {
		return cmp.Compare(slices.Index(order, a.Is), slices.Index(order, b.Is))
	})
	return all
}

// alike are the values that a figure is held beside: those of other machines, and
// where they are too few, those of the same model in its own machine, too.
func alike(f machine.Figure, self int, mine, siblings []machine.Figure) (values []float64) {
	same := func(o machine.Figure) bool {
		return o.Test == f.Test && o.Metric == f.Metric && o.Model == f.Model && o.Error == "" && !o.Untested
	}
	for _, o := range siblings {
		if same(o) {
			values = append(values, o.Value)
		}
	}
	for i, o := range mine {
		if len(values) >= Enough && i == 0 {
			break
		}
		if i != self && same(o) {
			values = append(values, o.Value)
		}
	}
	return values
}

func judge(f machine.Figure, t *machine.HardwareType, like []float64) machine.Finding {
	found := func(is machine.Worth, sentence string) machine.Finding {
		return machine.Finding{Figure: f, Is: is, Sentence: sentence}
	}
	switch {
	case f.Untested:
		return found(machine.Unjudged, part(f)+": "+f.Error)
	case f.Error != "":
		return found(machine.Fails, part(f)+": "+f.Error)
	}
	bounded, beyond, breach := bounds(f, t)
	switch {
	case beyond:
		return found(machine.Fails, says(f)+breach)
	case counted(f.Metric) || len(like) < Enough && bounded:
		return found(machine.Well, says(f))
	case len(like) < Enough:
		return found(machine.Unjudged, says(f)+few(len(like)))
	case odd(f, like):
		return found(machine.Odd, says(f)+beside(f, usual(f, like)))
	}
	return found(machine.Well, says(f)+beside(f, usual(f, like)))
}

// counted tells of metrics of which there should be none, whatever siblings have.
func counted(metric string) bool {
	return metric == report.MetricErrors || metric == report.MetricOutcome
}

// Higher tells whether more of a metric is worse.
func Higher(metric string) bool {
	return metric != report.MetricRate && metric != report.MetricOperations
}

// worth is how far a figure must be from the median to matter. The way from the
// appliance is shared by all who are checked at the time, a single slow read is
// soon had, and rooms have warm corners.
func worth(f machine.Figure, median float64) float64 {
	switch {
	case f.Metric == report.MetricTemperature:
		return 10
	case f.Metric == report.MetricLatency:
		return max(2*median, 50)
	case f.Metric == report.MetricThrottled:
		return max(2*median, 10)
	case f.Test == report.TestNetwork:
		return median / 2
	default:
		return median / 5
	}
}

func odd(f machine.Figure, like []float64) bool {
	mid, mad := spread(like)
	far := mid - f.Value
	if Higher(f.Metric) {
		far = -far
	}
	return far > worth(f, mid) && sigma*far > outlier*mad
}

// usual are the values that are not odd themselves beside the others.
func usual(f machine.Figure, like []float64) []float64 {
	return slices.DeleteFunc(slices.Clone(like), func(v float64) bool {
		o := f
		o.Value = v
		return odd(o, like)
	})
}

// spread gives the median, and the median distance from it.
func spread(values []float64) (mid, mad float64) {
	mid = median(values)
	far := make([]float64, len(values))
	for i, v := range values {
		far[i] = math.Abs(v - mid)
	}
	return mid, median(far)
}

func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	n := len(s)
	if n%2 == 1 {
		return s[n/2]
	}
	return (s[n/2-1] + s[n/2]) / 2
}
