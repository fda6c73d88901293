package serverdb

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"firstlight/agent/report"
	"firstlight/server/boot"
	"firstlight/server/issue"
	"firstlight/server/machine"
	"firstlight/server/serverdb/pgtest"
)

// A life is a random sequence of everything that may happen to some machines,
// with crashes between. Whatever happens, what must hold holds. A seed that
// breaks something is run again with FIRSTLIGHT_SEED.
//
// What no sequence could break has tests of its own: that an older database
// freezes machines (backup_test.go), and that a bulk action needs a count and
// picks something (package operate).

const (
	fleetOfLife = 8
	stepsOfLife = 10_000
)

// lifeOf runs one seed on the database at a place. crash gives the place of the
// database as a crash leaves it.
func lifeOf(t *testing.T, place string, seed uint64, steps int, crash func(t *testing.T, d *DB, place string) string) {
	t.Helper()
	l := &life{
		t: t, rng: rand.New(rand.NewPCG(seed, 1)), now: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC), place: place, //nolint:gosec // random, not secret
		retired: map[string]bool{}, had: map[string]string{}, freed: map[string]freed{},
	}
	l.open()
	for l.step = range steps {
		l.act()
		if t.Failed() {
			t.Fatalf("seed %d broke at step %d: %s", seed, l.step, l.did)
		}
		if l.rng.IntN(400) == 0 {
			l.place = crash(t, l.d, l.place)
			l.open()
			l.whole()
		}
	}
	l.whole()
	if t.Failed() {
		t.Fatalf("seed %d: broken at the end", seed)
	}
	t.Logf("seed %d: %d steps, %d taken, %d refused; %d machines were retired, %d host names given back, %d tokens looked at, %d reports of retired machines", seed, steps, l.taken, l.refused, len(l.retired), len(l.freed), l.tokens, l.ghosts)
	if l.taken < steps/10 || len(l.retired) == 0 || l.ghosts == 0 {
		t.Errorf("only %d of %d steps did anything, %d machines were retired and %d spoke after that: the test proves little", l.taken, steps, len(l.retired), l.ghosts)
	}
}

type life struct {
	t              *testing.T
	rng            *rand.Rand
	now            time.Time
	place, did     string
	step           int
	d              *DB
	taken, refused int
	tokens         int // looks at an installing machine's token
	ghosts         int // reports of retired machines that raised their issue

	bodies  [fleetOfLife + 1]int // how many stood in a place before; a retired one makes room
	retired map[string]bool      // machines that were, by id
	had     map[string]string    // host names of machines, by id
	freed   map[string]freed     // host names that were given back
}

// freed is when who gave a host name back.
type freed struct {
	machine string
	at      time.Time
}

func (l *life) open() {
	l.t.Helper()
	l.d = openAt(l.t, l.place, func() time.Time { return l.now }, accept(""))
}

// act does one thing at random, then looks at the machine that it was done to.
func (l *life) act() {
	n := 1 + l.rng.IntN(fleetOfLife)
	m, known := l.d.ByMAC(l.mac(n))
	acts := []func(int, *machine.Machine) error{l.report, l.wait}
	if known {
		acts = append(acts, l.report, l.transition, l.transition, l.transition, l.transition, l.allocate, l.order, l.progress, l.progress, l.set, l.lock, l.recheck, l.release, l.unfence)
	}
	err := acts[l.rng.IntN(len(acts))](n, m)
	switch {
	case err == nil:
		l.taken++
	case refusal(err):
		l.refused++
	default:
		l.t.Errorf("%s: %v", l.did, err)
	}
	l.holds(n)
	l.goesOn(n)
}

// goesOn looks at what must hold from one step to the next: retired is for ever,
// and a host name rests before another machine gets it. n is where something was
// done: whoever was retired there makes room.
func (l *life) goesOn(n int) {
	for _, m := range l.d.Machines() {
		if l.retired[m.ID] && m.Status != machine.Retired {
			l.t.Errorf("machine %s was retired and is %s", m.Name, m.Status)
		}
		if m.Status == machine.Retired && !l.retired[m.ID] {
			l.retired[m.ID] = true
			l.bodies[n]++
		}
		before := l.had[m.ID]
		if m.Hostname == before {
			continue
		}
		if before != "" {
			l.freed[before] = freed{m.ID, l.now}
		}
		if f, was := l.freed[m.Hostname]; was && f.machine != m.ID && l.now.Before(f.at.Add(nameRest)) {
			l.t.Errorf("machine %s is %s, which machine %s gave back %s ago", m.Name, m.Hostname, f.machine, l.now.Sub(f.at))
		}
		l.had[m.ID] = m.Hostname
	}
}

