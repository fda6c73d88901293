package serverdb

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"firstlight/agent/report"
	"firstlight/server/discovery"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

// arrive reports and wants no error.
func arrive(t *testing.T, d *DB, r *report.Report, last int) *machine.Machine {
	t.Helper()
	m, err := d.Report(t.Context(), r, from(last))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// full is a blank machine with somebody's file system.
func full(n int, label string) *report.Report {
	r := blank(n)
	r.Disks[0].Contents = []report.Content{{Device: "vda", Kind: "filesystem", Type: "ext4", Label: label, Used: 412e9}}
	return r
}

func TestEverySignatureHoldsAMachine(t *testing.T) {
	for _, c := range []report.Content{
		{Kind: "partition-table", Type: "gpt"},
		{Kind: "filesystem", Type: "xfs"},
		{Kind: "raid", Type: "mdraid-1.2"},
		{Kind: "lvm", Type: "lvm2"},
		{Kind: "crypt", Type: "luks2"},
		{Kind: "swap", Type: "swap"},
		{Kind: "data", Type: "unknown"},
		{Kind: "unreadable", Type: "error"},
		{Kind: "a kind that this version does not know"},
	} {
		t.Run(c.Kind, func(t *testing.T) {
			d := open(t, file(t), accept("debian-12"))
			r := blank(1)
			r.Disks = append(r.Disks, report.Disk{Name: "vdb", Serial: "D2", Bytes: 1 << 40, Contents: []report.Content{c}})
			m := arrive(t, d, r, 100)
			if m.Status != machine.Held || m.Reason != discovery.ReasonDisks || !strings.Contains(m.Sentence, "vdb has ") {
				t.Errorf("it is %s (%s): %s", m.Status, m.Reason, m.Sentence)
			}
			if _, open := d.OpenJob(m.ID); open || m.Hostname != "" {
				t.Errorf("it has a job (%v) or a host name %q", open, m.Hostname)
			}
		})
	}
}

// A release is for what a person saw, on that disk, and for nothing else.
func TestAReleaseIsForWhatWasSeen(t *testing.T) {
	for _, tt := range []struct {
		name   string
		report func() *report.Report
		want   machine.Status
	}{
		{"the same again", func() *report.Report { return full(1, "scratch") }, machine.Available},
		{"other contents on the same disk", func() *report.Report { return full(1, "pgdata") }, machine.Held},
		{"the same label, but more in it", func() *report.Report {
			r := full(1, "scratch")
			r.Disks[0].Contents[0].Used++
			return r
		}, machine.Held},
		{"another disk with data", func() *report.Report {
			r := full(1, "scratch")
			r.Disks = append(r.Disks, report.Disk{Name: "vdb", Serial: "D2", Contents: full(1, "pgdata").Disks[0].Contents})
			return r
		}, machine.Held},
		{"the disk in another machine's place, empty", func() *report.Report { return blank(1) }, machine.Available},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := open(t, file(t), accept(""))
			m := arrive(t, d, full(1, "scratch"), 100)
			if err := d.ReleaseDisks(t.Context(), Actor{Name: "ada"}, m.ID, m.Name); err != nil {
				t.Fatal(err)
			}
			if m = arrive(t, d, tt.report(), 100); m.Status != tt.want {
				t.Errorf("it is %s: %s; want %s", m.Status, m.Sentence, tt.want)
			}
		})
	}
	t.Run("gone and back with data", func(t *testing.T) {
		d := open(t, file(t), accept(""))
		m := arrive(t, d, full(1, "scratch"), 100)
		if err := d.ReleaseDisks(t.Context(), Actor{Name: "ada"}, m.ID, m.Name); err != nil {
			t.Fatal(err)
		}
		without := blank(1)
		without.Disks = nil
		arrive(t, d, without, 100)
		if m = arrive(t, d, full(1, "scratch"), 100); m.Status != machine.Held {
			t.Errorf("it is %s, though the disk was elsewhere meanwhile", m.Status)
		}
	})
}

func TestReleasesThatAreRefused(t *testing.T) {
	nameless := full(1, "pgdata")
	nameless.Disks[0].Serial = ""
	for _, tt := range []struct {
		name   string
		report *report.Report
		rules  []*machine.Rule
		typed  string
		says   string
	}{
		{"another name", full(1, "pgdata"), nil, "FL0002", "type FL0001, the machine's name"},
		{"nothing typed", full(1, "pgdata"), nil, "", "type FL0001"},
		{"a machine that is held for no rule", blank(1), nil, "FL0001", "only a machine that is held for its disks"},
		{"one that is available", blank(1), []*machine.Rule{accept("")}, "FL0001", "machine FL0001 is available"},
		{"a disk without serial", nameless, []*machine.Rule{accept("")}, "FL0001", "it has no serial number, so that it cannot be released"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := open(t, file(t), tt.rules...)
			m := arrive(t, d, tt.report, 100)
			err := d.ReleaseDisks(t.Context(), Actor{Name: "ada"}, m.ID, tt.typed)
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("ReleaseDisks = %v, want …%s…", err, tt.says)
			}
			if now, _ := d.Machine(m.Name); len(now.Released) != 0 || now.Status != m.Status {
				t.Errorf("it is %s with %v released", now.Status, now.Released)
			}
		})
	}
}

