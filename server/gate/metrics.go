package gate

import (
	"github.com/prometheus/client_golang/prometheus"

	"firstlight/server/machine"
)

// counters are what an engine did, by gate.
type counters struct{ requests, answers *prometheus.CounterVec }

func newCounters() counters {
	return counters{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firstlight_gate_requests_total", Help: "Requests to systems that gates wait for, by gate and what became of them: taken or failed.",
		}, []string{"gate", "result"}),
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "firstlight_gate_answers_total", Help: "Ends of waits before gates, by gate: ok or refused by the system, passed by a person, late without an answer.",
		}, []string{"gate", "answer"}),
	}
}

var waitsDesc = prometheus.NewDesc("firstlight_gate_waits", "Machines that wait before a gate, by gate and state.", []string{"gate", "state"}, nil)

// Describe and Collect make the engine a prometheus.Collector.
func (e *Engine) Describe(ch chan<- *prometheus.Desc) {
	ch <- waitsDesc
	e.counted.requests.Describe(ch)
	e.counted.answers.Describe(ch)
}

// Collect counts what waits now.
func (e *Engine) Collect(ch chan<- prometheus.Metric) {
	type key struct {
		gate  string
		state machine.WaitState
	}
	count := map[key]float64{}
	for _, row := range e.DB.Plan(machine.KindGate) {
		count[key{row.Item.Key(), machine.WaitAsking}] = 0
	}
	for _, w := range e.DB.Waits() {
		count[key{w.Gate, w.State()}]++
	}
	for k, n := range count {
		ch <- prometheus.MustNewConstMetric(waitsDesc, prometheus.GaugeValue, n, k.gate, string(k.state))
	}
	e.counted.requests.Collect(ch)
	e.counted.answers.Collect(ch)
}
