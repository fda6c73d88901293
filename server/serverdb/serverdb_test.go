package serverdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"firstlight/agent/report"
	"firstlight/server/auth"
	"firstlight/server/auth/authtest"
	"firstlight/server/boot"
	"firstlight/server/discovery"
	"firstlight/server/lease"
	"firstlight/server/machine"
)

// open gives a DB with one subnet and rules, on a file that stays until the
// test ends.
func open(t *testing.T, path string, rules ...*machine.Rule) *DB {
	t.Helper()
	return openAt(t, path, time.Now, rules...)
}

// openAt is open with a clock.
func openAt(t *testing.T, path string, now func() time.Time, rules ...*machine.Rule) *DB {
	t.Helper()
	return openWith(t, path, Options{Now: now}, rules...)
}

// openWith is open with what else an appliance may want.
func openWith(t *testing.T, path string, o Options, rules ...*machine.Rule) *DB {
	t.Helper()
	o.Log, o.Retention = slog.New(slog.DiscardHandler), time.Hour
	d, err := Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	subnet := &machine.Subnet{
		Name: "lab", Prefix: netip.MustParsePrefix("10.80.12.0/24"), Site: "lab", Mode: "server",
		Policy: machine.PolicyRegister, Lease: time.Hour, Domain: "lab.example",
		Ranges: []machine.Range{{First: netip.MustParseAddr("10.80.12.100"), Last: netip.MustParseAddr("10.80.12.199")}},
	}
	if err := d.Seed(t.Context(), []*machine.Subnet{subnet}, rules); err != nil {
		t.Fatal(err)
	}
	return d
}

func accept(image string) *machine.Rule {
	return &machine.Rule{Name: "lab", Order: 1, Match: "subnet=lab", Accept: true, Site: "lab", Rack: "r1", Role: "node", Image: image}
}

// reported is a machine's report by number.
func blank(n int) *report.Report {
	return &report.Report{
		Version: report.Version,
		Boot:    report.Boot{ID: "b", MAC: fmt.Sprintf("52:54:00:00:00:%02x", n), Platform: "bios"},
		System:  report.System{Vendor: "Firstlight", Product: "VR-1", Serial: fmt.Sprintf("FL%04d", n), UUID: fmt.Sprintf("11111111-0000-0000-0000-%012d", n)},
		Disks:   []report.Disk{{Name: "vda", Serial: fmt.Sprintf("D%04d", n), Bytes: 1 << 33}},
		NICs:    []report.NIC{{Name: "eth0", MAC: fmt.Sprintf("52:54:00:00:00:%02x", n)}},
	}
}

func from(n int) netip.Addr { return netip.AddrFrom4([4]byte{10, 80, 12, byte(n)}) }

