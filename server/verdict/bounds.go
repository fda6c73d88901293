package verdict

import (
	"fmt"

	"firstlight/agent/report"
	"firstlight/server/machine"
)

// bounds tells whether anything bounds a figure, whether it is beyond, and in a
// clause beyond what.
func bounds(f machine.Figure, t *machine.HardwareType) (bounded, beyond bool, breach string) {
	for _, b := range limits(f, t) {
		bounded = true
		if b.Holds(f.Value) {
			continue
		}
		switch {
		case f.Metric == report.MetricOutcome:
			return true, true, ""
		case b.Bound == 0:
			return true, true, "; there must be none"
		case b.Least:
			return true, true, fmt.Sprintf("; %s wants at least %s", b.by, number(b.Bound))
		}
		return true, true, fmt.Sprintf("; %s allows at most %s", b.by, number(b.Bound))
	}
	return bounded, false, ""
}

type bound struct {
	machine.CheckLimit
	by string // who sets it
}

// limits are the bounds of a figure: those of the hardware type, and where it says
// nothing those of every machine.
func limits(f machine.Figure, t *machine.HardwareType) (all []bound) {
	if t != nil {
		for _, text := range t.Limits {
			l, err := machine.ParseCheckLimit(text)
			if err == nil && l.Test == f.Test && l.Metric == f.Metric {
				all = append(all, bound{l, "hardware type " + t.Name})
			}
		}
	}
	most, ok := ours[f.Metric]
	if ok && len(all) == 0 {
		all = append(all, bound{machine.CheckLimit{Test: f.Test, Metric: f.Metric, Bound: most}, "every machine"})
	}
	return all
}

// ours are the most that is well in any machine. Processors slow down by themselves
// from about 100 °C on.
var ours = map[string]float64{report.MetricErrors: 0, report.MetricOutcome: 0, report.MetricTemperature: 95}
