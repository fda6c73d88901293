package server

import (
	"context"
	"fmt"
	"strings"
	"time"

	"firstlight/server/health"
)

// probes registers how each part is.
func (a *Appliance) probes() {
	a.health.Register("serverdb", a.probeDB)
	a.health.Register("restore", a.probeRestored)
	a.health.Register("boot files", a.probeFiles)
	if a.Config.HTTPSPort != 0 {
		a.health.Register("https boot", a.probeSecure)
	}
	a.health.Register("images", a.probeImages)
	a.health.Register("dns", a.probeZones)
	a.health.Register("appliance", a.probeAge)
}

// probeDB asks the database itself, because a commit may be long ago.
func (a *Appliance) probeDB(ctx context.Context) (health.State, string) {
	since := a.db.Away()
	if err := a.db.Ping(ctx); err != nil {
		return health.Failed, fmt.Sprintf("%s: %v: what is known is still answered, nothing can be changed until it is back", a.db.Place(), err)
	}
	if since != nil {
		return health.Degraded, fmt.Sprintf("%s: it answers, but nothing could be written since %s UTC", a.db.Place(), since.UTC().Format(time.DateTime))
	}
	return health.OK, fmt.Sprintf("%d machines in %s", len(a.db.Machines()), a.db.Place())
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
