package jobs

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"firstlight/server/certificate"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/serverdb"
)

// life is the appliance from one start to its end.
type life struct {
	db     *serverdb.DB
	engine *Engine
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{}
}

const imageSum = "9f3c000000000000000000000000000000000000000000000000000000000000"

// resolve lets our DNS answer, or says why it does not.
func (r *rack) resolve(err error) { r.dns.Store(&err) }

func (r *rack) end() {
	r.fuse.set(0)
	r.box.turn(oob.PowerOff)
	r.stop()
}

// start begins a life of the appliance on the database as the last one left it.
func (r *rack) start() {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &life{ctx: ctx, cancel: cancel, ended: make(chan struct{})}
	r.fuse.mu.Lock()
	r.fuse.blow = func() { r.kill(l) }
	r.fuse.mu.Unlock()
	var err error
	l.db, err = serverdb.Open(r.t.Context(), r.path, serverdb.Options{Log: slog.New(slog.DiscardHandler), Now: r.now, Retention: time.Hour})
	if err != nil {
		r.t.Fatal(err)
	}
	r.seed(l.db)
	l.engine = New(Config{
		DB: l.db, Log: slog.New(slog.DiscardHandler), Now: r.now, BMC: r.bmc, Limits: r.limits, Keys: r.keys,
		Visible: func(context.Context, string, netip.Addr) (string, error) { return "answered", *r.dns.Load() },
		Base:    func(*machine.Subnet) string { return "http://10.80.12.1:8080" },
		Logins:  sealed{r, l.db},
		Certify: func(s certificate.Statement) (string, error) { return sign(r, s) },
	})
	go func() {
		defer close(l.ended)
		_ = l.engine.Run(ctx)
	}()
	r.mu.Lock()
	r.life = l
	r.mu.Unlock()
}

func (r *rack) seed(db *serverdb.DB) {
	r.t.Helper()
	subnet := &machine.Subnet{
		Name: "lab", Prefix: netip.MustParsePrefix("10.80.12.0/24"), Site: "lab", Mode: "server",
		Policy: machine.PolicyRegister, Lease: time.Hour, Domain: "lab.example",
	}
	err := errors.Join(
		db.Seed(r.t.Context(), []*machine.Subnet{subnet}, []*machine.Rule{r.rule}),
		db.PutImage(r.t.Context(), serverdb.Actor{Name: "test"}, &machine.Image{Name: "debian-12", Arch: "amd64", File: "d.zst", Compressed: 1 << 20, Bytes: 1 << 30, SHA256: imageSum}),
	)
	if err != nil {
		r.t.Fatal(err)
	}
}

// up gives the appliance's life, nil while it is down or dying.
func (r *rack) up() *life {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.life == nil || r.life.ctx.Err() != nil {
		return nil
	}
	return r.life
}

// stop ends the appliance's life.
func (r *rack) stop() {
	r.mu.Lock()
	l := r.life
	r.life = nil
	r.mu.Unlock()
	if l == nil {
		return
	}
	l.cancel()
	r.fuse.mu.Lock() // a kill that has begun comes to its end
	r.fuse.blow = nil
	r.fuse.mu.Unlock()
	<-l.ended
	if err := l.db.Close(); err != nil {
		r.t.Error(err)
	}
}

// restart lets the appliance be away for a while.
func (r *rack) restart(away time.Duration) {
	r.t.Helper()
	r.stop()
	time.Sleep(away)
	r.start()
}
