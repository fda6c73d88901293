package httpboot

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	requests *prometheus.CounterVec
	refused  *prometheus.CounterVec
	bytes    prometheus.Counter
	crashes  prometheus.Counter
	logged   prometheus.Counter
	overlays *prometheus.CounterVec // that went out whole
	// enrolments are by what became of them; see trust.Outcome.
	enrolments *prometheus.CounterVec
}

func newMetrics() *metrics {
	return &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firstlight_http_machine_requests_total", Help: "Requests at the machines' door, by route.",
		}, []string{"route"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firstlight_http_machine_refused_total", Help: "Requests at the machines' door that were refused, by reason.",
		}, []string{"reason"}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "firstlight_http_machine_sent_bytes_total", Help: "Bytes of boot files and images sent.",
		}),
		overlays: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firstlight_overlays_sent_total", Help: "Overlays of the boot image that were sent whole, by driver.",
		}, []string{"driver"}),
		crashes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "firstlight_agent_crashes_total", Help: "Lives of agents that ended by an error, as the next ones told.",
		}),
		logged: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "firstlight_agent_log_lines_total", Help: "Lines of agents' logs that the journal took.",
		}),
		enrolments: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firstlight_enrolments_total", Help: "Boot tokens that agents showed, by what became of them.",
		}, []string{"result"}),
	}
}

// Describe implements prometheus.Collector.
func (s *Server) Describe(ch chan<- *prometheus.Desc) {
	for _, c := range s.collectors() {
		c.Describe(ch)
	}
}

// Collect implements prometheus.Collector.
func (s *Server) Collect(ch chan<- prometheus.Metric) {
	for _, c := range s.collectors() {
		c.Collect(ch)
	}
}

func (s *Server) collectors() []prometheus.Collector {
	return []prometheus.Collector{s.metrics.requests, s.metrics.refused, s.metrics.bytes, s.metrics.crashes, s.metrics.logged, s.metrics.overlays, s.metrics.enrolments}
}
