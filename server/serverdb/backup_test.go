package serverdb

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"firstlight/agent/report"
	"firstlight/server/backup"
	"firstlight/server/boot"
	"firstlight/server/machine"
)

func quiet() Options {
	return Options{Log: slog.New(slog.DiscardHandler), Now: time.Now, Retention: time.Hour}
}

func copyOf(t testing.TB, d *DB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := d.Backup(t.Context(), &b, backup.Head{Appliance: "lon6", Version: "1"}, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// restored restores a backup and opens it.
func restored(t *testing.T, b []byte) (*DB, *Restoration) {
	t.Helper()
	path := absent(t)
	done, err := Restore{Options: quiet()}.Run(t.Context(), path, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return open(t, path, accept("")), done
}

// inUse brings a machine where its owner works on it.
func inUse(t *testing.T, d *DB, n int) *machine.Machine {
	t.Helper()
	m, err := d.Report(t.Context(), blank(n), from(n))
	if err != nil {
		t.Fatal(err)
	}
	err = d.Do(t.Context(), func(w *Write) error {
		return w.Mark(m, func(m *machine.Machine) { m.Owned = true })
	})
	if err != nil {
		t.Fatal(err)
	}
	return force(t, d, m.ID, machine.InUse)
}

// force sets a status that the test does not care how it came about.
func force(t *testing.T, d *DB, id string, s machine.Status) *machine.Machine {
	t.Helper()
	err := d.Do(t.Context(), func(w *Write) error {
		m, err := w.Machine(id)
		if err != nil {
			return err
		}
		next := m.Clone()
		next.Status = s
		return w.put(next)
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Machine(id)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func answer(d *DB, n int) boot.Answer {
	mac, _ := machine.ParseMAC(blank(n).Boot.MAC)
	r := boot.Request{MAC: mac, Subnet: "lab", Stage: boot.StageIPXE}
	return boot.Decide(r, d.Known(r), time.Now())
}

// C.4, invariant 10, and D-10: whatever became of a machine since the backup, it
// boots its own disk after the restore of it.
func TestNoMachineInUseIsTouchedAfterAStaleRestore(t *testing.T) {
	d := open(t, file(t), accept(""))
	statuses := machine.Statuses()
	for n, s := range statuses {
		m, err := d.Report(t.Context(), blank(n+1), from(n+1))
		if err != nil {
			t.Fatal(err)
		}
		force(t, d, m.ID, s)
	}
	held := copyOf(t, d)
	after := len(statuses) + 1
	inUse(t, d, after) // the backup does not know it
	r, done := restored(t, held)
	for n := 1; n <= after; n++ {
		if a := answer(r, n); a.Target != boot.Disk || !a.Address {
			t.Errorf("machine %d boots %s (%s), want its disk and an address", n, a.Target, a.Why)
		}
	}
	if done.Machines != len(statuses) || done.Frozen != len(statuses)-1 {
		t.Errorf("restored %d machines, %d frozen; want all but the one in use", done.Machines, done.Frozen)
	}
	if err := r.Expire(t.Context()); err != nil {
		t.Error(err)
	}
	if err := r.EndSafeMode(t.Context(), Actor{Name: "ada"}, "all are accounted for"); err != nil {
		t.Fatal(err)
	}
	if a := answer(r, after); a.Target != boot.Agent {
		t.Errorf("after the end of safe mode a stranger boots %s, want the agent", a.Target)
	}
	if a := answer(r, 1); a.Target != boot.Disk {
		t.Errorf("a machine that nobody thawed boots %s", a.Target)
	}
	if err := r.EndSafeMode(t.Context(), Actor{Name: "ada"}, "again"); !errors.Is(err, ErrConflict) {
		t.Errorf("a second end = %v, want ErrConflict", err)
	}
}

// A job of the backup is never continued, and its token opens nothing.
func TestOpenJobsEndWithTheRestore(t *testing.T) {
	d := open(t, file(t), accept(""))
	m, err := d.Report(t.Context(), blank(1), from(1))
	if err != nil {
		t.Fatal(err)
	}
	j := &machine.Job{
		ID: "13fd7feb-0000-4000-8000-000000000001", Machine: m.ID, Action: machine.ActionInstall, Status: machine.JobStarted, CreatedAt: time.Now(),
		Steps: []machine.Step{{Name: "write", Status: machine.StepRunning}}, Token: machine.Token{Hash: "h", Order: "o", Expires: time.Now().Add(time.Hour)},
	}
	if err := d.CreateJob(t.Context(), j, nil); err != nil {
		t.Fatal(err)
	}
	force(t, d, m.ID, machine.Installing)
	r, done := restored(t, copyOf(t, d))
	got, err := r.Job(j.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, open := r.OpenJob(m.ID); open || got.Status != machine.JobCancelled || !strings.HasPrefix(got.Result, "the database was restored from a backup of 2") || done.Cancelled != 1 {
		t.Errorf("job %s, %q, open %t, %d cancelled", got.Status, got.Result, open, done.Cancelled)
	}
	now, err := r.Machine(m.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := boot.MayWrite(now, got, "o", "h", time.Now()); !errors.Is(err, boot.ErrRefused) {
		t.Errorf("MayWrite() = %v, want a refusal", err)
	}
	err = r.Transition(t.Context(), Change{Machine: m.ID, From: machine.Installing, To: machine.Configuring})
	if _, ok := errors.AsType[*FrozenError](err); !ok {
		t.Errorf("Transition() = %v, want a FrozenError", err)
	}
}

// A machine thaws when it shows what its record says, when its disks hold
// nothing, or by a person.
func TestThaw(t *testing.T) {
	full := func() *report.Report {
		r := blank(1)
		r.Disks[0].Contents = []report.Content{{Device: "vda", Kind: "filesystem", Type: "ext4", Used: 1e9}}
		return r
	}
	smaller := blank(1)
	smaller.Disks[0].Bytes = 1 << 32
	for _, tt := range []struct {
		name   string
		shows  *report.Report
		status machine.Status
		frozen bool
	}{
		{"it shows what it did", blank(1), machine.Available, false},
		{"other hardware with empty disks", smaller, machine.Available, false},
		{"its disks are not empty any more", full(), machine.Held, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := open(t, file(t), accept(""))
			if _, err := d.Report(t.Context(), blank(1), from(1)); err != nil {
				t.Fatal(err)
			}
			r, _ := restored(t, copyOf(t, d))
			m, err := r.Report(t.Context(), tt.shows, from(1))
			if err != nil || m.Status != tt.status || m.Flags.Frozen != tt.frozen {
				t.Fatalf("Report() = %s (%s), frozen %t, %v; want %s, %t", m.Status, m.Sentence, m.Flags.Frozen, err, tt.status, tt.frozen)
			}
			if !tt.frozen {
				return
			}
			if err := r.Thaw(t.Context(), Actor{Name: "ada"}, m.ID, "looked at it"); err != nil {
				t.Fatal(err)
			}
			if m, _ = r.Machine(m.ID); m.Flags.Frozen || !m.Flags.FrozenAt.IsZero() {
				t.Errorf("flags %+v after a thaw", m.Flags)
			}
		})
	}
}

// What an old report says is no reason to go on.
func TestARecheckOfAFrozenMachineIsRefused(t *testing.T) {
	d := open(t, file(t), accept(""))
	m, err := d.Report(t.Context(), blank(1), from(1))
	if err != nil {
		t.Fatal(err)
	}
	force(t, d, m.ID, machine.Held)
	r, _ := restored(t, copyOf(t, d))
	var frozen *FrozenError
	if err := r.Recheck(t.Context(), "ada", m.ID); !errors.As(err, &frozen) {
		t.Errorf("Recheck() = %v, want a FrozenError", err)
	}
}

// A backup under load is the state of one moment, and commits go on beside it.
func TestABackupUnderLoad(t *testing.T) {
	d := open(t, file(t), accept(""))
	for n := range 200 {
		if _, err := d.Report(t.Context(), blank(n), from(n)); err != nil {
			t.Fatal(err)
		}
	}
	var mu sync.Mutex
	var took []time.Duration
	commit := func() {
		began := time.Now()
		if err := d.PutMeta(t.Context(), "n", fmt.Sprint(began)); err != nil {
			t.Error(err)
		}
		mu.Lock()
		took = append(took, time.Since(began))
		mu.Unlock()
	}
	for range 300 {
		commit()
	}
	alone := p99(took)
	took = nil
	stop := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				commit()
			}
		}
	})
	for range 10 {
		if _, _, err := backup.Read(bytes.NewReader(copyOf(t, d)), backup.Nothing{}); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	writing.Wait()
	t.Logf("p99 of a commit: %s alone, %s while backups are made (%d commits)", alone, p99(took), len(took))
	if limit := max(3*alone, 250*time.Millisecond); p99(took) > limit { // a shared host hesitates so long by itself
		t.Errorf("p99 %s, want at most %s", p99(took), limit)
	}
}

func p99(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)*99/100]
}

const restoreFrom, restoreInto = "FIRSTLIGHT_TEST_RESTORE_FROM", "FIRSTLIGHT_TEST_RESTORE_INTO"

// TestARestoreThatIsKilledLeavesOldOrNewWhole kills a restoring child at random
// moments; what the next start finds is the one database or the other.
func TestARestoreThatIsKilledLeavesOldOrNewWhole(t *testing.T) {
	if from := os.Getenv(restoreFrom); from != "" {
		f, err := os.Open(from)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Restore{Options: quiet(), Replace: true}.Run(t.Context(), os.Getenv(restoreInto), f)
		if err != nil {
			t.Fatal(err)
		}
		return
	}
	path := file(t)
	d := open(t, path, accept(""))
	for n := range 50 {
		if _, err := d.Report(t.Context(), blank(n), from(n)); err != nil {
			t.Fatal(err)
		}
	}
	held := filepath.Join(t.TempDir(), "backup")
	if err := os.WriteFile(held, copyOf(t, d), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.PutMeta(t.Context(), "newer", "yes"), d.Close()); err != nil {
		t.Fatal(err)
	}
	was := map[string]int{}
	for range 12 {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestARestoreThatIsKilledLeavesOldOrNewWhole$")
		child.Env = append(os.Environ(), restoreFrom+"="+held, restoreInto+"="+path)
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Duration(rand.IntN(1500))*time.Millisecond, func() { _ = child.Process.Kill() })
		_ = child.Wait() // killed, or done before that
		was[found(t, path)]++
	}
	t.Logf("after a kill: %v", was)
}

// found tells which database is in its place.
func found(t *testing.T, path string) string {
	t.Helper()
	d := open(t, path)
	defer d.Close()
	newer, err := d.Meta(t.Context(), "newer")
	if err != nil || len(d.Machines()) != 50 {
		t.Fatalf("%d machines, %v", len(d.Machines()), err)
	}
	frozen := 0
	for _, m := range d.Machines() {
		if m.Flags.Frozen {
			frozen++
		}
	}
	switch {
	case newer == "yes" && frozen == 0:
		return "old"
	case newer == "" && frozen == 50 && d.Restored().Open():
		return "new"
	}
	t.Fatalf("neither: newer %q, %d frozen", newer, frozen)
	return ""
}