func TestAnOwnersDataIsNotReleased(t *testing.T) {
	d := open(t, file(t), accept(""))
	m := arrive(t, d, blank(1), 100)
	err := d.Do(t.Context(), func(w *Write) error {
		m, err := w.Machine(m.ID)
		if err != nil {
			return err
		}
		return w.Mark(m, func(m *machine.Machine) { m.Owned = true })
	})
	if err != nil {
		t.Fatal(err)
	}
	m = arrive(t, d, full(1, "pgdata"), 100)
	if m.Status != machine.Held || !strings.Contains(m.Sentence, "had an owner") {
		t.Errorf("it is %s: %s", m.Status, m.Sentence)
	}
	if err := d.ReleaseDisks(t.Context(), Actor{Name: "ada"}, m.ID, m.Name); err == nil {
		t.Error("an owner's disks were released by name")
	}
	if err := d.Recheck(t.Context(), "ada", m.ID); err != nil {
		t.Fatal(err)
	}
	if m, _ = d.Machine(m.Name); m.Status != machine.Held {
		t.Errorf("checked again it is %s", m.Status)
	}
}

func TestAnAvailableMachineIsLookedAtAgainWhenItChanged(t *testing.T) {
	d := open(t, file(t), accept(""))
	m := arrive(t, d, blank(1), 100)
	version := m.Version
	if m = arrive(t, d, blank(1), 100); m.Status != machine.Available {
		t.Errorf("a second report makes it %s", m.Status)
	}
	rows, _ := d.History(t.Context(), m.ID)
	if len(rows) != 2 || m.Version == version {
		t.Errorf("%d changes of status, want 2", len(rows))
	}
	if m = arrive(t, d, full(1, "pgdata"), 100); m.Status != machine.Held || !strings.Contains(m.Sentence, "'pgdata', 412 GB used") {
		t.Errorf("with somebody's disk in it is %s: %s", m.Status, m.Sentence)
	}
	if err := d.Replay(t.Context(), m.ID); err != nil {
		t.Error(err)
	}
}

