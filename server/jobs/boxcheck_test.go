package jobs

import (
	"context"
	"slices"
	"strings"
	"time"

	"firstlight/agent/report"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// check takes as long as the order says, goes on while the appliance is away, and
// ends when it is told that its order is void.
func (b *box) check(ctx context.Context, o report.Order) report.Result {
	res := report.Result{Order: o.ID, Step: report.StepCheck}
	b.set(func(b *box) { b.checks = append(b.checks, o.Check) })
	total, groups := int64(0), map[int]int{}
	for _, t := range o.Check.Tests {
		switch {
		case t.Test == report.TestThermal: // runs beside all
		case t.Group == 0:
			total += int64(t.Seconds)
		default:
			groups[t.Group] = max(groups[t.Group], t.Seconds)
		}
	}
	for _, longest := range groups {
		total += int64(longest)
	}
	for done := int64(0); done < total; done += 5 {
		if !nap(ctx, 5*time.Second) {
			return report.Result{}
		}
		if l := b.r.up(); l != nil {
			m, _ := l.db.ByMAC(b.mac)
			l.engine.Heard(m)
			if err := l.engine.Progress(m, report.Progress{Order: o.ID, Step: report.StepCheck, Done: done, Total: total, Message: "memory"}); err != nil {
				res.Error = "the appliance ended the check"
				return res
			}
		}
	}
	res.OK = true
	for _, t := range o.Check.Tests {
		if t.Test == report.TestDiskRead {
			res.Measured = append(res.Measured, report.Measured{Test: t.Test, Metric: report.MetricRate, Part: "D0001", Unit: "MB/s", Value: 500, Samples: []float64{499, 501}, Seconds: 30})
		}
	}
	res.Measured = append(res.Measured, report.Measured{Test: report.TestMemory, Metric: report.MetricErrors, Part: "B2", Unit: "count", Seconds: 30})
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fails != nil {
		b.fails(&res)
	}
	return res
}

// sick has three errors in a DIMM.
func sick(res *report.Result) { res.Measured[len(res.Measured)-1].Value = 3 }

// checkIt asks for a check, as a person would.
func (r *rack) checkIt(long time.Duration, tests ...string) *machine.Job {
	r.t.Helper()
	j, err := r.engine().Check(r.t.Context(), CheckRequest{
		Machine: r.machine(), For: long, Tests: tests, Target: "hardwarename=FL0001", Requester: "ada", User: "ada",
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return j
}

// told tells whether a row of the machine's timeline says something.
func (r *rack) told(text string) bool {
	r.t.Helper()
	all, err := r.db().Timeline(r.t.Context(), r.machine().ID, 0, 500)
	if err != nil {
		r.t.Fatal(err)
	}
	return slices.ContainsFunc(all, func(e journal.Event) bool { return strings.Contains(e.Text, text) })
}
