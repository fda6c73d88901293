package dhcp

import (
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/prometheus/client_golang/prometheus"
)

// reason is why a packet got no answer.
type reason int

const (
	reasonDone       reason = iota // there is nothing to answer: RELEASE, DECLINE
	dropMalformed                  // not a packet of a DHCP client
	dropLoop                       // it names us as its relay
	dropQueueFull                  // more came than could be answered
	dropStale                      // it waited until its client asked again
	dropReceive                    // the socket failed
	dropSend                       // so did sending
	dropNoSubnet                   // from a network that we do not serve
	dropConflict                   // what it and its relay say of its network does not go together
	dropPolicy                     // boot.Decide gives no address
	dropOtherServer                // meant for another server
	dropUnknownLease               // INIT-REBOOT without a record
	dropNoAddress                  // the subnet is full
	dropStore                      // the lease did not get onto the disk
	dropNotBoot                    // no firmware, where we only say what to boot
	dropNoLoader                   // its architecture has no boot loader, where we only say what to boot
	dropPanic                      // a fault of ours, contained
	reasons
)

// names of the reasons, as the metric has them.
var names = [reasons]string{
	"done", "malformed", "loop", "queue_full", "stale", "receive", "send", "no_subnet", "conflict", "policy",
	"other_server", "unknown_lease", "no_address", "store", "not_boot", "no_loader", "panic",
}

// kinds is one more than the last message type that is counted by name.
const kinds = int(dhcpv4.MessageTypeInform) + 1

// metrics counts. Index 0 of the message types stands for all others.
type metrics struct {
	received [kinds]atomic.Uint64
	sent     [kinds]atomic.Uint64
	dropped  [reasons]atomic.Uint64
	admitted [classes]atomic.Uint64
	shed     [classes]atomic.Uint64
	latency  prometheus.Histogram
	// unprobed counts offers that went out although somebody might be on their
	// address, conflicts those on which somebody was.
	unprobed, conflicts atomic.Uint64
	optionsLeftOut      atomic.Uint64 // that a client had no room for
}

func newMetrics() *metrics {
	return &metrics{latency: prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "firstlight_dhcp_ack_seconds",
		Help:    "Time from the arrival of a REQUEST to its ACK on the wire, the disk included.",
		Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14), // 0.5 ms to 4 s
	})}
}

// overflowed counts a packet that a full queue let go.
func (m *metrics) overflowed(c class) {
	m.dropped[dropQueueFull].Add(1)
	m.shed[c].Add(1)
}

func kindIndex(k dhcpv4.MessageType) int {
	if int(k) >= kinds {
		return 0
	}
	return int(k)
}

var (
	receivedDesc = prometheus.NewDesc("firstlight_dhcp_received_total", "DHCP packets of clients, by message type.", []string{"type"}, nil)
	sentDesc     = prometheus.NewDesc("firstlight_dhcp_sent_total", "DHCP replies, by message type.", []string{"type"}, nil)
	droppedDesc  = prometheus.NewDesc("firstlight_dhcp_dropped_total", "DHCP packets that got no reply, by reason.", []string{"reason"}, nil)
	admittedDesc = prometheus.NewDesc("firstlight_dhcp_admitted_total", "DHCP packets that came, by class: renewal, known, unknown, excess.", []string{"class"}, nil)
	shedDesc     = prometheus.NewDesc("firstlight_dhcp_shed_total", "DHCP packets that a full queue let go, by class.", []string{"class"}, nil)
	unprobedDesc = prometheus.NewDesc("firstlight_dhcp_unprobed_offers_total", "DHCP offers whose address was not probed, because too many were at once.", nil, nil)
	conflictDesc = prometheus.NewDesc("firstlight_dhcp_conflicts_total", "Addresses that were not offered, because somebody answered from them.", nil, nil)
	optionsDesc  = prometheus.NewDesc("firstlight_dhcp_options_left_out_total", "Options of a subnet that were not sent, because the client takes no reply that long.", nil, nil)
	queueDesc    = prometheus.NewDesc("firstlight_dhcp_queue_packets", "DHCP packets that wait for a worker, by class.", []string{"class"}, nil)
	serversDesc  = prometheus.NewDesc("firstlight_dhcp_other_servers", "Other DHCP servers that were heard within the last hour, by whether they may be there.", []string{"expected"}, nil)
)

// Describe is part of prometheus.Collector.
func (s *Server) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{receivedDesc, sentDesc, droppedDesc, admittedDesc, shedDesc, queueDesc, unprobedDesc, conflictDesc, optionsDesc, serversDesc} {
		ch <- d
	}
	s.metrics.latency.Describe(ch)
}

// Collect is part of prometheus.Collector.
func (s *Server) Collect(ch chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, n uint64, label string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), label)
	}
	for k := range kinds {
		name := "other"
		if k > 0 {
			name = strings.ToLower(dhcpv4.MessageType(k).String())
		}
		count(receivedDesc, s.metrics.received[k].Load(), name)
		count(sentDesc, s.metrics.sent[k].Load(), name)
	}
	for r := reasonDone + 1; r < reasons; r++ {
		count(droppedDesc, s.metrics.dropped[r].Load(), names[r])
	}
	for c := range classes {
		count(admittedDesc, s.metrics.admitted[c].Load(), classNames[c])
		count(shedDesc, s.metrics.shed[c].Load(), classNames[c])
		ch <- prometheus.MustNewConstMetric(queueDesc, prometheus.GaugeValue, float64(s.queue.length(c)), classNames[c])
	}
	ch <- prometheus.MustNewConstMetric(unprobedDesc, prometheus.CounterValue, float64(s.metrics.unprobed.Load()))
	ch <- prometheus.MustNewConstMetric(conflictDesc, prometheus.CounterValue, float64(s.metrics.conflicts.Load()))
	ch <- prometheus.MustNewConstMetric(optionsDesc, prometheus.CounterValue, float64(s.metrics.optionsLeftOut.Load()))
	expected := map[bool]int{}
	for _, one := range s.OtherServers() {
		expected[one.Expected]++
	}
	for _, is := range []bool{false, true} {
		ch <- prometheus.MustNewConstMetric(serversDesc, prometheus.GaugeValue, float64(expected[is]), strconv.FormatBool(is))
	}
	s.metrics.latency.Collect(ch)
}