// refusal tells whether an error is one that the state engine gives to whom it
// refuses something; any other is a fault.
func refusal(err error) bool {
	var illegal *machine.IllegalError
	var guard *machine.GuardError
	var busy *BusyError
	var clash *ClashError
	var taken *TakenError
	var unknown *UnknownError
	var fenced *FencedError
	return errors.As(err, &illegal) || errors.As(err, &guard) || errors.As(err, &busy) || errors.As(err, &clash) ||
		errors.As(err, &taken) || errors.As(err, &unknown) || errors.As(err, &fenced) || errors.Is(err, ErrConflict) || errors.Is(err, machine.ErrNotFound) || errors.Is(err, errRefusedHere)
}

var errRefusedHere = errors.New("refused by the test's own rule")

// mac is that of the machine that stands in a place now.
func (l *life) mac(n int) machine.MAC { return macOf(n, l.bodies[n]) }

func macOf(n, body int) machine.MAC {
	return machine.MAC{0x52, 0x54, 0, byte(body >> 8), byte(body), byte(n)}
}

// body reports as the machine that stands in a place, or stood there once.
func body(n, body int) *report.Report {
	r := blank(n + (fleetOfLife+1)*body)
	r.Boot.MAC = macOf(n, body).String()
	r.NICs[0].MAC = r.Boot.MAC
	return r
}

func (l *life) report(n int, _ *machine.Machine) error {
	r := body(n, l.bodies[n])
	l.did = fmt.Sprintf("report of %d's body %d", n, l.bodies[n])
	switch l.rng.IntN(12) {
	case 0:
		r.Disks[0].Contents = []report.Content{{Device: "vda", Kind: "filesystem", Type: "ext4"}}
	case 1: // two of its marks stay
		r.System.UUID = "11111111-2222-0000-0000-000000000000"
	case 2: // a clone: another's serial
		other := 1 + n%fleetOfLife
		r.System.Serial = body(other, l.bodies[other]).System.Serial
	case 3:
		r.System.Serial = "To be filled by O.E.M."
	case 4: // a NIC was swapped in
		r.NICs = append(r.NICs, report.NIC{Name: "eth1", MAC: fmt.Sprintf("52:54:01:00:00:%02x", l.rng.IntN(4))})
	case 5: // one that was retired speaks again
		if l.bodies[n] > 0 {
			r = body(n, l.bodies[n]-1)
		}
	}
	m, err := l.d.Report(l.t.Context(), r, from(100+n))
	if err == nil && l.retired[m.ID] {
		l.seenAgain(m)
	}
	return err
}

// seenAgain wants the issue of a machine that is retired and spoke now.
func (l *life) seenAgain(m *machine.Machine) {
	if l.now.Sub(m.Since) < 2*time.Minute {
		return // its last words
	}
	found, _ := issue.Find(&issue.Input{Machine: m, Now: l.now, Others: &issue.Others{}})
	if !slices.ContainsFunc(found, func(f issue.Finding) bool { return f.Kind == issue.RetiredSeen }) {
		l.t.Errorf("machine %s is retired since %s, speaks at %s and raises %+v", m.Name, m.Since, l.now, found)
	}
	l.ghosts++
}

// wait lets time pass, and ends what has taken too long.
func (l *life) wait(int, *machine.Machine) error {
	l.now = l.now.Add(time.Duration(l.rng.IntN(20)) * time.Minute)
	l.did = "wait until " + l.now.Format(time.TimeOnly)
	if err := l.d.Expire(l.t.Context()); err != nil {
		return err
	}
	for _, m := range l.d.Machines() {
		if limit, over := expired(m, l.now); over && l.d.index.openJob(m.ID) == nil {
			l.t.Errorf("machine %s is %s for more than %s", m.Name, m.Status, limit)
		}
	}
	return nil
}

// transition asks for any status with any evidence.
func (l *life) transition(_ int, m *machine.Machine) error {
	all := machine.Statuses()
	to := all[l.rng.IntN(len(all))]
	if next := machine.Next(m.Status); len(next) > 0 && l.rng.IntN(3) > 0 {
		to = next[l.rng.IntN(len(next))]
	}
	ev := machine.Evidence{}
	for _, g := range []machine.Guard{
		machine.GuardIdentity, machine.GuardRealSerial, machine.GuardRule, machine.GuardEmptyDisks, machine.GuardUnlocked, machine.GuardJob, machine.GuardToken,
		machine.GuardChecksum, machine.GuardHome, machine.GuardDNS, machine.GuardConfirmed, machine.GuardNoJob, machine.GuardAttempts, machine.GuardUntouched, machine.GuardNoOwner,
		machine.GuardSpec, machine.GuardLocation, machine.GuardHealth, machine.GuardHandling, machine.GuardFlagged,
	} {
		if l.rng.IntN(6) > 0 {
			ev[g] = "drawn"
		}
	}
	l.did = fmt.Sprintf("%s: %s → %s with %d guards", m.Name, m.Status, to, len(ev))
	return l.d.Transition(l.t.Context(), Change{Machine: m.ID, From: m.Status, To: to, Who: "life", Why: "drawn", Evidence: ev, Apply: func(m *machine.Machine) {
		m.Owned = to == machine.InUse || m.Owned && ev[machine.GuardEmptyDisks] == ""
	}})
}

