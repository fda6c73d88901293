package server

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"firstlight/server/inspect"
	"firstlight/server/issue"
	"firstlight/server/machine"
)

func (a *Appliance) openIssues(context.Context) error {
	a.inspector = inspect.New(inspect.Config{
		DB: a.db, Log: a.Log.With("part", "issues"), Now: time.Now, Heard: a.jobs.LastHeard, Unnamed: a.unnamed,
		Usual:  a.clocks.Of,
		Others: func() []machine.DHCPServer { return a.otherServers() },
	})
	a.metrics.MustRegister(issues{a.db, time.Now}, faults{a.inspector}, sightings{a.db})
	return nil
}

// unnamed says why names of machines are kept out of the DNS.
func (a *Appliance) unnamed() map[string]string {
	all := map[string]string{}
	for _, p := range a.publisher.Problems() {
		if p.Machine != "" {
			all[p.Machine] = p.Sentence
		}
	}
	return all
}

// issues counts open issues for the metrics.
type issues struct {
	db interface {
		Issues() []*machine.Issue
	}
	now func() time.Time
}

// faults counts what is wrong with boots for the metrics.
type faults struct {
	found interface {
		Faults() map[inspect.Fault]int
	}
}

var faultsDesc = prometheus.NewDesc("firstlight_boot_faults", "Machines and unknown MACs whose boot shows a fault, by fault; level suspected: a slow one would look the same.", []string{"fault", "level"}, nil)

func (faults) Describe(ch chan<- *prometheus.Desc) { ch <- faultsDesc }

// Collect is part of prometheus.Collector.
func (f faults) Collect(ch chan<- prometheus.Metric) {
	for fault, n := range f.found.Faults() {
		level := "certain"
		if fault.Suspected {
			level = "suspected"
		}
		ch <- prometheus.MustNewConstMetric(faultsDesc, prometheus.GaugeValue, float64(n), string(fault.Name), level)
	}
}

var (
	issuesDesc = prometheus.NewDesc("firstlight_issues", "Open issues, by kind.", []string{"kind"}, nil)
	oldestDesc = prometheus.NewDesc("firstlight_issue_oldest_seconds", "Age of the oldest open issue, by kind; 0 when there is none.", []string{"kind"}, nil)
)

func (issues) Describe(ch chan<- *prometheus.Desc) {
	ch <- issuesDesc
	ch <- oldestDesc
}

// Collect gives a row for each kind that is computed, so that one that never
// shows can be told from one that nobody looks for.
func (i issues) Collect(ch chan<- prometheus.Metric) {
	count, oldest := map[machine.IssueKind]int{}, map[machine.IssueKind]time.Duration{}
	now := i.now()
	for _, one := range i.db.Issues() {
		count[one.Kind]++
		oldest[one.Kind] = max(oldest[one.Kind], now.Sub(one.Since))
	}
	for _, e := range issue.Catalogue() {
		if e.NotComputed == "" {
			ch <- prometheus.MustNewConstMetric(issuesDesc, prometheus.GaugeValue, float64(count[e.Kind]), string(e.Kind))
			ch <- prometheus.MustNewConstMetric(oldestDesc, prometheus.GaugeValue, oldest[e.Kind].Seconds(), string(e.Kind))
		}
	}
}

// sightings counts what was seen of cables for the metrics.
type sightings struct {
	db interface{ Sightings() map[string]int64 }
}

var sightingsDesc = prometheus.NewDesc("firstlight_sightings_total", "Cables that were seen for the first time, or elsewhere than before, by who saw them: lldp, relay, or bmc for the relay of a management controller.", []string{"leg"}, nil)

func (sightings) Describe(ch chan<- *prometheus.Desc) { ch <- sightingsDesc }

// Collect is part of prometheus.Collector.
func (s sightings) Collect(ch chan<- prometheus.Metric) {
	for leg, n := range s.db.Sightings() {
		ch <- prometheus.MustNewConstMetric(sightingsDesc, prometheus.CounterValue, float64(n), leg)
	}
}
