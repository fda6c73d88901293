package server

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"firstlight/server/health"
	"firstlight/server/serverdb"
)

// probeRestored tells whether an older database was restored and not yet held
// against the machines that there are.
func (a *Appliance) probeRestored(context.Context) (health.State, string) {
	r, frozen := a.db.Restored(), a.db.Frozen()
	switch {
	case r == nil:
		return health.OK, "no backup was ever restored"
	case !r.Open() && frozen == 0:
		return health.OK, "restored from a backup of " + stampOf(r.BackupAt) + "; all is accounted for"
	case !r.Open():
		return health.Degraded, fmt.Sprintf("restored from a backup of %s; %d machines are still frozen: look at each, then thaw it", stampOf(r.BackupAt), frozen)
	default:
		return health.Degraded, safeMode(r, frozen)
	}
}

// safeMode is one sentence for health and the banner of every page.
func safeMode(r *serverdb.Restored, frozen int) string {
	return fmt.Sprintf("restored from a backup of %s; safe mode until somebody ends it: %d machines are frozen, unknown ones boot their disk, "+
		"and addresses are probed until %s", stampOf(r.BackupAt), frozen, stampOf(r.Until))
}

// banner says it on every page.
func (a *Appliance) banner() string {
	if r := a.db.Restored(); r.Open() {
		return "The database was " + safeMode(r, a.db.Frozen()) + "."
	}
	return ""
}

func stampOf(t time.Time) string { return t.UTC().Format(time.DateTime) + " UTC" }

// restores are the metrics of safe mode.
type restores struct{ db *serverdb.DB }

var (
	frozenDesc   = prometheus.NewDesc("firstlight_machines_frozen", "Machines that a restore froze and nobody thawed.", nil, nil)
	safeModeDesc = prometheus.NewDesc("firstlight_safe_mode", "1 while safe mode after a restore goes on.", nil, nil)
)

func (restores) Describe(ch chan<- *prometheus.Desc) {
	ch <- frozenDesc
	ch <- safeModeDesc
}

func (r restores) Collect(ch chan<- prometheus.Metric) {
	on := 0.0
	if r.db.Restored().Open() {
		on = 1
	}
	ch <- prometheus.MustNewConstMetric(frozenDesc, prometheus.GaugeValue, float64(r.db.Frozen()))
	ch <- prometheus.MustNewConstMetric(safeModeDesc, prometheus.GaugeValue, on)
}
