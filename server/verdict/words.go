package verdict

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"firstlight/agent/report"
	"firstlight/server/machine"
)

// part names what a figure is of, as a technician finds it.
func part(f machine.Figure) string {
	name := parts[f.Test]
	switch {
	case f.Test == report.TestMemory && f.Part != report.TestMemory:
		name = "DIMM"
	case f.Test == report.TestMemory:
		return name
	case f.Metric == report.MetricThrottled:
		name = "processor"
	}
	name = cmp.Or(name, f.Test)
	if f.Part != "" {
		name += " " + f.Part
	}
	return name
}

var parts = map[string]string{
	report.TestProcessor: "processor thread", report.TestMemory: "memory", report.TestDiskRead: "disk",
	report.TestDiskSelf: "disk", report.TestNetwork: "interface", report.TestThermal: "sensor",
}

// verbs are what parts do, and what those like them did.
var verbs = map[string]struct{ does, did string }{
	report.MetricRate:        {"moves", "moved"},
	report.MetricOperations:  {"does", "did"},
	report.MetricLatency:     {"took", "took"},
	report.MetricTemperature: {"reaches", "reached"},
	report.MetricThrottled:   {"was slowed", "were so"},
}

func verb(f machine.Figure) (does, did string) {
	if f.Test == report.TestDiskRead && f.Metric == report.MetricRate {
		return "reads", "read"
	}
	v, ok := verbs[f.Metric]
	if !ok {
		return f.Metric, f.Metric
	}
	return v.does, v.did
}

// says is the figure in a clause.
func says(f machine.Figure) string {
	does, _ := verb(f)
	n := number(f.Value)
	switch f.Metric {
	case report.MetricOutcome:
		return part(f) + map[bool]string{true: " passed its own test", false: " failed its own test"}[f.Value == 0]
	case report.MetricErrors:
		return fmt.Sprintf("%s has %s", part(f), count(f.Value, "error"))
	case report.MetricThrottled:
		return fmt.Sprintf("%s was slowed for its heat %s", part(f), count(f.Value, "time"))
	case report.MetricLatency:
		return fmt.Sprintf("%s took %s %s for its slowest read", part(f), n, f.Unit)
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s", part(f), does, n, f.Unit))
}

func count(v float64, thing string) string {
	if v == 1 {
		return "1 " + thing
	}
	return number(v) + " " + thing + "s"
}

// beside is what those like it did.
func beside(f machine.Figure, like []float64) string {
	_, did := verb(f)
	low, high := number(slices.Min(like)), number(slices.Max(like))
	if low != high {
		low += " to " + high
	}
	return fmt.Sprintf("; %d like it %s %s", len(like), did, low)
}

func few(n int) string {
	if n == 0 {
		return "; nothing like it was measured yet"
	}
	return fmt.Sprintf("; only %d like it were measured, and it takes %d to judge by", n, Enough)
}

// number spells a figure with three digits, or all before the point.
func number(v float64) string {
	if math.Abs(v) >= 100 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// Sum is the verdict on a machine in one sentence; the findings are those of Judge.
func Sum(all []machine.Finding) (ok bool, sentence string) {
	n := map[machine.Worth]int{}
	for _, f := range all {
		n[f.Is]++
	}
	bad := n[machine.Fails] + n[machine.Odd]
	switch {
	case len(all) == 0:
		return false, "nothing was measured"
	case bad == 1:
		return false, all[0].Sentence
	case bad > 1:
		return false, fmt.Sprintf("%s (and %d more)", all[0].Sentence, bad-1)
	case all[0].Untested && n[machine.Well] == 0:
		return false, "nothing could be tested: " + all[0].Sentence
	case n[machine.Unjudged] > 0:
		return true, fmt.Sprintf("%s well, %d not judged: %s", count(float64(n[machine.Well]), "figure"), n[machine.Unjudged], all[0].Sentence)
	}
	return true, count(float64(len(all)), "figure") + " well"
}
