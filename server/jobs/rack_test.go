package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/serverdb"
)

// rack is an appliance, as far as jobs reach, and one machine. It runs inside a
// synctest bubble, on a real database, in its own time.
type rack struct {
	t      *testing.T
	path   string
	kills  int
	rule   *machine.Rule
	box    *box
	fuse   fuse
	limits Limits
	offset atomic.Int64 // of the appliance's clock
	noBMC  bool
	hangs  string // the BMCs of machines whose names begin so
	keys   []string
	dns    atomic.Pointer[error] // why our DNS does not answer the name

	mu   sync.Mutex
	life *life // nil while the appliance is down
}

// life is the appliance from one start to its end.
type life struct {
	db     *serverdb.DB
	engine *Engine
	ctx    context.Context
	cancel context.CancelFunc
	ended  chan struct{}
}

// fuse kills the appliance at a count of the times that it looked at the clock
// or talked to a BMC, both of which it does all along its way.
type fuse struct {
	mu    sync.Mutex
	count int
	at    int // 0: never
	blow  func()
}

func (f *fuse) tick() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	if f.count == f.at && f.blow != nil {
		f.blow()
	}
}

// set lets the fuse blow at a count from now on, or never again.
func (f *fuse) set(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at = 0; n > 0 {
		f.at = f.count + n
	}
}

func (f *fuse) ticks() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count
}

const imageSum = "9f3c000000000000000000000000000000000000000000000000000000000000"

func newRack(t *testing.T, change ...func(*rack)) *rack {
	t.Helper()
	r := &rack{t: t, path: filepath.Join(memory(t), "serverdb.sqlite"), rule: &machine.Rule{
		Name: "lab", Order: 1, Match: "subnet=lab", Accept: true, Site: "lab", Rack: "r1", Role: "node",
	}}
	r.box = newBox(r)
	r.resolve(nil)
	for _, c := range change {
		c(r)
	}
	r.start()
	t.Cleanup(r.end)
	return r
}

// resolve lets our DNS answer, or says why it does not.
func (r *rack) resolve(err error) { r.dns.Store(&err) }

// memory is a folder whose fsync costs nothing: these tests kill the appliance,
// not the power of its host.
func memory(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "firstlight-jobs-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

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
		db.PutImage(r.t.Context(), "test", &machine.Image{Name: "debian-12", Arch: "amd64", File: "d.zst", Compressed: 1 << 20, Bytes: 1 << 30, SHA256: imageSum}),
	)
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rack) now() time.Time {
	r.fuse.tick()
	return time.Now().Add(time.Duration(r.offset.Load()))
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

// kill ends a life as SIGKILL does: what it answers from now on reaches nobody,
// and the next life finds the database as it lies on disk at this moment, with
// what waited in memory lost.
func (r *rack) kill(l *life) {
	l.cancel()
	r.kills++
	left := fmt.Sprintf("%s.%d", filepath.Join(filepath.Dir(r.path), "serverdb.sqlite"), r.kills)
	for _, part := range []string{"", "-wal"} {
		b, err := os.ReadFile(r.path + part)
		if err == nil {
			err = os.WriteFile(left+part, b, 0o600)
		}
		if err != nil {
			r.t.Error(err)
		}
	}
	r.path = left
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

// until lets time pass until what holds, and starts the appliance again when
// its fuse blew.
func (r *rack) until(what string, holds func(*life) bool) {
	r.t.Helper()
	for range 4 * 3600 {
		if r.up() == nil {
			r.restart(3 * time.Second)
		}
		if holds(r.up()) {
			return
		}
		time.Sleep(time.Second)
	}
	r.t.Fatalf("waited four hours, want that %s; machine %+v, job %+v", what, r.machine(), r.job())
}

func (r *rack) untilStatus(want machine.Status) {
	r.t.Helper()
	r.until("the machine is "+want.Human(), func(*life) bool { return r.machine() != nil && r.machine().Status == want })
}

func (r *rack) untilStep(name string) {
	r.t.Helper()
	r.until("the job stands at step "+name, func(*life) bool {
		j := r.job()
		return j != nil && j.Current() != nil && j.Current().Name == name && j.Current().Status == machine.StepRunning
	})
}

func (r *rack) untilDisk(want string) {
	r.t.Helper()
	r.until("the disk holds "+want, func(*life) bool {
		r.box.mu.Lock()
		defer r.box.mu.Unlock()
		return r.box.disk == want
	})
}

func (r *rack) db() *serverdb.DB {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.life.db
}

func (r *rack) engine() *Engine {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.life.engine
}

func (r *rack) machine() *machine.Machine {
	m, _ := r.db().ByMAC(r.box.mac)
	return m
}

// job is the machine's newest job.
func (r *rack) job() *machine.Job {
	m := r.machine()
	if m == nil {
		return nil
	}
	if all := r.db().Jobs(func(j *machine.Job) bool { return j.Machine == m.ID }); len(all) > 0 {
		return all[0]
	}
	return nil
}

// install asks for an install of the machine, as a person would.
func (r *rack) install() *machine.Job {
	r.t.Helper()
	j, err := r.engine().Install(r.t.Context(), Request{
		Machine: r.machine(), Image: "debian-12", Role: "node", Target: "hardwarename=" + r.machine().Name, Requester: "ada", User: "ada",
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return j
}

// available brings the machine into the agent, accepted.
func (r *rack) available() {
	r.t.Helper()
	r.box.turn(oob.PowerOn)
	r.untilStatus(machine.Available)
}

// dark brings the machine to available and takes its power away.
func (r *rack) dark() {
	r.t.Helper()
	r.available()
	r.box.turn(oob.PowerOff)
	time.Sleep(2 * pollGrace)
}

// replays holds the machine's history against its status.
func (r *rack) replays() {
	r.t.Helper()
	if err := r.db().Replay(r.t.Context(), r.machine().ID); err != nil {
		r.t.Error(err)
	}
}
