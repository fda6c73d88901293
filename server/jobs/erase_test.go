package jobs

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"firstlight/agent/report"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/serverdb"
)

func TestAMachineThatIsHeldForItsDisksIsErasedAndAvailable(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.full()
		if want := "vda has an ext4 file system 'pgdata'"; !strings.Contains(r.machine().Sentence, want) {
			t.Fatalf("it is held: %s; want %q", r.machine().Sentence, want)
		}
		j := r.eraseIt()
		if m := r.machine(); m.Status != machine.Recycling || j.Params["disks"] != "D0001 D0002" {
			t.Fatalf("machine %s, job %v", m.Status, j.Params)
		}
		r.untilStatus(machine.Available)
		if r.box.boots != 1 || len(r.box.oob.sent) != 0 || r.box.erases != 1 {
			t.Errorf("%d boots, commands %v, %d erases; want one erase by the agent that was there", r.box.boots, r.box.oob.sent, r.box.erases)
		}
		all := r.certificates()
		if len(all) != 2 || all[0].Statement.Disk.Serial != "D0001" || all[0].Statement.Category != "clear" || all[1].Statement.Machine.Name != "FL0001" {
			t.Errorf("certificates %+v", all)
		}
		r.replays()
	})
}

// A machine that runs its system is switched into the agent by its BMC, and its
// owner's names and data go with the proof, not before.
func TestAMachineInUseIsReleased(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.available()
		r.install()
		r.untilStatus(machine.InUse)
		time.Sleep(2 * pollGrace)
		r.eraseIt()
		r.untilStep(stepErase)
		if m := r.machine(); !m.Owned || m.Hostname == "" {
			t.Errorf("while it is erased it has host name %q, owned %v", m.Hostname, m.Owned)
		}
		r.untilStatus(machine.Available)
		m := r.machine()
		if m.Owned || m.Hostname != "" || m.Owner != "" || len(m.Released) != 0 || m.Flags.Fenced {
			t.Errorf("it is available as %+v", m)
		}
		if r.job().Action != machine.ActionErase || r.job().Status != machine.JobFinished || r.box.oob.sent[string(oob.PowerOff)] == 0 {
			t.Errorf("job %s %s, commands %v", r.job().Action, r.job().Status, r.box.oob.sent)
		}
		r.replays()
		r.box.set(func(b *box) { b.name = "" })
		r.install() // its next owner's
		r.untilStatus(machine.InUse)
	})
}

func TestAFailedEraseFences(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fails func(*report.Result)
		want  string
		rows  int // of disks
		certs int
	}{
		{"a disk that fails", func(res *report.Result) {
			res.OK, res.Step = false, report.StepErase
			res.Erased[1].OK, res.Erased[1].Error = false, "write at 4 GB: input/output error"
		}, "disk D0002 (Box, 17.2 GB): write at 4 GB: input/output error", 2, 1},
		{"a disk that fails, and an agent that says all is well", func(res *report.Result) {
			res.Erased[0].OK, res.Erased[0].Error = false, "frozen"
		}, "disk D0001: frozen", 2, 1},
		{"a disk that the agent forgot", func(res *report.Result) { res.Erased = res.Erased[:1] }, "disk D0002 (Box, 17.2 GB): the agent did not say what became of it", 2, 1},
		{"a disk that is not in the plan", func(res *report.Result) {
			res.Erased = append(res.Erased, report.Erased{Disk: report.Target{Serial: "X9", Bytes: 1}, OK: true, Method: report.EraseFormat, Read: 1, Fill: "00"})
		}, "disk X9: the plan does not name it", 3, 2},
		{"a disk of another size", func(res *report.Result) { res.Erased[0].Disk.Bytes-- }, "disk D0001 (Box, 8.6 GB): the plan does not name it", 2, 1},
		{"a disk twice", func(res *report.Result) { res.Erased[1] = res.Erased[0] }, "the agent answered for it twice", 3, 1},
		{"nothing was read back", func(res *report.Result) { res.Erased[0].Read = 0 }, "disk D0001: nothing of it was read back", 2, 1},
		{"an overwritten disk that does not read as zeros", func(res *report.Result) {
			res.Erased[0].Method, res.Erased[0].Fill = report.EraseOverwrite, "random"
		}, "it was to read as zeros", 2, 1},
		{"a way that nobody knows", func(res *report.Result) { res.Erased[0].Method = "magnet\x1b[2J" }, `no way to erase a disk that is known: "magnet`, 2, 1},
		{"all disks, and yet it failed", func(res *report.Result) { res.OK, res.Error = false, "the power is unwell" }, "the power is unwell", 2, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inRack(t, func(t *testing.T, r *rack) {
				r.full()
				r.box.set(func(b *box) { b.fails = tt.fails })
				r.eraseIt()
				r.untilStatus(machine.Broken)
				m, j := r.machine(), r.job()
				if !m.Flags.Fenced || m.Reason != "erase-failed" || !strings.Contains(m.Sentence, tt.want) || m.Flags.FenceNote != m.Sentence {
					t.Errorf("machine %+v, reason %s: %s; want it fenced with %q", m.Flags, m.Reason, m.Sentence, tt.want)
				}
				if j.Status != machine.JobFailed || len(j.Erase.Done) != tt.rows || len(r.certificates()) != tt.certs || r.box.erases != 1 {
					t.Errorf("job %s with %d rows and %d certificates after %d erases, want %d and %d after one", j.Status, len(j.Erase.Done), len(r.certificates()), r.box.erases, tt.rows, tt.certs)
				}
				r.replays()
			})
		})
	}
}