func TestReport(t *testing.T) {
	foreign := blank(1)
	foreign.Disks[0].Contents = []report.Content{{Device: "vda", Kind: "filesystem", Type: "ext4", Label: "pgdata", Used: 412e9}}
	placeholder := blank(1)
	placeholder.System.Serial = "To be filled by O.E.M."
	for _, tt := range []struct {
		name   string
		rules  []*machine.Rule
		report *report.Report
		want   machine.Status
		reason string
		says   string
	}{
		{"no rule holds it", nil, blank(1), machine.Held, discovery.ReasonNoRule, "no rule accepts it"},
		{"a rule accepts it", []*machine.Rule{accept("")}, blank(1), machine.Available, "accepted by rule lab", ""},
		{"a rule with an image allocates it", []*machine.Rule{accept("debian-12")}, blank(1), machine.Allocated, "for role node", ""},
		{"a file system holds it with one sentence", []*machine.Rule{accept("debian-12")}, foreign, machine.Held, discovery.ReasonDisks, "vda has an ext4 file system 'pgdata', 412 GB used; release it by name"},
		{"a placeholder serial holds it", []*machine.Rule{accept("")}, placeholder, machine.Held, discovery.ReasonSerial, "placeholder"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := open(t, file(t), tt.rules...)
			m, err := d.Report(t.Context(), tt.report, from(100))
			if err != nil {
				t.Fatal(err)
			}
			if m.Status != tt.want || m.Reason != tt.reason || !strings.Contains(m.Sentence, tt.says) {
				t.Errorf("Report() = %s, %q, %q; want %s, %q, …%q…", m.Status, m.Reason, m.Sentence, tt.want, tt.reason, tt.says)
			}
			if err := d.Replay(t.Context(), m.ID); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestUnbuiltGuardsAreNotPassed(t *testing.T) {
	d := open(t, file(t), accept(""))
	m, err := d.Report(t.Context(), blank(1), from(100))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := d.History(t.Context(), m.ID)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(rows[len(rows)-1].Guards, " ")
	for _, want := range []string{"not-checked:bmc-answers", "passed:burn-in (rule lab asks for none)", "passed:empty-disks", "passed:rule-matched (rule lab)"} {
		if !strings.Contains(got, want) {
			t.Errorf("guards = %s, want %s in them", got, want)
		}
	}
}

func TestReleaseByName(t *testing.T) {
	d := open(t, file(t), accept(""))
	r := blank(1)
	r.Disks[0].Contents = []report.Content{{Device: "vda", Kind: "filesystem", Type: "xfs"}}
	m, err := d.Report(t.Context(), r, from(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.ReleaseDisks(t.Context(), Actor{Name: "ada"}, m.ID, "fl0001"); err == nil {
		t.Error("a misspelt name released the disks")
	}
	if err := d.ReleaseDisks(t.Context(), Actor{Name: "ada"}, m.ID, "FL0001"); err != nil {
		t.Fatal(err)
	}
	if got, _ := d.Machine("FL0001"); got.Status != machine.Available {
		t.Errorf("status after release = %s, want available", got.Status)
	}
}

func TestTwoOfFourMarksRecognise(t *testing.T) {
	d := open(t, file(t), accept(""))
	m, err := d.Report(t.Context(), blank(1), from(100))
	if err != nil {
		t.Fatal(err)
	}
	swapped := blank(1)
	swapped.NICs[0].MAC, swapped.Boot.MAC = "52:54:00:00:00:aa", "52:54:00:00:00:aa"
	again, err := d.Report(t.Context(), swapped, from(101))
	if err != nil || again.ID != m.ID {
		t.Errorf("a machine with a new NIC = %v, %v; want the same record", again, err)
	}
	clone := blank(2)
	clone.System.Serial = "FL0001"
	var clash *ClashError
	if _, err := d.Report(t.Context(), clone, from(102)); !errors.As(err, &clash) {
		t.Errorf("a clone of a serial = %v, want a ClashError", err)
	}
}

func TestHostNamesAreUnique(t *testing.T) {
	d := open(t, file(t), accept("debian-12"))
	var wg sync.WaitGroup
	for n := 1; n <= 40; n++ {
		wg.Go(func() {
			if _, err := d.Report(t.Context(), blank(n), from(100+n)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	seen := map[string]bool{}
	for _, m := range d.Machines() {
		if seen[m.Hostname] || m.Hostname == "" {
			t.Errorf("machine %s has host name %q", m.Name, m.Hostname)
		}
		seen[m.Hostname] = true
	}
	if len(seen) != 40 {
		t.Errorf("%d host names, want 40", len(seen))
	}
}

func TestRuleLimit(t *testing.T) {
	r := accept("")
	r.Limit = 2
	d := open(t, file(t), r)
	for n := 1; n <= 3; n++ {
		m, err := d.Report(t.Context(), blank(n), from(100+n))
		if err != nil {
			t.Fatal(err)
		}
		if want := map[bool]machine.Status{true: machine.Available, false: machine.Held}[n <= 2]; m.Status != want {
			t.Errorf("machine %d is %s, want %s", n, m.Status, want)
		}
	}
}

func TestEverythingSurvivesARestart(t *testing.T) {
	path := file(t)
	d := open(t, path, accept("debian-12"))
	m, err := d.Report(t.Context(), blank(1), from(100))
	if err != nil {
		t.Fatal(err)
	}
	mac := machine.MAC{2, 0, 0, 0, 0, 9}
	l, err := d.Bind(t.Context(), d.Subnets()[0], lease.Client{MAC: mac, Wants: from(150)}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	d.Decided(boot.Request{MAC: m.BootMAC()}, boot.Answer{Target: boot.Agent, Why: "test"}, d.Known(boot.Request{MAC: m.BootMAC()}))
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = open(t, path)
	got, err := d.Machine(m.Name)
	if err != nil || got.Status != machine.Allocated || got.Hostname != "lab-node-1" {
		t.Errorf("after a restart: %+v, %v", got, err)
	}
	if len(d.Leases()) != 1 || d.Leases()[0].Address != l.Address {
		t.Errorf("leases after a restart = %v", d.Leases())
	}
	if events, err := d.Timeline(t.Context(), m.ID, 0, 100); err != nil || len(events) < 4 {
		t.Errorf("timeline after a restart = %v, %v", events, err)
	}
	if got.Observed.BootAnswer != string(boot.Agent) {
		t.Errorf("what was seen after a restart = %+v", got.Observed)
	}
}

func TestALeaseHasOneOwner(t *testing.T) {
	d := open(t, file(t))
	s := d.Subnets()[0]
	var wg sync.WaitGroup
	var mu sync.Mutex
	owners := map[netip.Addr]machine.MAC{}
	for n := range 200 {
		wg.Go(func() {
			c := lease.Client{MAC: machine.MAC{2, 0, 0, 0, 0, byte(n)}}
			offer, err := d.Offer(s, c, time.Now())
			if errors.Is(err, lease.ErrFull) {
				return
			}
			c.Wants = offer.Address
			got, err := d.Bind(t.Context(), s, c, time.Now())
			if err != nil {
				t.Errorf("Bind(%s) = %v", c.MAC, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if other, taken := owners[got.Address]; taken {
				t.Errorf("%s was given to %s and %s", got.Address, other, c.MAC)
			}
			owners[got.Address] = c.MAC
		})
	}
	wg.Wait()
	if len(owners) != 100 {
		t.Errorf("%d leases, want the 100 of the range", len(owners))
	}
}

func TestOneOpenJobAMachine(t *testing.T) {
	d := open(t, file(t), accept(""))
	m, err := d.Report(t.Context(), blank(1), from(100))
	if err != nil {
		t.Fatal(err)
	}
	job := func(id string) *machine.Job {
		return &machine.Job{ID: id, Machine: m.ID, Action: machine.ActionInstall, Status: machine.JobQueued, CreatedAt: time.Now()}
	}
	if err := d.CreateJob(t.Context(), job("a"), nil); err != nil {
		t.Fatal(err)
	}
	var busy *BusyError
	if err := d.CreateJob(t.Context(), job("b"), nil); !errors.As(err, &busy) || busy.Job.ID != "a" {
		t.Errorf("a second job = %v, want to be told of the first", err)
	}
}

func TestIllegalChangeNamesTheLegalOnes(t *testing.T) {
	d := open(t, file(t), accept(""))
	m, err := d.Report(t.Context(), blank(1), from(100))
	if err != nil {
		t.Fatal(err)
	}
	err = d.Transition(t.Context(), Change{Machine: m.ID, From: machine.Available, To: machine.InUse})
	if err == nil || !strings.Contains(err.Error(), "it may become registered, allocated") {
		t.Errorf("Transition(available → in use) = %v", err)
	}
}

func TestPeopleStore(t *testing.T) {
	authtest.Contract(t, func(t *testing.T) auth.Store {
		p, err := open(t, file(t)).People(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return p
	})
}
