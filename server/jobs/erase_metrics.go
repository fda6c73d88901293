package jobs

import (
	"github.com/prometheus/client_golang/prometheus"

	"firstlight/server/certificate"
	"firstlight/server/machine"
)

// eraseMetrics count disks, not machines.
type eraseMetrics struct {
	disks          *prometheus.CounterVec
	bytes, seconds prometheus.Counter
}

func newEraseMetrics() eraseMetrics {
	return eraseMetrics{
		disks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firstlight_erases_total", Help: "Disks that agents erased or tried to, by the way they went last and what came of it.",
		}, []string{"method", "result"}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "firstlight_erased_bytes_total", Help: "Bytes of the disks that were proven erased.",
		}),
		seconds: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "firstlight_erase_seconds_total", Help: "Seconds that the disks took that were proven erased.",
		}),
	}
}

func (m eraseMetrics) count(all []machine.Erasure) {
	for _, e := range all {
		method := e.Method
		if certificate.Category(method, false) == "" {
			method = "none" // what agents say must not become a name of ours
		}
		if !e.OK {
			m.disks.WithLabelValues(method, "failed").Inc()
			continue
		}
		m.disks.WithLabelValues(method, "proven").Inc()
		m.bytes.Add(float64(e.Disk.Bytes))
		m.seconds.Add(e.Seconds)
	}
}

func (e *Engine) collectors() []prometheus.Collector {
	return []prometheus.Collector{e.once, e.let, e.erases.disks, e.erases.bytes, e.erases.seconds, e.checks.seconds, e.checks.failures}
}

// Describe is part of prometheus.Collector.
func (e *Engine) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range e.collectors() {
		c.Describe(ch)
	}
}

// Collect is part of prometheus.Collector.
func (e *Engine) Collect(ch chan<- prometheus.Metric) {
	for _, c := range e.collectors() {
		c.Collect(ch)
	}
}
