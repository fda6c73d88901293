package dns

import (
	"strconv"
	"sync/atomic"
	"time"

	miekg "github.com/miekg/dns"
	"github.com/prometheus/client_golang/prometheus"
)

// countedTypes are the query types with a name of their own in the metrics;
// strangers choose types, and must not be able to make series.
var countedTypes = [...]uint16{
	miekg.TypeA, miekg.TypeAAAA, miekg.TypePTR, miekg.TypeSOA, miekg.TypeNS, miekg.TypeCNAME, miekg.TypeMX,
	miekg.TypeTXT, miekg.TypeSRV, miekg.TypeHTTPS, miekg.TypeDS, miekg.TypeANY, miekg.TypeAXFR, miekg.TypeIXFR,
}

// countedRcodes bounds the other label.
const countedRcodes = 17 // 0 to BADVERS

var (
	queriesDesc = prometheus.NewDesc("firstlight_dns_queries_total",
		"DNS queries answered, by type and response code.", []string{"transport", "type", "rcode"}, nil)
	connectionsDesc = prometheus.NewDesc("firstlight_dns_tcp_connections", "TCP connections open now.", nil, nil)
)

// serverMetrics are counted on the way of every query, so the counters are
// plain atomics.
type serverMetrics struct {
	queries    [2][len(countedTypes) + 1][countedRcodes]atomic.Uint64
	dropped    prometheus.Counter
	latency    prometheus.Histogram
	panics     prometheus.Counter
	ioErrors   prometheus.Counter
	turnedAway prometheus.Counter
}

func newServerMetrics() *serverMetrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "firstlight_dns_" + name, Help: help})
	}
	return &serverMetrics{
		dropped:    counter("dropped_total", "Messages that were no DNS request and got no answer."),
		panics:     counter("panics_total", "Queries that made the server panic and got no answer."),
		ioErrors:   counter("io_errors_total", "Reads, writes and accepts that the kernel refused."),
		turnedAway: counter("tcp_refused_total", "TCP connections over the limit, all or of one address."),
		latency: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "firstlight_dns_answer_seconds", Help: "Time from a query read to its answer made.",
			Buckets: []float64{2e-6, 5e-6, 10e-6, 20e-6, 50e-6, 100e-6, 500e-6, 1e-3, 10e-3, 100e-3},
		}),
	}
}

// plain are those without labels.
func (m *serverMetrics) plain() []prometheus.Metric {
	return []prometheus.Metric{m.dropped, m.latency, m.panics, m.ioErrors, m.turnedAway}
}

func (m *serverMetrics) count(x exchange, udp bool, took time.Duration) {
	if x.reply == nil {
		m.dropped.Inc()
		return
	}
	m.queries[transport(udp)][typeIndex(x.qtype)][min(x.rcode, countedRcodes-1)].Add(1)
	m.latency.Observe(took.Seconds())
}

func transport(udp bool) int {
	if udp {
		return 0
	}
	return 1
}

func typeIndex(t uint16) int {
	for i, c := range countedTypes {
		if c == t {
			return i
		}
	}
	return len(countedTypes)
}

// Describe is of prometheus.Collector.
func (s *Server) Describe(ch chan<- *prometheus.Desc) {
	ch <- queriesDesc
	ch <- connectionsDesc
	for _, m := range s.metrics.plain() {
		ch <- m.Desc()
	}
}

// Collect is of prometheus.Collector.
func (s *Server) Collect(ch chan<- prometheus.Metric) {
	for t := range s.metrics.queries {
		for i := range s.metrics.queries[t] {
			for rcode := range s.metrics.queries[t][i] {
				if n := s.metrics.queries[t][i][rcode].Load(); n > 0 {
					ch <- prometheus.MustNewConstMetric(queriesDesc, prometheus.CounterValue, float64(n),
						[]string{"udp", "tcp"}[t], typeName(i), rcodeName(rcode))
				}
			}
		}
	}
	for _, m := range s.metrics.plain() {
		ch <- m
	}
	ch <- prometheus.MustNewConstMetric(connectionsDesc, prometheus.GaugeValue, float64(s.conns.count()))
}

func typeName(i int) string {
	if i == len(countedTypes) {
		return "other"
	}
	return miekg.TypeToString[countedTypes[i]]
}

func rcodeName(rcode int) string {
	if rcode == miekg.RcodeBadVers { // the library calls 16 BADSIG, which it is in TSIG alone
		return "BADVERS"
	}
	if name, ok := miekg.RcodeToString[rcode]; ok {
		return name
	}
	return strconv.Itoa(rcode)
}