// Nothing but another erase, or a person, gets a machine out from behind its
// fence.
func TestBehindTheFence(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.full()
		r.box.set(func(b *box) {
			b.fails = func(res *report.Result) { res.Erased[1].OK, res.Erased[1].Error = false, "it lies" }
		})
		r.eraseIt()
		r.untilStatus(machine.Broken)
		if err := r.db().Recheck(t.Context(), "ada", r.machine().ID); err == nil {
			t.Error("Recheck(): want it refused")
		}
		err := r.db().Transition(t.Context(), serverdb.Change{
			Machine: r.machine().ID, From: machine.Broken, To: machine.InUse, Who: "ada", Evidence: machine.Evidence{machine.GuardConfirmed: "ada"},
		})
		if _, fenced := errors.AsType[*serverdb.FencedError](err); !fenced {
			t.Errorf("broken → in use = %v, want it fenced", err)
		}
		// It reports with empty disks, which nobody believes.
		r.box.set(func(b *box) { b.data = false })
		r.box.press()
		time.Sleep(time.Minute)
		if m := r.machine(); m.Status != machine.Broken || !m.Flags.Fenced {
			t.Errorf("after a boot it is %s, fenced %v", m.Status, m.Flags.Fenced)
		}
		r.box.set(func(b *box) { b.fails = nil })
		r.eraseIt()
		if m := r.machine(); m.Status != machine.Recycling || !m.Flags.Fenced {
			t.Errorf("at the second erase it is %s, fenced %v; want the fence until it is proven", m.Status, m.Flags.Fenced)
		}
		r.untilStatus(machine.Available)
		if r.machine().Flags.Fenced {
			t.Error("it is fenced though all its disks are proven erased")
		}
		r.replays()
	})
}

func TestADiskThatWasTakenOutKeepsTheFence(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.full()
		r.box.set(func(b *box) {
			b.fails = func(res *report.Result) { res.Erased[1].OK, res.Erased[1].Error = false, "it lies" }
		})
		r.eraseIt()
		r.untilStatus(machine.Broken)
		r.box.set(func(b *box) { b.disks, b.fails = b.disks[:1], nil })
		r.box.press()
		time.Sleep(time.Minute)
		r.eraseIt()
		r.untilStatus(machine.Held)
		m := r.machine()
		if !m.Flags.Fenced || !strings.Contains(m.Sentence, "what was on disk D0002 is not proven erased") {
			t.Errorf("fenced %v, held: %s", m.Flags.Fenced, m.Sentence)
		}
		err := r.db().Do(t.Context(), func(w *serverdb.Write) error {
			m, err := w.Machine(m.ID)
			if err != nil {
				return err
			}
			return w.Unfence(m, serverdb.Actor{Name: "ada"}, "the disk was shredded")
		})
		if err == nil {
			err = r.db().Recheck(t.Context(), "ada", m.ID)
		}
		if err != nil || r.machine().Status != machine.Available {
			t.Errorf("after a person took the fence away: %v, %s: %s", err, r.machine().Status, r.machine().Sentence)
		}
		r.replays()
	})
}

func TestNoDiskIsErasedThatNobodyConfirmed(t *testing.T) {
	more := report.Disk{Name: "vdc", Serial: "D0003", Bytes: 1 << 33}
	for _, tt := range []struct {
		name   string
		change func(*box)
		want   string
	}{
		{"one came", func(b *box) { b.disks = append(b.disks, more) }, "disk D0003 came after the erase was asked for"},
		{"one is gone", func(b *box) { b.disks = b.disks[:1] }, "disk D0002 of the plan is not there any more"},
		{"one was swapped", func(b *box) { b.disks = []report.Disk{b.disks[0], more} }, "disk D0002 of the plan is not there any more"},
		{"one grew", func(b *box) { b.disks = []report.Disk{b.disks[0], {Name: "vdb", Serial: "D0002", Bytes: 1 << 35}} }, "disk D0002 has 34.4 GB, and had 17.2 GB"},
		{"one lost its serial", func(b *box) { b.disks = []report.Disk{b.disks[0], {Name: "vdb", Bytes: 1 << 34}} }, "disk vdb has no serial number"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inRack(t, func(t *testing.T, r *rack) {
				r.full()
				r.box.turn(oob.PowerOff)
				time.Sleep(2 * pollGrace)
				r.box.set(tt.change)
				r.eraseIt()
				r.untilStatus(machine.Broken)
				if r.box.erases != 0 || !strings.Contains(r.job().Result, tt.want) {
					t.Errorf("%d erases; result %q, want %q", r.box.erases, r.job().Result, tt.want)
				}
				r.replays()
			})
		})
	}
}

