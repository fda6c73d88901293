package inspect

import (
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"firstlight/agent/report"
	"firstlight/server/boot"
	"firstlight/server/issue"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
	"firstlight/server/serverdb/storetest"
)

// world is a ServerDb with an Inspector and a clock of its own.
type world struct {
	*testing.T
	db   *serverdb.DB
	i    *Inspector
	path string

	mu    sync.Mutex
	now   time.Time
	heard map[string]time.Time
	dns   map[string]string

	servers []machine.DHCPServer
}

func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// wait lets time pass, and the inspector look.
func (w *world) wait(d time.Duration) {
	w.Helper()
	w.mu.Lock()
	w.now = w.now.Add(d)
	w.mu.Unlock()
	w.turn()
}

func (w *world) turn() {
	w.Helper()
	if err := w.i.Turn(w.Context()); err != nil {
		w.Fatal(err)
	}
}

func newWorld(t *testing.T, rules ...*machine.Rule) *world {
	t.Helper()
	w := &world{
		T: t, now: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), heard: map[string]time.Time{}, dns: map[string]string{},
		path: storetest.Fresh(t),
	}
	w.open()
	lab := &machine.Subnet{
		Name: "lab", Prefix: netip.MustParsePrefix("10.80.12.0/24"), Site: "lab", Mode: "server", Policy: machine.PolicyRegister, Lease: time.Hour,
	}
	w.must(w.db.Seed(t.Context(), []*machine.Subnet{lab}, rules))
	return w
}

func (w *world) open() {
	db, err := serverdb.Open(w.Context(), w.path, serverdb.Options{Log: slog.New(slog.DiscardHandler), Now: w.Now, Retention: 24 * time.Hour})
	w.must(err)
	w.Cleanup(func() { _ = db.Close() })
	w.db = db
	w.i = New(Config{
		DB: db, Log: slog.New(slog.DiscardHandler), Now: w.Now,
		Heard:   func(id string) time.Time { return w.heard[id] },
		Unnamed: func() map[string]string { return w.dns },
		Others:  func() []machine.DHCPServer { return w.servers },
	})
}

