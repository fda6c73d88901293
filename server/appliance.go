package server

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"firstlight/server/boot"
	"firstlight/server/bootclock"
	"firstlight/server/config"
	"firstlight/server/dhcp"
	"firstlight/server/dhcp6"
	"firstlight/server/dns"
	"firstlight/server/gate"
	"firstlight/server/health"
	"firstlight/server/httpboot"
	"firstlight/server/inspect"
	"firstlight/server/jobs"
	"firstlight/server/oob/credential"
	"firstlight/server/oob/login"
	"firstlight/server/serverdb"
	"firstlight/server/tftp"
)

// Options are what the command hands in beside the configuration.
type Options struct {
	Config     *config.Config
	BootImages fs.FS // a folder for each architecture, as bootimage.ReadAll has them
	Loaders    fs.FS
	Version    string
	Log        *slog.Logger
	// Out is where the appliance tells where to look and how to log in.
	Out io.Writer
	// Ready is called once everything answers.
	Ready func()
}

// Appliance is everything, opened and not yet running.
type Appliance struct {
	Options
	db        *serverdb.DB
	lock      *os.File           // of the state folder
	eraseKey  ed25519.PrivateKey // signs certificates of erased disks
	key       *credential.Key    // seals what is secret in the database
	images    *os.Root
	keeper    *login.Keeper
	prover    *login.Prover
	jobs      *jobs.Engine
	gates     *gate.Engine
	dhcp      *dhcp.Server
	dhcp6     *dhcp6.Server
	tftp      *tftp.Server
	http      *httpboot.Server
	secure    secure // boots over HTTPS
	grub      fs.FS  // what GRUB reads over TFTP first
	dns       *dns.Server
	publisher *dns.Publisher
	people    *people
	inspector *inspect.Inspector
	clocks    bootclock.Memory
	health    health.Registry
	metrics   *prometheus.Registry
	started   time.Time
}

// Open checks everything that can be wrong before the first packet: files,
// keys, database, and every socket.
func Open(ctx context.Context, o Options) (*Appliance, error) {
	a := newAppliance(o)
	if err := a.open(ctx, a.parts()); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func newAppliance(o Options) *Appliance {
	return &Appliance{Options: o, started: time.Now(), metrics: prometheus.NewRegistry()}
}

// parts are opened in their order; the sockets come last.
func (a *Appliance) parts() []func(context.Context) error {
	return []func(context.Context) error{
		a.openState, a.openDB, a.openKey, a.openBMCs, a.openDNS, a.openCertificates, a.openJobs, a.openIssues, a.openGates, a.openMachines, a.openPeople, a.settle, a.listen,
	}
}

func (a *Appliance) open(ctx context.Context, parts []func(context.Context) error) error {
	for _, part := range parts {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Run serves until ctx ends or a part fails.
func (a *Appliance) Run(ctx context.Context) error {
	return serve(ctx, a.Log, a.ready, a.tasks()...)
}

// tasks are the parts that run.
func (a *Appliance) tasks() []task {
	return []task{a.dns, a.publisher, a.dhcp, a.dhcp6, a.tftp, a.http, a.jobs, a.gates, a.prover, a.inspector, a.people, attendant{db: a.db}, thrift{size: a.machines}}
}

// Close ends what Open opened, the database last: everything before it may
// still write.
func (a *Appliance) Close() error {
	var err error
	if a.db != nil {
		err = a.db.Close()
	}
	if a.images != nil {
		err = errors.Join(err, a.images.Close())
	}
	if a.lock != nil {
		err = errors.Join(err, a.lock.Close())
	}
	return err
}

func (a *Appliance) openState(ctx context.Context) error {
	images := filepath.Join(a.Config.State, "images")
	if err := os.MkdirAll(images, 0o750); err != nil {
		return fmt.Errorf("state: make folder %s: %w; make it, or set state to a folder that this user may write", images, err)
	}
	err := ownState(a.Config.State)
	if err != nil {
		return err
	}
	if a.lock, err = lockState(ctx, a.Config.State); err != nil {
		return err
	}
	a.images, err = os.OpenRoot(images)
	return err
}

func (a *Appliance) openDB(ctx context.Context) error {
	c := a.Config
	db, err := openDatabase(ctx, a.Options, a.commits())
	if err != nil {
		return err
	}
	a.db = db
	if err := finishFiles(c.State, db.Restored()); err != nil {
		return err
	}
	if err := db.Seed(ctx, c.Subnets, c.Rules); err != nil {
		return fmt.Errorf("seed the database: %w", err)
	}
	db.SetOwn(a.own())
	bound(a.machines())
	return readCatalogue(ctx, db, a.images, time.Now())
}

// openDatabase opens the database for a process that serves it, or keeps others
// from it while it works on it.
func openDatabase(ctx context.Context, o Options, committed func(writes int, took time.Duration)) (*serverdb.DB, error) {
	how := databaseOptions(o)
	how.Serve, how.Committed = true, committed
	if o.BootImages != nil {
		how.BootImages = map[string][]boot.Overlay{}
		for architecture, image := range bootImages(o.BootImages) {
			how.BootImages[architecture] = image.overlays
		}
	}
	return serverdb.Open(ctx, o.place(), how)
}

// place is where the database is.
func (o Options) place() string {
	return cmp.Or(o.Config.Database, filepath.Join(o.Config.State, "serverdb.sqlite"))
}

func databaseOptions(o Options) serverdb.Options {
	c := o.Config
	return serverdb.Options{
		Log: o.Log.With("part", "serverdb"), Now: time.Now, Retention: c.Retention, AuditRetention: c.Audit,
		Patterns: map[string]string{c.Site.Name: c.Site.Hostnames},
	}
}

// own are the appliance's addresses on the boot networks, those of IPv4 first.
func (a *Appliance) own() []netip.Addr {
	var all, six []netip.Addr
	for _, i := range a.Config.Interfaces {
		if i.Address.IsValid() {
			all = append(all, i.Address)
		}
		if i.Address6.IsValid() {
			six = append(six, i.Address6)
		}
	}
	return append(all, six...)
}

func (a *Appliance) openBMCs(context.Context) error {
	a.keeper = &login.Keeper{Store: a.db, Key: a.key, Now: time.Now}
	a.prover = login.NewProver(login.Prover{Keeper: a.keeper, Observe: a.db.Observe, Log: a.Log.With("part", "bmc"), Now: time.Now})
	if l := a.Config.Site.BMC; l != nil {
		a.keeper.Site = &credential.Credential{User: l.User, Password: l.Password}
	}
	for _, v := range a.Config.Vendors {
		a.keeper.Vendors = append(a.keeper.Vendors, credential.VendorCredential{
			Vendor: v.Vendor, Product: v.Product, Credential: credential.Credential{User: v.User, Password: v.Password},
		})
	}
	return nil
}

func (a *Appliance) machines() int { return len(a.db.Machines()) }

// ready tells systemd, and the person at the console.
func (a *Appliance) ready() {
	if a.Ready != nil {
		a.Ready()
	}
	a.people.greet(a.Out)
	debug.FreeOSMemory() // templates, schemas and migrations took what serving does not need
}
