package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"firstlight/agent/report"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/serverdb"
	"firstlight/server/trust"
)

// placed is the evidence of a boot that is where the plan wants it, too.
var placed = trust.Evidence{Token: proven.Token, Position: trust.Proof{At: proven.Token.At, How: "sw3/23 by LLDP"}}

// sealed keeps log-ins as package login does, in the clear: each of its writes and
// log-ins may be the last thing that a life of the appliance does.
type sealed struct {
	r  *rack
	db *serverdb.DB
}

func (s sealed) read(ctx context.Context, owner string) (user, password string, err error) {
	text, err := s.db.Credential(ctx, owner)
	user, password, _ = strings.Cut(text, " ")
	return user, password, err
}

func (s sealed) put(ctx context.Context, owner, text string) error {
	s.r.fuse.tick()
	return errors.Join(ctx.Err(), s.db.PutCredential(ctx, owner, text))
}

func (s sealed) Prepare(ctx context.Context, m *machine.Machine) (user, old string, err error) {
	own, _, err := s.read(ctx, m.ID)
	if err != nil {
		return "", "", err
	}
	if user = "firstlight"; own == user {
		user, old = "firstlight2", own
	} else if own == "firstlight2" {
		old = own
	}
	waits, _, err := s.read(ctx, "pending:"+m.ID)
	if err != nil || waits == user {
		return user, old, err
	}
	return user, old, s.put(ctx, "pending:"+m.ID, fmt.Sprintf("%s secret-%d", user, s.r.fuse.ticks()))
}

func (sealed) Unseal(_, text string) (string, oob.Secret, error) {
	user, password, ok := strings.Cut(text, " ")
	if !ok {
		return "", "", errors.New("nothing waits")
	}
	return user, oob.Secret(password), nil
}

func (s sealed) Promote(ctx context.Context, m *machine.Machine, want string) (string, error) {
	user, password, err := s.read(ctx, "pending:"+m.ID)
	if err != nil {
		return "", err
	}
	if own, _, _ := s.read(ctx, m.ID); user == "" && own == want {
		return "proven before", nil
	}
	if !s.r.box.admits(user, password) {
		return "", oob.ErrCredentials
	}
	if err := s.put(ctx, m.ID, user+" "+password); err != nil {
		return "", err
	}
	s.r.fuse.tick()
	return "user " + user + " logs in", errors.Join(ctx.Err(), s.db.DropCredential(ctx, "pending:"+m.ID))
}

// admits tells whether the box's BMC lets a user in.
func (b *box) admits(user, password string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return password != "" && b.users[user] == password
}

// control is what the agent does about its BMC.
func (b *box) control(ctx context.Context, o report.Order) report.Result {
	l := b.r.up()
	if l == nil {
		return report.Result{Order: o.ID, Step: report.StepRedeem, Error: errAway.Error()}
	}
	if o.Retire != "" {
		b.set(func(b *box) { delete(b.users, o.Retire) })
		return report.Result{Order: o.ID, OK: true, Step: report.StepBMC}
	}
	m, _ := l.db.ByMAC(b.mac)
	got, err := l.engine.Redeem(l.ctx, m, placed, report.Redeem{Order: o.ID, Token: o.Token})
	if err = l.answered(err); err != nil {
		return report.Result{Order: o.ID, Step: report.StepRedeem, Error: err.Error()}
	}
	p := got.(*report.BMCPlan)
	b.set(func(b *box) { b.users[p.User] = p.Password })
	return report.Result{Order: o.ID, OK: true, Step: report.StepBMC}
}

// known tells whether a log-in that the appliance keeps works at the BMC.
func (r *rack) known() bool {
	for _, owner := range []string{r.machine().ID, "pending:" + r.machine().ID} {
		user, password, err := sealed{r, r.db()}.read(r.t.Context(), owner)
		if err != nil {
			r.t.Fatal(err)
		}
		if r.box.admits(user, password) {
			return true
		}
	}
	return false
}

func withBMC(r *rack) { r.box.users = map[string]string{"ADMIN": "ADMIN"} }

// adopts asks for it, again where the appliance died over the question.
func (r *rack) adopts() {
	r.t.Helper()
	r.until("there is a job about the BMC", func(l *life) bool {
		_, err := l.engine.ControlBMC(l.ctx, BMCRequest{Machine: r.machine(), Target: "hardwarename=FL0001", Requester: "ada", User: "ada"})
		var busy *serverdb.BusyError
		return err == nil && l.ctx.Err() == nil || errors.As(err, &busy)
	})
	r.until("the job has ended", func(*life) bool { return r.job() != nil && !r.job().Status.Open() })
}