func TestWhatCannotBeNamedIsNotErased(t *testing.T) {
	disk := machine.Disk{Name: "sda", Serial: "A", Bytes: 1}
	for _, tt := range []struct {
		facts *machine.Facts
		want  string
	}{
		{nil, "not known"},
		{&machine.Facts{}, "shows no disk"},
		{&machine.Facts{Disks: []machine.Disk{disk}, Missing: []string{"disks"}}, "could not be read"},
		{&machine.Facts{Disks: []machine.Disk{disk, {Name: "sdb"}}}, "disk sdb has no serial number"},
		{&machine.Facts{Disks: []machine.Disk{disk, disk}}, "two of its disks show the serial number A"},
	} {
		if all, err := eraseDisks(&machine.Machine{Facts: tt.facts}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("eraseDisks(%+v) = %v, %v; want %q", tt.facts, all, err, tt.want)
		}
	}
}

func TestTheProgressOfAnEraseNamesItsDisks(t *testing.T) {
	p := report.Progress{Step: report.StepErase, Message: "nvme0n1 sanitize-block 40%, sda overwrite 12%\x1b[2J", Done: 500, Total: 1000}
	if got, want := waits(p), "Erases the disks: 500 B of 1.0 kB (nvme0n1 sanitize-block 40%, sda overwrite 12%[2J)"; got != want {
		t.Errorf("waits() = %q, want %q", got, want)
	}
	if p.Message = strings.Repeat("x", 10_000); len(waits(p)) > 200 {
		t.Errorf("waits() = %d bytes, want them bounded", len(waits(p)))
	}
}

func TestAnEraseThatIsCancelledInTimeFencesNothing(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.full()
		r.box.set(func(b *box) { b.idle = true })
		j := r.eraseIt()
		r.untilStep(stepErase)
		if err := r.engine().Cancel(t.Context(), j.ID, serverdb.Actor{Name: "ada"}); err != nil {
			t.Fatal(err)
		}
		if m := r.machine(); m.Status != machine.Broken || m.Flags.Fenced || m.Reason != "erase-cancelled" {
			t.Errorf("it is %s (%s), fenced %v", m.Status, m.Reason, m.Flags.Fenced)
		}
		if err := r.db().Recheck(t.Context(), "ada", r.machine().ID); err != nil || r.machine().Status != machine.Held {
			t.Errorf("Recheck() = %v, machine %s", err, r.machine().Status)
		}
		r.replays()
	})
}

func TestAnEraseThatHasBegunCannotBeCancelled(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.full()
		j := r.eraseIt()
		r.until("it erases", func(*life) bool { r.box.mu.Lock(); defer r.box.mu.Unlock(); return r.box.erases == 1 })
		var refused *RefusedError
		if err := r.engine().Cancel(t.Context(), j.ID, serverdb.Actor{Name: "ada"}); !errors.As(err, &refused) {
			t.Errorf("Cancel() = %v, want it refused", err)
		}
		r.box.press() // the next attempt has not been given its plan yet
		time.Sleep(30 * time.Second)
		if err := r.engine().Cancel(t.Context(), j.ID, serverdb.Actor{Name: "ada"}); !errors.As(err, &refused) {
			t.Errorf("Cancel() of the second attempt = %v, want it refused", err)
		}
		r.untilStatus(machine.Available)
		if r.job().Attempt != 2 || r.box.erases != 2 {
			t.Errorf("%d attempts with %d erases, want 2: it restarted", r.job().Attempt, r.box.erases)
		}
	})
}

func TestAMachineThatNeverComesIsFenced(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.full()
		r.box.turn(oob.PowerOff)
		time.Sleep(2 * pollGrace)
		r.box.set(func(b *box) { b.mute = true })
		r.eraseIt()
		r.untilStatus(machine.Broken)
		if m := r.machine(); !m.Flags.Fenced || r.box.erases != 0 {
			t.Errorf("fenced %v after %d erases", m.Flags.Fenced, r.box.erases)
		}
	})
}

