package dhcp6

import (
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/prometheus/client_golang/prometheus"
)

// reason is why a packet got no answer.
type reason int

const (
	reasonNone       reason = iota // it got one
	dropMalformed                  // RFC 8415 §16 has it discarded
	dropQueueFull                  // more came than could be answered
	dropStale                      // it waited until its client asked again
	dropReceive                    // the socket failed
	dropSend                       // so did sending
	dropNoSubnet                   // from a network that we do not serve
	dropPolicy                     // boot.Decide gives no address
	dropOtherServer                // meant for another server
	dropUnknownLease               // a Rebind without a record
	dropStore                      // the lease did not get onto the disk
	dropPanic                      // a fault of ours, contained
	reasons
)

// names of the reasons, as the metric and timelines have them; what dhcp has, too,
// has the same name there.
var names = [reasons]string{
	"", "malformed", "queue_full", "stale", "receive", "send", "no_subnet", "policy", "other_server", "unknown_lease", "store", "panic",
}

// reasonFull is why a client was refused where no address is left, by the name
// that it has in timelines of dhcp.
const reasonFull = "no_address"

// kinds is one more than the last message type that is counted by name.
const kinds = int(dhcpv6.MessageTypeInformationRequest) + 1

// metrics counts. Index 0 of the message types stands for all others.
type metrics struct {
	received [kinds]atomic.Uint64
	sent     [kinds]atomic.Uint64
	dropped  [reasons]atomic.Uint64
	latency  prometheus.Histogram
}

func newMetrics() *metrics {
	return &metrics{latency: prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "firstlight_dhcp6_reply_seconds",
		Help:    "Time from the arrival of a DHCPv6 message to the Reply with its address on the wire, the disk included.",
		Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14), // 0.5 ms to 4 s
	})}
}

func kindIndex(k dhcpv6.MessageType) int {
	if int(k) >= kinds {
		return 0
	}
	return int(k)
}

var (
	receivedDesc = prometheus.NewDesc("firstlight_dhcp6_received_total", "DHCPv6 messages of clients, by type.", []string{"type"}, nil)
	sentDesc     = prometheus.NewDesc("firstlight_dhcp6_sent_total", "DHCPv6 replies, by message type.", []string{"type"}, nil)
	droppedDesc  = prometheus.NewDesc("firstlight_dhcp6_dropped_total", "DHCPv6 packets that got no reply, by reason.", []string{"reason"}, nil)
	queueDesc    = prometheus.NewDesc("firstlight_dhcp6_queue_packets", "DHCPv6 packets that wait for a worker, by class: known, unknown.", []string{"class"}, nil)
	serversDesc  = prometheus.NewDesc("firstlight_dhcp6_other_servers", "Other DHCPv6 servers that were heard within the last hour, by whether they may be there.", []string{"expected"}, nil)
)

// Describe is part of prometheus.Collector.
func (s *Server) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{receivedDesc, sentDesc, droppedDesc, queueDesc, serversDesc} {
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
			name = strings.ToLower(dhcpv6.MessageType(k).String()) //nolint:gosec // below kinds
		}
		count(receivedDesc, s.metrics.received[k].Load(), name)
		count(sentDesc, s.metrics.sent[k].Load(), name)
	}
	for r := reasonNone + 1; r < reasons; r++ {
		count(droppedDesc, s.metrics.dropped[r].Load(), names[r])
	}
	for class, waiting := range map[string]int{"known": len(s.queue.known), "unknown": len(s.queue.unknown)} {
		ch <- prometheus.MustNewConstMetric(queueDesc, prometheus.GaugeValue, float64(waiting), class)
	}
	expected := map[bool]int{}
	for _, one := range s.OtherServers() {
		expected[one.Expected]++
	}
	for _, is := range []bool{false, true} {
		ch <- prometheus.MustNewConstMetric(serversDesc, prometheus.GaugeValue, float64(expected[is]), strconv.FormatBool(is))
	}
	s.metrics.latency.Collect(ch)
}
