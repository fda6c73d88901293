package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"

	"firstlight/agent/report"
	"firstlight/server/config"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// fleetSize is how many machines ServerDb holds for the DNS work: the fleet of
// the story that this is modelled on.
const fleetSize = 12000

// host is one name of the fleet.
type host struct {
	name string // without the domain
	addr netip.Addr
}

// fleet puts machines into the stopped appliance's ServerDb as their agents
// would, names them, and lists their names.
func (b *bench) fleet(ctx context.Context) (hosts []host, err error) {
	db, err := b.database(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(128) // fills a group commit
	for n := range fleetSize {
		g.Go(func() error { return enter(ctx, db, n) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for _, m := range db.Machines() {
		if m.Hostname != "" {
			hosts = append(hosts, host{m.Hostname, m.Address()})
		}
	}
	return hosts, nil
}

// database opens the stopped appliance's ServerDb, with the subnets and rules of
// its configuration.
func (b *bench) database(ctx context.Context) (*serverdb.DB, error) {
	cfg, err := config.Load(b.path("firstlight.yaml"))
	if err != nil {
		return nil, err
	}
	db, err := serverdb.Open(ctx, b.rack.Database(), serverdb.Options{
		Log: slog.New(slog.DiscardHandler), Now: time.Now, Retention: cfg.Retention,
		Patterns: map[string]string{cfg.Site.Name: cfg.Site.Hostnames},
	})
	if err != nil {
		return nil, err
	}
	if err := db.Seed(ctx, cfg.Subnets, cfg.Rules); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// enter reports one machine and names it.
func enter(ctx context.Context, db *serverdb.DB, n int) error {
	serial := fmt.Sprintf("BENCH%05d", n)
	from := netip.AddrFrom4([4]byte{10, 80, byte(16 + n>>8), byte(n)})
	mac := machine.MAC{2, 0x42, 0x4e, 0, byte(n >> 8), byte(n)}
	m, err := db.Report(ctx, &report.Report{
		Version: report.Version, Boot: report.Boot{ID: serial, MAC: mac.String(), Platform: "efi", Arch: "amd64"},
		System: report.System{Vendor: "QEMU", Product: "bench", Serial: serial},
		NICs:   []report.NIC{{Name: "eth0", MAC: mac.String(), Link: true}},
	}, from)
	if err != nil || m.Hostname != "" {
		return err
	}
	return db.Do(ctx, func(w *serverdb.Write) error {
		own, err := w.Machine(m.ID)
		if err != nil {
			return err
		}
		return w.Transition(own, serverdb.Change{
			From: machine.Available, To: machine.Allocated, Who: "bench", Why: "for the comparison",
			Evidence: machine.Evidence{machine.GuardEmptyDisks: "it has none", machine.GuardUnlocked: "not locked", machine.GuardNoJob: "none"},
			Apply:    func(m *machine.Machine) { m.Hostname, m.Role = fmt.Sprintf("rack-web-%d", n+1), "web" },
		})
	})
}