// again is the next life of the appliance.
func (w *world) again() {
	w.must(w.db.Close())
	clear(w.heard)
	w.open()
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func accept() *machine.Rule {
	return &machine.Rule{Name: "lab", Order: 1, Match: "subnet=lab", Accept: true, Site: "lab", Rack: "r1", Role: "node"}
}

func box(n int) *report.Report {
	return &report.Report{
		Version: report.Version, Memory: 64 << 30,
		Boot:   report.Boot{ID: "b", MAC: fmt.Sprintf("52:54:00:00:00:%02x", n), Platform: "bios"},
		System: report.System{Vendor: "Firstlight", Product: "VR-1", Serial: fmt.Sprintf("FL%04d", n), UUID: fmt.Sprintf("11111111-0000-0000-0000-%012d", n)},
		CPUs:   []report.CPU{{Model: "CPU", Cores: 8, Threads: 16}},
		Disks:  []report.Disk{{Name: "vda", Serial: fmt.Sprintf("D%04d", n), Bytes: 1 << 33}},
		NICs:   []report.NIC{{Name: "eth0", MAC: fmt.Sprintf("52:54:00:00:00:%02x", n)}},
	}
}

// boots asks for a boot and gets the agent.
func (w *world) boots(n int, stages ...boot.Stage) {
	mac, err := machine.ParseMAC(fmt.Sprintf("52:54:00:00:00:%02x", n))
	w.must(err)
	for _, s := range stages {
		r := boot.Request{MAC: mac, Stage: s, Subnet: "lab"}
		k := w.db.Known(r)
		w.db.Decided(r, boot.Decide(r, k, w.Now()), k)
	}
}

// reports boots a machine and lets its agent report.
func (w *world) reports(n int) *machine.Machine {
	w.Helper()
	w.boots(n, boot.StageFirmware, boot.StageIPXE)
	m, err := w.db.Report(w.Context(), box(n), netip.AddrFrom4([4]byte{10, 80, 12, byte(100 + n)}))
	w.must(err)
	w.speaks(m)
	return m
}

func (w *world) speaks(m *machine.Machine) {
	w.heard[m.ID] = w.Now()
	w.db.Observe(m.ID, func(o *machine.Observed) { o.CallAt = w.Now() })
}

func (w *world) kinds() (all []string) {
	for _, i := range w.db.Issues() {
		all = append(all, i.Name+" "+string(i.Kind))
	}
	slices.Sort(all)
	return all
}

func (w *world) want(want ...string) {
	w.Helper()
	if got := w.kinds(); !slices.Equal(got, want) {
		w.Errorf("open issues: %q, want %q", got, want)
	}
}

func TestAnIssueOpensAndClosesWithItsCause(t *testing.T) {
	w := newWorld(t, accept())
	m := w.reports(1)
	w.wait(4 * time.Minute)
	w.want()
	w.wait(2 * time.Minute)
	w.want("FL0001 silent")
	opened := w.db.IssuesOf(m.ID)[0]
	w.wait(time.Minute)
	if again := w.db.IssuesOf(m.ID)[0]; again != opened {
		t.Errorf("nothing changed, but the issue did: %+v, then %+v", opened, again)
	}
	if got, err := w.db.Count(t.Context(), selector(t, "issue=silent")); err != nil || got != 1 {
		t.Errorf("issue=silent picks %d, %v", got, err)
	}
	w.speaks(m)
	w.wait(time.Second)
	w.want()
	rows, err := w.db.Timeline(t.Context(), m.ID, 0, 100)
	w.must(err)
	var texts []string
	for _, e := range rows {
		if strings.HasPrefix(e.Text, "Issue ") {
			texts = append(texts, e.Text)
		}
	}
	if want := []string{"Issue closed: silent", "Issue opened: " + opened.Sentence}; !slices.Equal(texts, want) {
		t.Errorf("timeline says %q, want %q", texts, want)
	}
}

func selector(t *testing.T, text string) machine.Selector {
	t.Helper()
	s, err := machine.ParseSelector(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAHealthyLife follows a machine from its first boot until it is in use and
// has been for a day: nobody is asked for anything on the way.
func TestAHealthyLife(t *testing.T) {
	w := newWorld(t, accept())
	m := w.reports(1)
	minute := func(n int, speaks bool) {
		for range n {
			w.wait(time.Minute)
			if speaks {
				w.speaks(m)
			}
			w.want()
		}
	}
	minute(10, true) // available, in the agent
	w.must(w.db.Do(t.Context(), func(x *serverdb.Write) error {
		a, err := x.Machine(m.ID)
		if err == nil {
			_, err = x.Allocate(a, serverdb.Claim{Who: "ada", Role: "node", Image: "debian-12"})
		}
		return err
	}))
	minute(2, true)
	w.moves(m, machine.Allocated, machine.Installing)
	w.boots(1, boot.StageFirmware, boot.StageIPXE)
	minute(1, false) // kernel and agent start
	minute(10, true)
	w.moves(m, machine.Installing, machine.Configuring)
	w.boots(1, boot.StageFirmware)
	minute(3, false)
	w.db.Observe(m.ID, func(o *machine.Observed) { o.HomeAt, o.CallAt = w.Now(), w.Now() })
	w.moves(m, machine.Configuring, machine.InUse)
	for range 24 {
		w.wait(time.Hour)
		w.want()
	}
}

// moves changes a status with every guard proven.
func (w *world) moves(m *machine.Machine, from, to machine.Status) {
	w.Helper()
	ev := machine.Evidence{}
	for _, g := range []machine.Guard{machine.GuardUnlocked, machine.GuardJob, machine.GuardDNS, machine.GuardToken, machine.GuardChecksum, machine.GuardHome} {
		ev[g] = "test"
	}
	w.must(w.db.Transition(w.Context(), serverdb.Change{Machine: m.ID, From: from, To: to, Who: "test", Why: "test", Evidence: ev}))
}

func TestDifferencesFollowTheRecordAndThePlan(t *testing.T) {
	w := newWorld(t, accept())
	m := w.reports(1)
	w.turn()
	w.want()
	ada := serverdb.Actor{Name: "ada"}
	_, err := w.db.PutPlan(t.Context(), ada, &machine.HardwareType{Name: "big", Cores: 16}, 0)
	w.must(err)
	w.must(w.db.Edit(t.Context(), m.ID, 0, "ada", "", func(m *machine.Machine) error { m.Type = "big"; return nil }))
	w.turn()
	w.want("FL0001 spec-mismatch")
	if got, want := w.db.Issues()[0].Sentence, "Cores: 8; hardware type big says 16."; got != want {
		t.Errorf("says %q, want %q", got, want)
	}
	_, err = w.db.PutPlan(t.Context(), ada, &machine.HardwareType{Name: "big", Cores: 8}, 0)
	w.must(err)
	w.turn()
	w.want()
}

// The machine has nothing else that is worth remembering.
func TestADiskThatFailsIsAnIssueUntilItIsReplaced(t *testing.T) {
	w := newWorld(t, accept())
	w.reports(1)
	w.turn()
	w.want()
	failing := box(1)
	failing.Disks[0].Health = &report.Health{Source: "ata", Pending: 8}
	_, err := w.db.Report(t.Context(), failing, netip.MustParseAddr("10.80.12.101"))
	w.must(err)
	w.turn()
	w.want("FL0001 disk-failing", "FL0001 held")
	failing.Disks[0].Health.Pending = 0
	_, err = w.db.Report(t.Context(), failing, netip.MustParseAddr("10.80.12.101"))
	w.must(err)
	w.turn()
	w.want("FL0001 held") // until a person has it checked again
}

func TestWhatWasNotLookedAtStaysAsItIs(t *testing.T) {
	w := newWorld(t, accept())
	m := w.reports(1)
	w.must(w.db.Edit(t.Context(), m.ID, 0, "ada", "", func(m *machine.Machine) error { m.Declared.Cores = 16; return nil }))
	w.turn()
	w.want("FL0001 spec-mismatch")
	clear(w.i.facts)
	w.must(w.i.reconcile(t.Context(), w.i.find(w.db.Machines())))
	w.want("FL0001 spec-mismatch")
}

func TestTwoMachinesOfOneIdentityNameBoth(t *testing.T) {
	w := newWorld(t, accept())
	w.reports(1)
	w.reports(2)
	clone := box(3)
	clone.System.UUID = box(1).System.UUID
	clone.NICs = append(clone.NICs, report.NIC{Name: "eth1", MAC: box(2).NICs[0].MAC})
	if _, err := w.db.Report(t.Context(), clone, netip.MustParseAddr("10.80.12.103")); err == nil {
		t.Fatal("the report of a machine that shows two identities was taken")
	}
	w.turn()
	w.want("52:54:00:00:00:03 identity-clash")
	i := w.db.Issues()[0]
	for _, name := range []string{"FL0001", "FL0002", "52:54:00:00:00:03"} {
		if !strings.Contains(i.Sentence, name) {
			t.Errorf("%q does not name %s", i.Sentence, name)
		}
	}
	w.again()
	w.turn()
	w.want("52:54:00:00:00:03 identity-clash")
	if _, err := w.db.Report(t.Context(), box(3), netip.MustParseAddr("10.80.12.103")); err != nil {
		t.Fatal(err)
	}
	w.turn()
	w.want()
}

func TestTheSilenceOfAnApplianceThatWasAwayIsNotTheMachines(t *testing.T) {
	w := newWorld(t, accept())
	w.reports(1)
	w.mu.Lock()
	w.now = w.now.Add(time.Hour)
	w.mu.Unlock()
	w.again()
	w.wait(4 * time.Minute)
	w.want()
	w.wait(2 * time.Minute)
	w.want("FL0001 silent")
}

func TestBootsWithoutProgress(t *testing.T) {
	w := newWorld(t) // no rule: it is held, and boots the agent
	m := w.reports(1)
	w.must(w.db.Recheck(t.Context(), "ada", m.ID))
	w.turn()
	w.want("FL0001 held")
	w.wait(time.Minute)
	w.boots(1, boot.StageFirmware)
	w.wait(time.Minute)
	w.boots(1, boot.StageFirmware) // it tries again, and the first try counts
	w.wait(90 * time.Second)
	w.want("FL0001 dhcp-but-no-bootfile", "FL0001 held")
	w.boots(1, boot.StageIPXE)
	w.wait(time.Minute)
	w.want("FL0001 held")
	w.wait(5 * time.Minute)
	w.want("FL0001 bootfile-but-no-callback", "FL0001 held")
	w.speaks(m)
	w.turn()
	w.want("FL0001 held")
}

func TestACrashLoopIsCountedWithinAStatus(t *testing.T) {
	w := newWorld(t, accept())
	m := w.reports(1)
	w.must(w.db.Do(t.Context(), func(x *serverdb.Write) error {
		a, err := x.Machine(m.ID)
		if err == nil {
			_, err = x.Allocate(a, serverdb.Claim{Who: "ada", Role: "node", Image: "debian-12"})
		}
		return err
	}))
	w.wait(time.Second)
	for range 3 {
		w.want()
		w.boots(1, boot.StageFirmware, boot.StageIPXE, boot.StageIPXE) // for DHCP and for its script: one boot
		w.speaks(m)
		w.wait(90 * time.Second)
	}
	w.want("FL0001 crash-loop")
	w.moves(m, machine.Allocated, machine.Installing)
	w.turn()
	w.want()
}

func TestTwoPeopleAndOneIssue(t *testing.T) {
	w := newWorld(t)
	m := w.reports(1)
	w.turn()
	ref := machine.IssueRef{Subject: m.ID, Kind: issue.Held}
	ada, bob := serverdb.Actor{Name: "ada"}, serverdb.Actor{Name: "bob"}
	results := make(chan error, 2)
	for _, who := range []serverdb.Actor{ada, bob} {
		go func() { results <- w.db.TakeIssue(t.Context(), who, ref, false) }()
	}
	first, second := <-results, <-results
	if (first == nil) == (second == nil) {
		t.Fatalf("both asked at once: %v and %v; want one to have it and the other to hear who", first, second)
	}
	i, err := w.db.Issue(ref)
	w.must(err)
	if lost := errors(first, second); !strings.Contains(lost, i.Taken+" has the issue held of FL0001") {
		t.Errorf("%s has it, the other heard %q", i.Taken, lost)
	}
	w.must(w.db.TakeIssue(t.Context(), ada, ref, true))
	w.must(w.db.TakeIssue(t.Context(), bob, ref, true))
	w.again()
	w.turn() // what is renewed keeps who has it
	if i, err = w.db.Issue(ref); err != nil || i.Taken != "bob" || i.TakenAt.IsZero() {
		t.Errorf("after a restart: %+v, %v", i, err)
	}
	if err := w.db.DropIssue(t.Context(), ada, ref, false); err == nil {
		t.Error("ada gave back what bob has")
	}
	w.must(w.db.DropIssue(t.Context(), bob, ref, false))
	if i, err = w.db.Issue(ref); err != nil || i.Taken != "" || !i.TakenAt.IsZero() {
		t.Errorf("after it was given back: %+v, %v", i, err)
	}
}

func errors(all ...error) (text string) {
	for _, err := range all {
		if err != nil {
			text += err.Error()
		}
	}
	return text
}

// TestRunAnswersToSignals starts the task: an issue shows without a tick.
func TestRunAnswersToSignals(t *testing.T) {
	w := newWorld(t)
	done := make(chan error, 1)
	go func() { done <- w.i.Run(t.Context()) }()
	<-w.i.Ready()
	watch := w.db.Watch(256)
	defer watch.Close()
	_, err := w.db.Report(t.Context(), box(1), netip.MustParseAddr("10.80.12.101"))
	w.must(err)
	deadline := time.After(10 * time.Second)
	for len(w.db.Issues()) == 0 {
		select {
		case <-watch.C:
		case <-deadline:
			t.Fatal("no issue showed")
		}
	}
	w.want("FL0001 held")
}

// A DHCP server that should not be there is an issue of its own, as long as it
// is heard; one that may be there is none.
func TestRogueDHCPServer(t *testing.T) {
	w := newWorld(t)
	rogue := machine.DHCPServer{Address: netip.MustParseAddr("10.80.12.9"), MAC: machine.MAC{2, 0, 0, 0, 0, 9}, Interface: "eth1", Subnet: "lab"}
	peer := rogue
	peer.Address, peer.Expected = netip.MustParseAddr("10.80.12.2"), true
	w.servers = []machine.DHCPServer{rogue, peer}
	w.turn()
	all := w.db.Issues()
	if len(all) != 1 || all[0].Kind != issue.RogueDHCP || all[0].Subject != "10.80.12.9" || all[0].Evidence["mac"] != "02:00:00:00:00:09" ||
		all[0].Sentence != "Another DHCP server answers on lab: 10.80.12.9 (02:00:00:00:00:09)" {
		t.Fatalf("issues = %+v", all)
	}
	w.servers = nil
	w.turn()
	if all := w.db.Issues(); len(all) != 0 {
		t.Errorf("issues = %+v, want none", all)
	}
}