func TestAMachineThatIsFlaggedLeavesOnceItIsErased(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.full()
		err := r.db().Edit(t.Context(), r.machine().ID, 0, "ada", "", func(m *machine.Machine) error { m.Flags.RetireWhenReleased = true; return nil })
		if err != nil {
			t.Fatal(err)
		}
		id := r.machine().ID
		r.eraseIt()
		r.until("it is retired", func(l *life) bool {
			m, err := l.db.Machine(id)
			return err == nil && m.Status == machine.Retired
		})
		if len(r.certificatesOf(id)) != 2 {
			t.Error("its certificates are gone with it")
		}
		if err := r.db().Replay(t.Context(), id); err != nil {
			t.Error(err)
		}
	})
}

func TestALockedMachineIsNotErased(t *testing.T) {
	inRack(t, func(t *testing.T, r *rack) {
		r.full()
		lock := func(locked bool) {
			t.Helper()
			err := r.db().Edit(t.Context(), r.machine().ID, 0, "ada", "", func(m *machine.Machine) error { m.Flags.Locked = locked; return nil })
			if err != nil {
				t.Fatal(err)
			}
		}
		ask := func() error {
			_, err := r.engine().Erase(t.Context(), EraseRequest{Machine: r.machine(), User: "ada", Confirmed: "typed"})
			return err
		}
		lock(true)
		var refused *RefusedError
		if err := ask(); !errors.As(err, &refused) || r.machine().Status != machine.Held {
			t.Errorf("Erase() of a locked machine = %v, machine %s", err, r.machine().Status)
		}
		lock(false)
		r.box.set(func(b *box) { b.idle = true })
		r.eraseIt()
		r.untilStep(stepErase)
		o := r.poll("")
		lock(true)
		r.wantRefused("Redeem() of a machine that was locked meanwhile", r.redeem(r.machine(), o))
		var busy *serverdb.BusyError
		if err := ask(); !errors.As(err, &busy) {
			t.Errorf("a second Erase() = %v, want it busy", err)
		}
	})
}

// eraseCrashes are the ways to an erased machine along which the appliance dies.
var eraseCrashes = []struct {
	name  string
	ready func(*rack)
}{
	{"in the agent", (*rack).full},
	{"off, through its BMC", func(r *rack) {
		r.full()
		r.box.turn(oob.PowerOff)
		time.Sleep(2 * pollGrace)
	}},
}

// TestTheApplianceMayDieInTheMiddleOfAnErase is TestTheApplianceMayDieAnywhere
// for erases: whatever moment it dies at, every disk is erased once, and the
// machine is clean only with a certificate for each.
func TestTheApplianceMayDieInTheMiddleOfAnErase(t *testing.T) {
	for _, way := range eraseCrashes {
		t.Run(way.name, func(t *testing.T) {
			points := dieErasing(t, way.ready, 0)
			if points < 30 {
				t.Fatalf("only %d points to die at", points)
			}
			step := 3
			if os.Getenv("FIRSTLIGHT_LONG") != "" {
				step = 1
			}
			for n := 1; n <= points; n += step {
				dieErasing(t, way.ready, n)
			}
			t.Logf("died at %d points", (points+step-1)/step)
		})
	}
}

func dieErasing(t *testing.T, ready func(*rack), n int) (points int) {
	t.Helper()
	inRack(t, func(t *testing.T, r *rack) {
		ready(r)
		r.eraseIt()
		before := r.fuse.ticks()
		r.fuse.set(n)
		clean := func(*life) bool {
			m := r.machine()
			if m.Status != machine.Recycling && len(r.certificates()) != 2 {
				t.Fatalf("died at %d: it is %s with %d certificates", n, m.Status, len(r.certificates()))
			}
			return m.Status == machine.Available
		}
		r.until("the machine is available", clean)
		points = r.fuse.ticks() - before
		r.replays()
		if p := eraseProblem(r); p != "" {
			t.Errorf("died at %d: %s; steps %v, sent %v", n, p, stepsOf(r.job()), r.box.oob.sent)
		}
	})
	return points
}

func eraseProblem(r *rack) string {
	j := r.job()
	switch {
	case j.Status != machine.JobFinished:
		return fmt.Sprintf("the job is %s: %s", j.Status, j.Result)
	case r.box.erases != 1 || len(j.Erase.Done) != 2: // an attempt whose plan got lost on its way erased nothing
		return fmt.Sprintf("%d erases in %d attempts with %d rows, want one: the agent went on with it", r.box.erases, j.Attempt, len(j.Erase.Done))
	case r.machine().Flags.Fenced:
		return "it is fenced"
	}
	for command, count := range r.box.oob.sent {
		if count > 1 {
			return fmt.Sprintf("%q was sent %d times, want once", command, count)
		}
	}
	return ""
}
