package server

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"firstlight/server/serverdb"
)

// audits are the metrics of the audit: an audit that stops growing, or is kept
// for longer or shorter than it should be, shows in them.
type audits struct {
	db  *serverdb.DB
	log *slog.Logger
}

var (
	auditRowsDesc   = prometheus.NewDesc("firstlight_audit_rows", "Rows of the audit that are kept.", nil, nil)
	auditOldestDesc = prometheus.NewDesc("firstlight_audit_oldest_timestamp_seconds", "Time of the oldest row of the audit that is kept.", nil, nil)
)

// auditPatience is for a database that does not answer: the other metrics go on.
const auditPatience = 2 * time.Second

func (audits) Describe(ch chan<- *prometheus.Desc) {
	ch <- auditRowsDesc
	ch <- auditOldestDesc
}

func (a audits) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), auditPatience)
	defer cancel()
	rows, oldest, err := a.db.AuditSize(ctx)
	if err != nil {
		a.log.Warn("measure the audit", "error", err)
		return
	}
	ch <- prometheus.MustNewConstMetric(auditRowsDesc, prometheus.GaugeValue, float64(rows))
	if !oldest.IsZero() {
		ch <- prometheus.MustNewConstMetric(auditOldestDesc, prometheus.GaugeValue, float64(oldest.Unix()))
	}
}