func TestABMCIsTakenOverAndItsPasswordRotated(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.available()
		r.adopts()
		if j := r.job(); j.Status != machine.JobFinished || !r.known() || r.box.users["ADMIN"] == "" {
			t.Fatalf("job %+v, users %v; want a user that is known, and ADMIN left alone", j, r.box.users)
		}
		first := r.box.users["firstlight"]
		r.adopts()
		if r.box.users["firstlight"] != "" || r.box.users["firstlight2"] == "" || r.box.users["firstlight2"] == first || !r.known() {
			t.Errorf("after a rotation the users are %v, want firstlight2 alone, with a new password that is known", r.box.users)
		}
		if m := r.machine(); m.Status != machine.Available {
			t.Errorf("the machine is %s, want it as it was", m.Status)
		}
		for _, row := range r.timeline() {
			if strings.Contains(row, "secret-") {
				t.Errorf("the timeline tells a password: %q", row)
			}
		}
		for _, v := range r.job().Params {
			if strings.Contains(v, "secret-") {
				t.Errorf("the job tells a password: %v", r.job().Params)
			}
		}
		r.replays()
	}, withBMC)
}

// Whatever the agent or the BMC does, the job ends by itself and the machine stays
// as it is.
func TestABMCThatCannotBeTakenOverHoldsNothingUp(t *testing.T) {
	for name, test := range map[string]struct {
		broken func(*box, report.Order) *report.Result
		says   string
	}{
		"it refuses": {func(_ *box, o report.Order) *report.Result {
			return &report.Result{Order: o.ID, Step: report.StepBMC, Error: "the BMC refuses 0x06/0x47 with code 0xc1"}
		}, "refuses 0x06/0x47 with code 0xc1"},
		"it takes another password": {func(b *box, o report.Order) *report.Result {
			b.control(b.r.t.Context(), o)
			b.set(func(b *box) { b.users["firstlight"] = "another" })
			return &report.Result{Order: o.ID, Step: report.StepBMC, Error: "the BMC took it and keeps another one"}
		}, "keeps another one"},
	} {
		t.Run(name, func(t *testing.T) {
			inRack(t, func(t *testing.T, r *rack) {
				r.available()
				r.box.set(func(b *box) { b.broken = test.broken })
				r.adopts()
				if j := r.job(); j.Status != machine.JobFailed || !strings.Contains(j.Result, test.says) || r.machine().Status != machine.Available {
					t.Errorf("job %s: %q, machine %s; want it failed with %q, and the machine available", j.Status, j.Result, r.machine().Status, test.says)
				}
				// Nothing is in the way of what comes next.
				r.box.set(func(b *box) { b.broken = nil })
				r.adopts()
				if j := r.job(); j.Status != machine.JobFinished || !r.known() {
					t.Errorf("once more: job %s: %q; want it finished", j.Status, j.Result)
				}
			}, withBMC)
		})
	}
}

func TestABMCIsNotTakenOverWithoutEnoughProof(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.available()
		weak := func(b *box, o report.Order) *report.Result {
			l := b.r.up()
			m, _ := l.db.ByMAC(b.mac)
			_, err := l.engine.Redeem(l.ctx, m, proven, report.Redeem{Order: o.ID, Token: o.Token})
			return &report.Result{Order: o.ID, Step: report.StepRedeem, Error: fmt.Sprint(err)}
		}
		r.box.set(func(b *box) { b.broken = weak })
		r.adopts()
		if j := r.job(); j.Status != machine.JobFailed || !strings.Contains(j.Result, "a BMC password needs the rung position") {
			t.Errorf("job %s: %q; want it refused for the rung", j.Status, j.Result)
		}
	}, withBMC)
}

// TestNoCrashLosesTheBMC kills the appliance at every point of a take-over and of a
// rotation: at the end, and at every moment between, a log-in that it keeps works.
func TestNoCrashLosesTheBMC(t *testing.T) {
	for _, times := range []int{1, 2} {
		run := func(n int) (points int) {
			inRack(t, func(t *testing.T, r *rack) {
				r.available()
				for range times - 1 {
					r.adopts()
				}
				before := r.fuse.ticks()
				r.fuse.set(n)
				r.adopts()
				points = r.fuse.ticks() - before
				if j := r.job(); j.Status != machine.JobFinished || !r.known() || r.machine().Status != machine.Available {
					t.Errorf("died at %d of take-over %d: job %s: %q, users %v; want it finished, with a log-in that is known", n, times, j.Status, j.Result, r.box.users)
				}
			}, withBMC)
			return points
		}
		points := run(0)
		for n := 1; n <= points; n += 2 {
			run(n)
		}
		t.Logf("take-over %d: died at %d points", times, (points+1)/2)
	}
}