func (l *life) allocate(_ int, m *machine.Machine) error {
	l.did = "allocate " + m.Name
	return l.d.Do(l.t.Context(), func(w *Write) error {
		now, err := w.Machine(m.ID)
		if err != nil {
			return err
		}
		_, err = w.Allocate(now, Claim{Who: "life", Role: "node", Image: "debian-12"})
		return err
	})
}

// unfence is a person who looked at a disk.
func (l *life) unfence(_ int, m *machine.Machine) error {
	l.did = "unfence " + m.Name
	if !m.Flags.Fenced {
		return errRefusedHere
	}
	return l.d.Do(l.t.Context(), func(w *Write) error {
		now, err := w.Machine(m.ID)
		if err != nil {
			return err
		}
		return w.Unfence(now, Actor{Name: "life"}, "it was shredded")
	})
}

// order makes a job.
func (l *life) order(_ int, m *machine.Machine) error {
	action := []machine.Action{machine.ActionInstall, machine.ActionErase}[l.rng.IntN(2)]
	l.did = fmt.Sprintf("order an %s of %s", action, m.Name)
	return l.d.CreateJob(l.t.Context(), &machine.Job{
		ID: uuid.NewString(), Action: action, Status: machine.JobQueued, Machine: m.ID, CreatedAt: l.now, Requester: "life", User: "life",
	}, nil)
}

// progress moves a job on: a token, its redemption, an end.
func (l *life) progress(_ int, m *machine.Machine) error {
	j, ok := l.d.OpenJob(m.ID)
	if !ok {
		return errRefusedHere
	}
	what := l.rng.IntN(4)
	l.did = fmt.Sprintf("job of %s, act %d", m.Name, what)
	return l.d.ChangeJob(l.t.Context(), j.ID, func(_ *Write, j *machine.Job) error {
		switch what {
		case 0:
			j.Status, j.Token = machine.JobStarted, machine.Token{Hash: "h", Expires: l.now.Add(30 * time.Minute)}
		case 1:
			j.Token.RedeemedAt = l.now
		case 2:
			j.Status, j.EndedAt = machine.JobFinished, l.now
		default:
			j.Status, j.EndedAt, j.Result = machine.JobFailed, l.now, "drawn"
		}
		return nil
	})
}

func (l *life) set(_ int, m *machine.Machine) error {
	unit := 1 + l.rng.IntN(6)
	l.did = fmt.Sprintf("%s to r1 u%d", m.Name, unit)
	_, err := l.d.Set(l.t.Context(), m.ID, 0, Actor{Name: "life"}, func(m *machine.Machine) error {
		m.Rack, m.Unit = "r1", unit
		return nil
	})
	return err
}

func (l *life) lock(_ int, m *machine.Machine) error {
	l.did = "lock of " + m.Name
	return l.d.Edit(l.t.Context(), m.ID, 0, "life", "lock", func(m *machine.Machine) error { m.Flags.Locked = !m.Flags.Locked; return nil })
}

func (l *life) recheck(_ int, m *machine.Machine) error {
	l.did = "re-check of " + m.Name
	return l.d.Recheck(l.t.Context(), "life", m.ID)
}

func (l *life) release(_ int, m *machine.Machine) error {
	l.did = "release of " + m.Name
	if m.Status != machine.Held || m.Reason != "disk-not-empty" || m.Owned || m.Flags.Fenced {
		return errRefusedHere
	}
	return l.d.ReleaseDisks(l.t.Context(), Actor{Name: "life"}, m.ID, m.Name)
}