// Nothing changes the status but the state engine, whatever a change tries.
func TestOnlyTheStateEngineWritesAStatus(t *testing.T) {
	d := open(t, file(t), accept(""))
	m := arrive(t, d, blank(1), 100)
	sneak := func(m *machine.Machine) { m.Status = machine.InUse }
	if err := d.Edit(t.Context(), m.ID, 0, "ada", "", func(m *machine.Machine) error { sneak(m); return nil }); err != nil {
		t.Fatal(err)
	}
	err := d.Do(t.Context(), func(w *Write) error {
		m, err := w.Machine(m.ID)
		return errors.Join(err, w.Mark(m, sneak))
	})
	if err != nil {
		t.Fatal(err)
	}
	err = d.Transition(t.Context(), Change{
		Machine: m.ID, From: machine.Available, To: machine.Registered, Who: "ada", Apply: sneak,
		Evidence: machine.Evidence{machine.GuardNoJob: "none"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if m, _ = d.Machine(m.Name); m.Status != machine.Registered {
		t.Errorf("it is %s", m.Status)
	}
	if err := d.Replay(t.Context(), m.ID); err != nil {
		t.Error(err)
	}
}

func TestReplayFindsAHistoryThatDoesNotFollow(t *testing.T) {
	row := func(id int64, from, to machine.Status) History { return History{ID: id, From: from, To: to} }
	if s, err := replay([]History{row(1, "", machine.Registered), row(2, machine.Registered, machine.Held)}); s != machine.Held || err != nil {
		t.Errorf("replay = %s, %v", s, err)
	}
	_, err := replay([]History{row(1, "", machine.Registered), row(3, machine.Available, machine.Held)})
	if err == nil || !strings.Contains(err.Error(), "history row 3 goes from available, but the machine was registered") {
		t.Errorf("replay of a gap = %v", err)
	}
}

func TestALockedMachineIsNotGivenAway(t *testing.T) {
	d := open(t, file(t), accept(""))
	m := arrive(t, d, blank(1), 100)
	if err := d.Edit(t.Context(), m.ID, 0, "ada", "Locked", func(m *machine.Machine) error { m.Flags.Locked = true; return nil }); err != nil {
		t.Fatal(err)
	}
	err := d.Do(t.Context(), func(w *Write) error {
		m, err := w.Machine(m.ID)
		if err != nil {
			return err
		}
		_, err = w.Allocate(m, Claim{Who: "ada", Role: "db"})
		return err
	})
	var guard *machine.GuardError
	if !errors.As(err, &guard) || guard.Guard != machine.GuardUnlocked {
		t.Errorf("Allocate = %v, want a GuardError for the lock", err)
	}
}

func TestReportsFromElsewhere(t *testing.T) {
	now := &clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	d := openAt(t, file(t), now.Now, accept(""))
	if _, err := d.Report(t.Context(), blank(1), netip.MustParseAddr("192.0.2.1")); !errors.Is(err, errNoSubnet) {
		t.Errorf("from no subnet of ours: %v", err)
	}
	c := lease.Client{MAC: machine.MAC{2, 0, 0, 0, 0, 9}, Wants: from(150)}
	if _, err := d.Bind(t.Context(), d.Subnets()[0], c, now.Now()); err != nil {
		t.Fatal(err)
	}
	var clash *ClashError
	if _, err := d.Report(t.Context(), blank(1), from(150)); !errors.As(err, &clash) || !strings.Contains(err.Error(), "leased to 02:00:00:00:00:09") {
		t.Errorf("from an address that is leased to another: %v", err)
	}
	now.advance(2 * time.Hour)
	if _, err := d.Report(t.Context(), blank(1), from(150)); err != nil {
		t.Errorf("from an address whose lease has ended: %v", err)
	}
}

// TestHostNamesOfAHundred allocates from a hundred goroutines.
func TestHostNamesOfAHundred(t *testing.T) {
	d := open(t, file(t), accept(""))
	var all []*machine.Machine
	for n := 1; n <= 100; n++ {
		all = append(all, arrive(t, d, blank(n), 100+n))
	}
	var g sync.WaitGroup
	for _, m := range all {
		g.Go(func() {
			err := d.Do(t.Context(), func(w *Write) error {
				m, err := w.Machine(m.ID)
				if err == nil {
					_, err = w.Allocate(m, Claim{Who: "ada", Role: "db"})
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	seen := map[string]bool{}
	for _, m := range d.Machines() {
		seen[m.Hostname] = true
	}
	for n := 1; n <= 100; n++ {
		if name := fmt.Sprintf("lab-db-%d", n); !seen[name] {
			t.Errorf("nobody has %s", name)
		}
	}
}

func TestHostNamePatterns(t *testing.T) {
	for _, tt := range []struct{ pattern, want, says string }{
		{"", "lab-node-1", ""},
		{"<role><n>-<site>", "node1-lab", ""},
		{"Host<n>", "host1", ""},
		{"<site>-<role>", "", "has no <n>, so that no two machines could have it"},
		{"<site>.<n>", "", "want at most 63 letters, digits and inner dashes"},
	} {
		d := open(t, file(t), accept("debian-12"))
		d.Patterns = map[string]string{"lab": tt.pattern}
		m, err := d.Report(t.Context(), blank(1), from(100))
		if tt.says == "" && (err != nil || m.Hostname != tt.want) || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("pattern %q: %v, %v; want %q, …%s…", tt.pattern, m, err, tt.want, tt.says)
		}
		if tt.says != "" && len(d.Machines()) != 0 {
			t.Errorf("pattern %q: half a registration stayed", tt.pattern)
		}
	}
}

func TestRulesInTheirOrder(t *testing.T) {
	first, second := accept(""), accept("")
	first.Name, first.Limit, first.Rack = "first", 1, "r7"
	second.Name, second.Order, second.Rack = "second", 2, "r8"
	keep := accept("")
	keep.Name, keep.Order, keep.Match, keep.Accept = "keep", 0, "serial=FL0009", false
	d := open(t, file(t), second, keep, first)
	for _, tt := range []struct {
		n          int
		rule, rack string
		reason     string
	}{{1, "first", "r7", "accepted by rule first"}, {2, "second", "r8", "accepted by rule second"}, {9, "", "", discovery.ReasonRule}} {
		m := arrive(t, d, blank(tt.n), 100+tt.n)
		if m.Rule != tt.rule || m.Rack != tt.rack || m.Reason != tt.reason {
			t.Errorf("machine %d: rule %q, rack %q, reason %q; want %+v", tt.n, m.Rule, m.Rack, m.Reason, tt)
		}
	}
	rows, err := d.History(t.Context(), d.Machines()[0].ID)
	if err != nil || !strings.Contains(fmt.Sprint(rows), "passed:rule-matched (rule first)") {
		t.Errorf("the history row does not name the rule: %v, %v", rows, err)
	}
}

func TestExpire(t *testing.T) {
	for _, tt := range []struct {
		name   string
		after  time.Duration
		job    bool
		want   machine.Status
		reason string
	}{
		{"not before its time", 30*time.Minute - time.Second, false, machine.Allocated, "for role node"},
		{"at its time", 30 * time.Minute, false, machine.Available, "too-late"},
		{"left to its job", 24 * time.Hour, true, machine.Allocated, "for role node"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			clock := &clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
			d := openAt(t, file(t), clock.Now, accept("debian-12"))
			m := arrive(t, d, blank(1), 100)
			idle := arrive(t, d, full(2, "pgdata"), 101) // held: nobody ends that
			if tt.job {
				j := &machine.Job{ID: "j", Machine: m.ID, Action: machine.ActionInstall, Status: machine.JobQueued, CreatedAt: clock.Now()}
				if err := d.CreateJob(t.Context(), j, nil); err != nil {
					t.Fatal(err)
				}
			}
			clock.advance(tt.after)
			for range 2 { // a second time changes nothing
				if err := d.Expire(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if m, _ = d.Machine(m.Name); m.Status != tt.want || m.Reason != tt.reason {
				t.Errorf("it is %s (%s), want %s (%s)", m.Status, m.Reason, tt.want, tt.reason)
			}
			if idle, _ = d.Machine(idle.Name); idle.Status != machine.Held {
				t.Errorf("the held one is %s", idle.Status)
			}
			if err := d.Replay(t.Context(), m.ID); err != nil {
				t.Error(err)
			}
		})
	}
}

// Every transient status has an owner and an end, and the table allows the end by
// what its row knows.
func TestEveryTransientStatusCanExpire(t *testing.T) {
	for _, s := range machine.Statuses() {
		_, transient := s.Transient()
		e, ends := expiries[s]
		if transient != ends {
			t.Errorf("%s is transient: %v, ends: %v", s, transient, ends)
		}
		if _, err := machine.Check("m", s, e.to, e.evidence, nil); ends && err != nil {
			t.Errorf("%s → %s: %v", s, e.to, err)
		}
		if owned := s.Owner() != ""; owned != (transient || s == machine.Repairing) {
			t.Errorf("%s is transient: %v, but what moves it on is %q", s, transient, s.Owner())
		}
	}
}

// clock is one that the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// A machine that is not what its type says is held, passes by an admin's word,
// and is looked at again once its hardware changes.
func TestAWaiverLastsUntilTheHardwareChanges(t *testing.T) {
	d := open(t, file(t), accept(""))
	ada := Actor{Name: "ada"}
	if _, err := d.PutPlan(t.Context(), ada, &machine.HardwareType{Name: "high-io", Sockets: 4}, 0); err != nil {
		t.Fatal(err)
	}
	m := arrive(t, d, blank(1), 100)
	if err := d.Waive(t.Context(), ada, m.ID, "too early"); err == nil || !strings.Contains(err.Error(), "available and cannot become available") {
		t.Errorf("Waive of an available machine = %v", err)
	}
	if err := d.Edit(t.Context(), m.ID, 0, "ada", "", func(m *machine.Machine) error { m.Type = "high-io"; return nil }); err != nil {
		t.Fatal(err)
	}
	changed := func(serial string) *report.Report {
		r := blank(1)
		r.Disks[0].Serial = serial
		return r
	}
	if m = arrive(t, d, changed("NEW1"), 100); m.Reason != discovery.ReasonSpec || !strings.Contains(m.Sentence, "instead of 4") {
		t.Fatalf("it is %s (%s): %s", m.Status, m.Reason, m.Sentence)
	}
	if err := d.Waive(t.Context(), ada, m.ID, "four are on their way"); err != nil {
		t.Fatal(err)
	}
	if m = arrive(t, d, changed("NEW1"), 100); m.Status != machine.Available || m.Rule != "lab" {
		t.Errorf("waived it is %s: %s", m.Status, m.Sentence)
	}
	rows, _ := d.History(t.Context(), m.ID)
	if last := rows[len(rows)-1]; last.Who != "ada" || !strings.Contains(strings.Join(last.Guards, " "), "waived:spec-matches (ada: four are on their way; it is not what") {
		t.Errorf("history says %+v", last)
	}
	if m = arrive(t, d, changed("NEW2"), 100); m.Status != machine.Held {
		t.Errorf("with another disk it is %s", m.Status)
	}
	if err := d.Replay(t.Context(), m.ID); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNotWaived(t *testing.T) {
	d := open(t, file(t), accept(""))
	m := arrive(t, d, full(1, "pgdata"), 100)
	var refused *WaiverError
	if err := d.Waive(t.Context(), Actor{Name: "ada"}, m.ID, "why not"); !errors.As(err, &refused) || !strings.Contains(err.Error(), "nobody can waive that") {
		t.Errorf("Waive of somebody's data = %v", err)
	}
}
