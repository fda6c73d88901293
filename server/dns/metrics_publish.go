package dns

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	serialDesc = prometheus.NewDesc("firstlight_dns_zone_serial",
		"Serial of a zone as it was published last.", []string{"zone"}, nil)
	recordsDesc = prometheus.NewDesc("firstlight_dns_zone_records",
		"Records of a zone, its SOA included.", []string{"zone"}, nil)
	problemsDesc = prometheus.NewDesc("firstlight_dns_problems",
		"Names and addresses that the last build had to leave out.", nil, nil)
)

type publisherMetrics struct {
	zones prometheus.Counter
	took  prometheus.Histogram
}

func newPublisherMetrics() *publisherMetrics {
	return &publisherMetrics{
		zones: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "firstlight_dns_zones_published_total", Help: "Zones published because they had changed.",
		}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "firstlight_dns_publish_seconds", Help: "Time from reading ServerDb to answering from it.",
			Buckets: []float64{1e-3, 2e-3, 5e-3, 10e-3, 20e-3, 50e-3, 100e-3, 500e-3, 1, 5},
		}),
	}
}

func (m *publisherMetrics) published(changed int, took time.Duration) {
	m.zones.Add(float64(changed))
	m.took.Observe(took.Seconds())
}

// Describe is of prometheus.Collector.
func (p *Publisher) Describe(ch chan<- *prometheus.Desc) {
	p.metrics.zones.Describe(ch)
	p.metrics.took.Describe(ch)
	ch <- serialDesc
	ch <- recordsDesc
	ch <- problemsDesc
}

// Collect is of prometheus.Collector.
func (p *Publisher) Collect(ch chan<- prometheus.Metric) {
	p.metrics.zones.Collect(ch)
	p.metrics.took.Collect(ch)
	now := p.state.Load()
	for _, z := range now.zones {
		ch <- prometheus.MustNewConstMetric(serialDesc, prometheus.GaugeValue, float64(z.Serial), z.Name)
		ch <- prometheus.MustNewConstMetric(recordsDesc, prometheus.GaugeValue, float64(z.Records()), z.Name)
	}
	ch <- prometheus.MustNewConstMetric(problemsDesc, prometheus.GaugeValue, float64(len(now.problems)))
}
