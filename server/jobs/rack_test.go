package jobs

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/serverdb"
	"firstlight/server/serverdb/storetest"
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

func newRack(t *testing.T, change ...func(*rack)) *rack {
	t.Helper()
	r := &rack{t: t, path: storetest.Fresh(t), rule: &machine.Rule{
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

func (r *rack) now() time.Time {
	r.fuse.tick()
	return time.Now().Add(time.Duration(r.offset.Load()))
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
