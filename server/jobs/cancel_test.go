package jobs

import (
	"errors"
	"strings"
	"testing"
	"time"

	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// cancelled asks for the end of the newest job.
func (r *rack) cancelled() error {
	return r.engine().Cancel(r.t.Context(), r.job().ID, serverdb.Actor{Name: "ada", Address: "192.0.2.7"})
}

func TestAnInstallThatDidNotStartIsCancelledAsIfItHadNotBeen(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.available()
		r.resolve(errors.New("no such name"))
		r.install()
		r.untilStep("start")
		if err := r.cancelled(); err != nil {
			t.Fatal(err)
		}
		m, j := r.machine(), r.job()
		if m.Status != machine.Available || m.Hostname != "" || m.Role != "" || m.Image != "" {
			t.Errorf("machine = %s, host name %q, role %q, image %q; want it available and nobody's", m.Status, m.Hostname, m.Role, m.Image)
		}
		if j.Status != machine.JobCancelled || j.Result != "cancelled by ada, before the disk was touched" || j.EndedAt.IsZero() {
			t.Errorf("job = %+v", j)
		}
		audits, err := r.db().Audits(t.Context(), serverdb.AuditQuery{Limit: 1})
		if err != nil || len(audits) != 1 || audits[0].Action != "cancel install" || audits[0].Who != "ada" || audits[0].Address != "192.0.2.7" {
			t.Errorf("audit = %+v, %v", audits, err)
		}
		r.resolve(nil)
		r.install()
		r.untilStatus(machine.InUse)
	})
}

func TestAnInstallOnItsWayIsCancelledAndTheMachineCheckedAgain(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.dark()
		r.install()
		r.untilStep("boot-request")
		if err := r.cancelled(); err != nil {
			t.Fatal(err)
		}
		if m := r.machine(); m.Status != machine.Broken || !strings.Contains(m.Sentence, "check it again") {
			t.Errorf("machine is %s: %s", m.Status, m.Sentence)
		}
		if err := r.db().Recheck(t.Context(), "ada", r.machine().ID); err != nil || r.machine().Status != machine.Available {
			t.Errorf("Recheck() = %v, machine %s; want it available", err, r.machine().Status)
		}
		r.replays()
	}, func(r *rack) { r.noBMC = true })
}

func TestAnInstallThatTriesAgainIsCancelledWhileNobodyHeldItsPlan(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.dark()
		r.box.set(func(b *box) { b.mute = true })
		r.install()
		r.until("the second attempt begins", func(*life) bool { return r.job().Attempt == 2 })
		if err := r.cancelled(); err != nil || r.machine().Status != machine.Broken {
			t.Errorf("Cancel() = %v, machine %s; want it broken, to be checked again", err, r.machine().Status)
		}
	})
}

func TestACancelledJobSendsNothingMore(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.dark()
		r.box.oob.fault = func(c string) (bool, error) {
			if c == "boot network" {
				if err := r.cancelled(); err != nil { // while the engine waits for the BMC
					t.Error(err)
				}
			}
			return true, nil
		}
		r.install()
		r.until("the job is cancelled", func(*life) bool { return r.job().Status == machine.JobCancelled })
		before := *r.job()
		time.Sleep(time.Hour)
		if r.box.oob.count("on")+r.box.oob.count("off") != 0 {
			t.Errorf("commands after the end: %v", r.box.oob.sent)
		}
		if r.job().Version != before.Version {
			t.Errorf("the job changed after its end: %+v", r.job())
		}
	})
}

func TestAnInstallThatHoldsThePlanIsNotCancelled(t *testing.T) {
	for _, tt := range []struct {
		name string
		when func(*rack)
	}{
		{"in its first attempt", func(r *rack) { r.untilDisk("half") }},
		{"between two attempts", func(r *rack) {
			r.untilDisk("half")
			r.box.set(func(b *box) { b.idle = true }) // or the order of the next attempt is out at once
			r.box.press()
			r.until("the next attempt begins", func(*life) bool { return r.job().Attempt == 2 && r.job().Token.Hash == "" })
		}},
		{"while its system starts", func(r *rack) { r.untilStep("call-home") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inRack(t, func(t *testing.T, r *rack) {
				r.available()
				r.install()
				tt.when(r)
				var refused *RefusedError
				if err := r.cancelled(); !errors.As(err, &refused) || !strings.Contains(err.Error(), "begun to write its disk") {
					t.Errorf("Cancel() = %v, want it refused", err)
				}
				r.box.set(func(b *box) { b.idle = false })
				r.untilStatus(machine.InUse)
				if err := r.cancelled(); !errors.As(err, &refused) || !strings.Contains(err.Error(), "cannot be cancelled any more") {
					t.Errorf("Cancel() of an ended job = %v, want it refused", err)
				}
			})
		})
	}
}

func TestAMachineHasOneOpenJob(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.dark()
		j := r.install()
		_, err := r.engine().Install(t.Context(), Request{Machine: r.machine(), Image: "debian-12", Role: "node"})
		var busy *serverdb.BusyError
		if !errors.As(err, &busy) || busy.Job.ID != j.ID {
			t.Errorf("a second Install() = %v, want to be told of job %s", err, j.ID)
		}
		// A rule that comes second must not break the machine of the first.
		r.engine().unadopted(t.Context(), r.machine(), err)
		if r.machine().Status == machine.Broken {
			t.Error("the machine is broken because somebody else was faster")
		}
		r.untilStatus(machine.InUse)
	})
}

func TestAnInstallIsRefusedWithTheReason(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*machine.Machine)
		order  func(*Request)
		want   string
	}{
		{"the image is not in the catalogue", nil, func(q *Request) { q.Image = "plan9" }, `image "plan9": not found`},
		{"the hardware is not known", nil, func(q *Request) {
			q.Machine = q.Machine.Clone()
			q.Machine.Facts, q.Machine.ReportedAt = nil, time.Time{}
		}, "let it boot the agent first"},
		{"no disk is large enough", nil, func(q *Request) {
			q.Machine = q.Machine.Clone()
			q.Machine.Facts = &machine.Facts{}
		}, "no disk with a serial number holds 1.1 GB"},
		{"the image is for another architecture", nil, func(q *Request) {
			q.Machine = q.Machine.Clone()
			q.Machine.Facts = &machine.Facts{Arch: "arm64"}
		}, "image debian-12 is for amd64 and the machine is arm64: choose an image for arm64"},
		{"the machine is locked", func(m *machine.Machine) { m.Flags.Locked, m.Flags.LockNote = true, "smells of smoke" }, nil, "locked: smells of smoke"},
		{"the role cannot be part of a host name", nil, func(q *Request) { q.Role = "Web Server" }, `role "Web Server": want lower-case`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inRack(t, func(t *testing.T, r *rack) {
				r.dark()
				if tt.change != nil {
					if err := r.db().Edit(t.Context(), r.machine().ID, 0, "ada", "", func(m *machine.Machine) error { tt.change(m); return nil }); err != nil {
						t.Fatal(err)
					}
				}
				q := Request{Machine: r.machine(), Image: "debian-12", Role: "node"}
				if tt.order != nil {
					tt.order(&q)
				}
				if _, err := r.engine().Install(t.Context(), q); err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("Install() = %v, want %q", err, tt.want)
				}
				if r.machine().Status != machine.Available || r.job() != nil {
					t.Errorf("machine %s with job %v, want it as it was", r.machine().Status, r.job())
				}
			})
		})
	}
}
