package server

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"firstlight/server/serverdb"
)

// attendant ends the appliance when another one serves its database: what
// memory says grows old from then on. The next start is refused for as long as
// the other one goes on.
type attendant struct {
	always
	db *serverdb.DB
}

func (attendant) String() string { return "database" }

// Run waits for it.
func (a attendant) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-a.db.Lost():
		return err
	}
}

// databases is the metric of the database itself.
type databases struct {
	db interface{ Away() *time.Time }
}

var databaseDesc = prometheus.NewDesc("firstlight_database_up", "1 while the database takes changes, 0 while it is away.", nil, nil)

func (databases) Describe(ch chan<- *prometheus.Desc) { ch <- databaseDesc }

func (d databases) Collect(ch chan<- prometheus.Metric) {
	up := 1.0
	if d.db.Away() != nil {
		up = 0
	}
	ch <- prometheus.MustNewConstMetric(databaseDesc, prometheus.GaugeValue, up)
}

// commits gives what hears of every commit, and makes metrics of it.
func (a *Appliance) commits() func(writes int, took time.Duration) {
	took := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "firstlight_database_commit_seconds", Help: "Commits, by how long they took from their first write until all were on disk.",
		Buckets: prometheus.ExponentialBuckets(0.001, 2, 12),
	})
	writes := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "firstlight_database_writes_total", Help: "Writes that were in those commits, refused ones as well.",
	})
	a.metrics.MustRegister(took, writes)
	return func(n int, d time.Duration) {
		took.Observe(d.Seconds())
		writes.Add(float64(n))
	}
}
