package tftp

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// result is how a request ended.
type result int

const (
	done      result = iota // the whole file, acknowledged
	broken                  // part of it
	withdrawn               // the client took nothing: a question after the size
	missing                 // no such file
	refused                 // a name or a write that is not allowed
	limited                 // too many at the same time
	malformed               // not a request
	panicked                // a fault of ours, contained
	results
)

var resultNames = [results]string{"done", "broken", "withdrawn", "missing", "refused", "limited", "malformed", "panic"}

type metrics struct {
	results [results]atomic.Uint64
	bytes   atomic.Uint64
	resent  atomic.Uint64 // blocks
}

var (
	requestsDesc = prometheus.NewDesc("firstlight_tftp_requests_total", "TFTP requests, by result.", []string{"result"}, nil)
	bytesDesc    = prometheus.NewDesc("firstlight_tftp_sent_bytes_total", "File bytes sent by TFTP.", nil, nil)
	resentDesc   = prometheus.NewDesc("firstlight_tftp_resent_blocks_total", "TFTP blocks that were sent again, since no acknowledgement came in time or one told of a gap.", nil, nil)
	activeDesc   = prometheus.NewDesc("firstlight_tftp_transfers", "TFTP transfers that run.", nil, nil)
)

// Describe is part of prometheus.Collector.
func (s *Server) Describe(ch chan<- *prometheus.Desc) {
	ch <- requestsDesc
	ch <- bytesDesc
	ch <- resentDesc
	ch <- activeDesc
}

// Collect is part of prometheus.Collector.
func (s *Server) Collect(ch chan<- prometheus.Metric) {
	for r := range results {
		ch <- prometheus.MustNewConstMetric(requestsDesc, prometheus.CounterValue, float64(s.metrics.results[r].Load()), resultNames[r])
	}
	ch <- prometheus.MustNewConstMetric(bytesDesc, prometheus.CounterValue, float64(s.metrics.bytes.Load()))
	ch <- prometheus.MustNewConstMetric(resentDesc, prometheus.CounterValue, float64(s.metrics.resent.Load()))
	ch <- prometheus.MustNewConstMetric(activeDesc, prometheus.GaugeValue, float64(s.limits.active()))
}
