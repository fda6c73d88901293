package jobs

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"firstlight/agent/report"
	"firstlight/server/discovery"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
	"firstlight/server/verdict"
)

// badKept is how many sentences on bad parts a machine's record holds; the check has
// all of them.
const badKept = 8

// checked takes what an agent measured: verdict, figures and the machine's record
// are one write. What could not be carried out is tried again.
func checked(ctx context.Context, r *run, res report.Result) error {
	if !res.OK || len(res.Measured) == 0 {
		if res.Error == "" {
			res.Error = "the agent measured nothing"
		}
		return r.unlessFinal(ctx, r.again(ctx, stopped(res)))
	}
	var kept *machine.CheckRecord
	err := r.change(ctx, func(w *serverdb.Write, j *machine.Job) (err error) {
		m, err := w.Full(j.Machine)
		if err != nil {
			return err
		}
		if kept, err = r.judged(w, m, j, res.Measured); err != nil {
			return err
		}
		return r.keepVerdict(w, m, j, kept)
	})
	if err != nil {
		return r.unlessFinal(ctx, err)
	}
	r.checks.count(r.Now().Sub(r.job.Token.RedeemedAt), kept.Findings)
	r.DB.Observe(r.machine.ID, func(o *machine.Observed) { o.Waits, o.Progress = "", 0 })
	return nil
}

// judged holds figures against the machine's hardware type and its siblings, and
// keeps them.
func (r *run) judged(w *serverdb.Write, m *machine.Machine, j *machine.Job, all []report.Measured) (*machine.CheckRecord, error) {
	like := m.Like() + under(budgetOf(j))
	siblings, err := w.Siblings(m.ID, like)
	if err != nil {
		return nil, err
	}
	c := &machine.CheckRecord{
		Job: j.ID, Machine: m.ID, Like: like, At: r.Now().UTC(), Seconds: j.Check.Seconds, Tests: j.Check.Tests,
		Findings: verdict.Judge(figures(m.Facts, all), r.DB.HardwareType(m.Type), siblings),
	}
	c.OK, c.Sentence = verdict.Sum(c.Findings)
	return c, w.KeepCheck(c)
}

func (r *run) keepVerdict(w *serverdb.Write, m *machine.Machine, j *machine.Job, c *machine.CheckRecord) error {
	j.Check.Ended, j.Check.OK, j.Check.Sentence = c.At, c.OK, clip(c.Sentence)
	j.Token.WrittenAt = r.Now()
	result := map[bool]string{true: "passed: ", false: "failed: "}[c.OK] + j.Check.Sentence
	step := j.Current()
	step.Status, step.EndedAt, step.Error, step.Note = machine.StepDone, r.Now(), "", result
	last := &machine.Checked{Job: j.ID, At: c.At, Seconds: c.Seconds, OK: c.OK, Sentence: j.Check.Sentence}
	for _, f := range c.Findings {
		if f.Is.Bad() && len(last.Bad) < badKept {
			last.Bad = append(last.Bad, clip(f.Sentence))
		}
	}
	if err := w.Mark(m, func(m *machine.Machine) { m.Checked = last }); err != nil {
		return err
	}
	return r.event(w, "Check "+result)
}

// maxFigures bounds what one agent can make us keep: machines have some hundred
// threads, and some hundred disks.
const maxFigures = 4096

// figures are what an agent measured, with the models of the parts.
func figures(f *machine.Facts, all []report.Measured) []machine.Figure {
	var list []machine.Figure
	for _, m := range all[:min(len(all), maxFigures)] {
		list = append(list, machine.Figure{
			Test: discovery.Clean(m.Test), Metric: discovery.Clean(m.Metric), Part: discovery.Clean(m.Part), Model: modelOf(f, m), Unit: discovery.Clean(m.Unit),
			Value: m.Value, Samples: m.Samples[:min(len(m.Samples), report.CheckSamples)], Seconds: m.Seconds, Error: clip(m.Error), Untested: m.Untested,
		})
	}
	return list
}

// modelOf names what parts that are alike have in common. Of sensors that is their
// place.
func modelOf(f *machine.Facts, m report.Measured) string {
	if f == nil {
		return ""
	}
	switch m.Test {
	case report.TestProcessor, report.TestMemory:
		return f.CPU
	case report.TestDiskRead, report.TestDiskSelf:
		for _, d := range f.Disks {
			if d.Serial == m.Part || d.Serial == "" && d.Name == m.Part {
				return d.Model
			}
		}
	case report.TestNetwork:
		for _, n := range f.NICs {
			if n.MAC.String() == m.Part {
				return fmt.Sprintf("%s %s %d Mb/s", n.Driver, n.ID, n.Mbps)
			}
		}
	case report.TestThermal:
		return discovery.Clean(m.Part)
	}
	return ""
}

// checkMetrics are of checks that came to a verdict.
type checkMetrics struct {
	seconds  prometheus.Histogram
	failures *prometheus.CounterVec
}

func newCheckMetrics() checkMetrics {
	m := checkMetrics{
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "firstlight_check_seconds", Help: "How long checks of hardware took, from the order to the verdict.",
			Buckets: []float64{30, 60, 300, 600, 1200, 3600, 6 * 3600, 24 * 3600, 72 * 3600},
		}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firstlight_check_failures_total", Help: "Figures of checks that were bad, by the test that measured them.",
		}, []string{"test"}),
	}
	for _, t := range allTests {
		m.failures.WithLabelValues(t)
	}
	return m
}

func (c checkMetrics) count(took time.Duration, all []machine.Finding) {
	c.seconds.Observe(took.Seconds())
	for _, f := range all {
		switch {
		case !f.Is.Bad():
		case slices.Contains(allTests, f.Test):
			c.failures.WithLabelValues(f.Test).Inc()
		default: // what agents say must not become a name of ours
			c.failures.WithLabelValues("other").Inc()
		}
	}
}