// holds looks at what a machine would boot now, and at its record.
func (l *life) holds(n int) {
	r := boot.Request{MAC: l.mac(n), Stage: boot.StageIPXE, Subnet: "lab"}
	k := l.d.Known(r)
	a := boot.Decide(r, k, l.now)
	writes := a.Mode == boot.ModeInstall || a.Mode == boot.ModeErase
	m := k.Machine
	switch {
	case m == nil:
		if writes {
			l.t.Errorf("an unknown machine is answered %+v", a)
		}
		return
	case m.Flags.Fenced && (a.Target == boot.Disk || a.Target == boot.Wait || a.Address && !a.AgentOnly):
		l.t.Errorf("machine %s is fenced and is answered %+v", m.Name, a)
	case m.Flags.Fenced && (m.Status == machine.InUse || m.Status == machine.Available || m.Status == machine.Allocated || m.Status == machine.Installing):
		l.t.Errorf("machine %s is fenced and %s", m.Name, m.Status)
	case m.Status == machine.InUse && a.Target != boot.Disk:
		l.t.Errorf("machine %s is in use and is answered %+v", m.Name, a)
	case writes && (k.Job == nil || !k.Job.Status.Open() || k.Job.Machine != m.ID || m.Flags.Locked || !k.Job.Token.Expires.IsZero() && l.now.After(k.Job.Token.Expires)):
		l.t.Errorf("machine %s (%s) is answered %+v with job %+v", m.Name, m.Status, a, k.Job)
	}
	if j := k.Job; boot.MayWrite(m, j, "", "h", l.now) == nil && (!agrees(m, j) || m.Flags.Locked || !j.Status.Open() || j.Machine != m.ID || l.now.After(j.Token.Expires) || !j.Token.RedeemedAt.IsZero()) {
		l.t.Errorf("machine %s (%s) may write its disk with job %+v", m.Name, m.Status, j)
	} else if j != nil && m.Status == machine.Installing && j.Token.Hash != "" {
		l.tokens++
	}
	if m.Status == machine.Available && (m.Hostname != "" || m.Owner != "" || m.Role != "" || m.Pool != "" || m.Owned) {
		l.t.Errorf("machine %s is available and has hostname %q owner %q role %q, owned %v", m.Name, m.Hostname, m.Owner, m.Role, m.Owned)
	}
}

// agrees tells whether a machine's status is one in which its job writes.
func agrees(m *machine.Machine, j *machine.Job) bool {
	if j.Action == machine.ActionInstall {
		return m.Status == machine.Installing && !m.Flags.Fenced
	}
	return m.Status == machine.Recycling || m.Status == machine.Retiring
}

// whole looks at everything: histories, uniqueness, open jobs.
func (l *life) whole() {
	hosts, places, open := map[string]string{}, map[machine.Place]string{}, map[string]int{}
	for _, m := range l.d.Machines() {
		if err := l.d.Replay(l.t.Context(), m.ID); err != nil {
			l.t.Error(err)
		}
		if m.Hostname != "" && hosts[m.Hostname] != "" {
			l.t.Errorf("%s and %s are both %s", m.Name, hosts[m.Hostname], m.Hostname)
		}
		hosts[m.Hostname] = m.Name
		for _, p := range m.Places() {
			if places[p] != "" {
				l.t.Errorf("%s and %s are both at %s", m.Name, places[p], p)
			}
			places[p] = m.Name
		}
	}
	for _, j := range l.d.Jobs(func(j *machine.Job) bool { return j.Status.Open() }) {
		if open[j.Machine]++; open[j.Machine] > 1 {
			l.t.Errorf("machine %s has %d open jobs", j.Machine, open[j.Machine])
		}
	}
}

// seeds are one that is always the same, or those that the environment asks for.
func seeds() (all []uint64, steps int) {
	var one uint64
	if _, err := fmt.Sscan(os.Getenv("FIRSTLIGHT_SEED"), &one); err == nil {
		return []uint64{one}, stepsOfLife
	}
	if os.Getenv("FIRSTLIGHT_LONG") != "" {
		for s := range uint64(20) {
			all = append(all, s)
		}
		return all, stepsOfLife
	}
	return []uint64{7}, stepsOfLife
}

func TestWhatMustHoldHoldsOnSQLite(t *testing.T) {
	t.Parallel()
	all, steps := seeds()
	for _, seed := range all {
		lifeOf(t, file(t), seed, steps, crashedFile)
	}
}

// crashedFile copies the database as it is at this moment, with its log, as a
// machine finds it that lost power.
func crashedFile(t *testing.T, d *DB, place string) string {
	t.Helper()
	next := file(t)
	for _, suffix := range []string{"-wal", ""} {
		b, err := os.ReadFile(place + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(next+suffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return next
}

func TestWhatMustHoldHoldsOnPostgreSQL(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	all, steps := seeds()
	if os.Getenv("FIRSTLIGHT_LONG") == "" && os.Getenv("FIRSTLIGHT_SEED") == "" {
		steps /= 5 // the same ones as on SQLite; each costs a server's commit, each crash a start
	}
	all = all[:min(len(all), 4)] // whole lives in the long run, of which SQLite sees twenty
	for _, seed := range all {
		lifeOf(t, server.Database(t, "--encoding=UTF8", "--locale=C"), seed, steps, func(t *testing.T, d *DB, place string) string {
			t.Helper()
			if err := server.Stop(); err != nil { // at once, without a checkpoint
				t.Fatal(err)
			}
			_ = d.Close() // what it still had to write is lost
			if err := server.Start(); err != nil {
				t.Fatal(err)
			}
			return place
		})
	}
}
