package server

import (
	"log/slog"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"firstlight/server/api"
	"firstlight/server/auth"
	"firstlight/server/health"
	"firstlight/server/machine"
	"firstlight/server/operate"
	"firstlight/web"
)

// newSite makes the people's door: the pages, the API below them, and the
// metrics and health beside them.
func (a *Appliance) newSite(people *auth.Service) (*web.Site, *api.API, error) {
	desk := a.newDesk()
	programs, err := api.New(api.Config{
		Desk: desk, DB: a.db, Health: &a.health, People: people,
		Log: a.Log.With("part", "api"), Now: time.Now, Version: a.Version,
	})
	if err != nil {
		return nil, nil, err
	}
	document, err := programs.Document()
	if err != nil {
		return nil, nil, err
	}
	site, err := web.New(web.Config{
		Data: a.db, Actions: hands{desk}, Insight: insight{desk, a}, States: programs, People: people, PlanRole: operate.PlanRole, API: document,
		Log: a.Log.With("part", "web"), Now: time.Now, Site: a.Config.Site.Name, Banner: a.banner, Version: a.Version, DNS: a.own()[0].String(),
	})
	if err != nil {
		return nil, nil, err
	}
	site.MountTree(api.Prefix, programs)
	a.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), machines{a.db}, restores{a.db}, databases{a.db},
		audits{a.db, a.Log.With("part", "audit")})
	site.Mount("/metrics", promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(a.Log.Handler(), slog.LevelError)}), auth.Viewer)
	for _, what := range []string{"heap", "goroutine", "mutex", "block"} {
		site.Mount("/debug/pprof/"+what, pprof.Handler(what), auth.Admin)
	}
	site.Mount("/debug/pprof/profile", http.HandlerFunc(pprof.Profile), auth.Admin)
	site.Mount("/healthz", health.Alive(), auth.Nobody)
	site.Mount("/readyz", a.health.Ready(), auth.Viewer)
	return site, programs, nil
}

// machines counts machines by status for the metrics.
type machines struct {
	db interface {
		Machines() []*machine.Machine
	}
}

var machinesDesc = prometheus.NewDesc("firstlight_machines", "Machines in ServerDb, by status.", []string{"status"}, nil)

func (machines) Describe(ch chan<- *prometheus.Desc) { ch <- machinesDesc }

func (m machines) Collect(ch chan<- prometheus.Metric) {
	count := map[machine.Status]int{}
	for _, one := range m.db.Machines() {
		count[one.Status]++
	}
	for _, s := range machine.Statuses() {
		ch <- prometheus.MustNewConstMetric(machinesDesc, prometheus.GaugeValue, float64(count[s]), string(s))
	}
}
