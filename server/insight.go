package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"firstlight/server/api"
	"firstlight/server/auth"
	"firstlight/server/boot"
	"firstlight/server/health"
	"firstlight/server/machine"
	"firstlight/server/operate"
	"firstlight/web"
)

// insight answers the pages what no record holds.
type insight struct {
	*operate.Desk
	a *Appliance
}

// Console gives the last lines of a machine's console.
func (i insight) Console(name string) []string {
	m, err := i.a.db.Machine(name)
	if err != nil {
		return nil
	}
	return i.a.http.Console(m.ID)
}

// Health says how each part is.
func (i insight) Health() []web.Check {
	var all []web.Check
	for _, s := range i.a.health.Check(context.Background()) {
		all = append(all, web.Check{Name: s.Name, State: string(s.State), Detail: s.Detail})
	}
	return all
}

// probes registers how each part is.
func (a *Appliance) probes() {
	a.health.Register("serverdb", a.probeDB)
	a.health.Register("boot files", a.probeFiles)
	a.health.Register("images", a.probeImages)
	a.health.Register("dns", a.probeZones)
	a.health.Register("appliance", a.probeAge)
}

func (a *Appliance) probeDB(context.Context) (health.State, string) {
	return health.OK, fmt.Sprintf("%d machines", len(a.db.Machines(machine.Selector{})))
}

func (a *Appliance) probeFiles(context.Context) (health.State, string) {
	if missing := a.http.MissingFiles(); len(missing) > 0 {
		return health.Failed, "missing: " + strings.Join(missing, ", ") + "; build with: make build"
	}
	return health.OK, "kernel, initramfs and loaders are there"
}

func (a *Appliance) probeImages(context.Context) (health.State, string) {
	n := len(a.db.Images())
	if n == 0 {
		return health.Degraded, "no image: copy one and its manifest into " + a.images.Name() + " and restart"
	}
	return health.OK, fmt.Sprintf("%d in the catalogue", n)
}

func (a *Appliance) probeZones(context.Context) (health.State, string) {
	if p := a.publisher.Problems(); len(p) > 0 {
		return health.Degraded, p[0].String()
	}
	return health.OK, fmt.Sprintf("%d zones", len(a.publisher.Zones()))
}

func (a *Appliance) probeAge(context.Context) (health.State, string) {
	return health.OK, fmt.Sprintf("version %s, up since %s", a.Version, a.started.UTC().Format(time.DateTime))
}

// newDesk makes the one desk for what people and programs ask.
func (a *Appliance) newDesk() *operate.Desk {
	return operate.New(operate.Config{DB: a.db, Jobs: a.jobs, Logins: a.keeper, Render: a.render, Log: a.Log.With("part", "desk"), Now: time.Now})
}

// render writes the script of an answer as a machine of the subnet gets it.
func (a *Appliance) render(req boot.Request, k boot.Known, answer boot.Answer, s *machine.Subnet) (string, error) {
	b, err := a.http.Render(req, k, answer, a.base(s))
	if err != nil {
		return "", err
	}
	return b.String(), nil
}

// newSite makes the people's door: the pages, the API below them, and the
// metrics and health beside them.
func (a *Appliance) newSite(people *auth.Service) (*web.Site, *api.API, error) {
	desk := a.newDesk()
	site, err := web.New(web.Config{
		Data: a.db, Actions: desk, Insight: insight{desk, a}, People: people,
		Log: a.Log.With("part", "web"), Now: time.Now, Site: a.Config.Site.Name, Version: a.Version, DNS: a.own()[0].String(),
	})
	if err != nil {
		return nil, nil, err
	}
	programs, err := api.New(api.Config{
		Desk: desk, DB: a.db, Health: &a.health, People: people, Console: a.http.Console,
		Log: a.Log.With("part", "api"), Now: time.Now, Version: a.Version,
	})
	if err != nil {
		return nil, nil, err
	}
	site.MountTree(api.Prefix, programs)
	a.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), machines{a.db})
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
		Machines(machine.Selector) []*machine.Machine
	}
}

var machinesDesc = prometheus.NewDesc("firstlight_machines", "Machines in ServerDb, by status.", []string{"status"}, nil)

func (machines) Describe(ch chan<- *prometheus.Desc) { ch <- machinesDesc }

func (m machines) Collect(ch chan<- prometheus.Metric) {
	count := map[machine.Status]int{}
	for _, one := range m.db.Machines(machine.Selector{}) {
		count[one.Status]++
	}
	for _, s := range machine.Statuses() {
		ch <- prometheus.MustNewConstMetric(machinesDesc, prometheus.GaugeValue, float64(count[s]), string(s))
	}
}
