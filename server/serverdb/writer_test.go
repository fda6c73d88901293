package serverdb

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"firstlight/server/journal"
	"firstlight/server/lease"
	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// gate holds the writer up, so that what is sent meanwhile shares one batch.
func gate(t *testing.T, d *DB) (open func()) {
	t.Helper()
	held, let, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- d.Do(context.Background(), func(*Write) error { close(held); <-let; return nil })
	}()
	<-held
	return func() {
		close(let)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// queued waits until n writes stand in the queue.
func queued(t *testing.T, d *DB, n int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); len(d.ops) < n; {
		if time.Now().After(end) {
			t.Fatalf("%d writes are queued, want %d", len(d.ops), n)
		}
		runtime.Gosched()
	}
}

func TestABatchIsOneCommitInOrder(t *testing.T) {
	d := open(t, file(t))
	start := gate(t, d)
	const writes = 20
	answers := make([]error, writes)
	var g sync.WaitGroup
	for n := range writes {
		g.Go(func() {
			answers[n] = d.Do(t.Context(), func(w *Write) error {
				if err := w.Audit(Actor{Name: "t"}, "write", fmt.Sprint(n), "", ""); err != nil {
					return err
				}
				switch n {
				case 5:
					return errors.New("its own error")
				case 6:
					panic("a bug in one write")
				}
				return w.Event(journal.Event{Machine: "m", Text: fmt.Sprint(n)})
			})
		})
		queued(t, d, n+1) // one after the other, so that their order is known
	}
	start()
	g.Wait()
	for n, err := range answers {
		if (err != nil) != (n == 5 || n == 6) {
			t.Errorf("write %d = %v", n, err)
		}
	}
	if !strings.Contains(answers[6].Error(), "internal error: a bug in one write") {
		t.Errorf("the panic became %v", answers[6])
	}
	audits, err := d.Audits(t.Context(), AuditQuery{Limit: 100})
	if err != nil || len(audits) != writes-2 {
		t.Fatalf("%d audits, %v; want those of the writes that succeeded", len(audits), err)
	}
	events, _ := d.Timeline(t.Context(), "m", 0, 100)
	for i, e := range events {
		if i > 0 && e.ID >= events[i-1].ID {
			t.Errorf("event %d stands after %d", e.ID, events[i-1].ID)
		}
	}
	if len(events) != writes-2 || events[0].Text != "19" || events[len(events)-1].Text != "0" {
		t.Errorf("events = %v", events)
	}
}

// A write without a savepoint takes the batch with it where nobody knows what it
// left behind, and only then.
func TestAWriteOfOneStatementThatFails(t *testing.T) {
	for _, tt := range []struct {
		err    error
		others error
	}{
		{fmt.Errorf("the row: %w", ErrConflict), nil},
		{errors.New("disk I/O error"), store.ErrUndone},
	} {
		d := open(t, file(t), accept(""))
		m := arrive(t, d, blank(1), 100)
		start, other := gate(t, d), make(chan error, 1)
		go func() {
			other <- d.Do(context.Background(), func(w *Write) error {
				return w.Mark(m, func(m *machine.Machine) { m.Unit = 7 })
			})
		}()
		queued(t, d, 1)
		failed := d.enter(&op{ctx: t.Context(), one: true, fn: func(*Write) error { return tt.err }})
		d.hurry = time.Minute // one batch, however slow this machine is
		start()
		if err := <-failed; !errors.Is(err, tt.err) {
			t.Errorf("the write says %v, want %v", err, tt.err)
		}
		if err := <-other; !errors.Is(err, tt.others) {
			t.Errorf("%v: the other write says %v, want %v", tt.err, err, tt.others)
		}
		if now, _ := d.Machine(m.Name); (now.Unit == 7) != (tt.others == nil) {
			t.Errorf("%v: the other write shows %d", tt.err, now.Unit)
		}
	}
}

// When the engine gives a transaction up, nobody in the batch is told that his
// write is there, and nobody sees it.
func TestABatchThatTheEngineGaveUp(t *testing.T) {
	d := open(t, file(t), accept(""))
	m := arrive(t, d, blank(1), 100)
	start, answers := gate(t, d), make(chan error, 3)
	for n := range cap(answers) {
		go func() {
			answers <- d.Do(context.Background(), func(w *Write) error {
				if n == 1 {
					return fmt.Errorf("%w: disk I/O error", store.ErrUndone)
				}
				return w.Mark(m, func(m *machine.Machine) { m.Unit = 7 })
			})
		}()
		queued(t, d, n+1)
	}
	d.hurry = time.Minute // one batch, however slow this machine is
	start()
	for range cap(answers) {
		if err := <-answers; !errors.Is(err, store.ErrUndone) {
			t.Errorf("Do = %v, want ErrUndone", err)
		}
	}
	if now, _ := d.Machine(m.Name); now.Unit != 0 {
		t.Error("memory shows what is not on disk")
	}
	if err := d.RecordAudit(t.Context(), Actor{Name: "t"}, "write", "after", "", ""); err != nil {
		t.Errorf("the next write: %v", err)
	}
}

func TestAWriteSeesThoseBeforeItInTheBatch(t *testing.T) {
	d := open(t, file(t), accept(""))
	m := arrive(t, d, blank(1), 100)
	start := gate(t, d)
	var g sync.WaitGroup
	seen := make([]int, 3)
	for n := range seen {
		g.Go(func() {
			err := d.Do(t.Context(), func(w *Write) error {
				now, err := w.Machine(m.ID)
				if err != nil {
					return err
				}
				seen[n] = now.Unit
				return w.Mark(now, func(m *machine.Machine) { m.Unit++ })
			})
			if err != nil {
				t.Error(err)
			}
		})
		queued(t, d, n+1)
	}
	if now, _ := d.Machine(m.Name); now.Unit != 0 {
		t.Error("a reader sees what is not committed")
	}
	start()
	g.Wait()
	if fmt.Sprint(seen) != "[0 1 2]" {
		t.Errorf("each saw %v units, want 0, 1, 2", seen)
	}
	if now, _ := d.Machine(m.Name); now.Unit != 3 || now.Version != m.Version+3 {
		t.Errorf("at the end: unit %d, version %d", now.Unit, now.Version)
	}
}

// A watcher that is told of an event finds it on disk.
func TestWatchersHearAfterTheCommit(t *testing.T) {
	d := open(t, file(t), accept(""))
	w := d.Watch(1000)
	defer w.Close()
	start := gate(t, d)
	done := make(chan error, 1)
	go func() {
		_, err := d.Report(context.Background(), blank(1), from(100))
		done <- err
	}()
	queued(t, d, 1)
	select {
	case s := <-w.C:
		t.Fatalf("a signal before the commit: %+v", s)
	default:
	}
	start()
	var first *journal.Event
	for first == nil {
		select {
		case s := <-w.C:
			first = s.Event
		case <-time.After(10 * time.Second):
			t.Fatal("no event is published")
		}
	}
	on, err := d.Timeline(t.Context(), first.Machine, 0, 100)
	if err != nil || len(on) == 0 || on[len(on)-1].ID != first.ID {
		t.Errorf("event %d is published, on disk are %v, %v", first.ID, on, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	bad := errors.New("no")
	for len(w.C) > 0 {
		<-w.C
	}
	_ = d.Do(t.Context(), func(w *Write) error { return errors.Join(w.Event(journal.Event{Machine: "m"}), bad) })
	if len(w.C) > 0 {
		t.Errorf("a write that failed was published: %+v", <-w.C)
	}
}

func TestWritesAfterTheEnd(t *testing.T) {
	d := open(t, file(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Do(ctx, func(*Write) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Do with an ended context = %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Do(t.Context(), func(*Write) error { return nil }); !errors.Is(err, ErrClosed) {
		t.Errorf("Do after Close = %v", err)
	}
	if err := d.Close(); !errors.Is(err, ErrClosed) {
		t.Errorf("a second Close = %v", err)
	}
}

func TestNamesThatMoveInOneCommit(t *testing.T) {
	d := open(t, file(t), accept("debian-12"))
	a, b := arrive(t, d, blank(1), 101), arrive(t, d, blank(2), 102)
	for range 20 { // the order of a map
		err := d.Do(t.Context(), func(w *Write) error {
			x, errX := w.Machine(a.ID)
			y, errY := w.Machine(b.ID)
			host, mac := x.Hostname, x.NICs
			return errors.Join(
				errX, errY,
				w.Mark(x, func(m *machine.Machine) { m.Hostname, m.NICs = "", nil }),
				w.Mark(y, func(m *machine.Machine) { m.Hostname, m.NICs = host, mac }),
			)
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := d.Machine("lab-node-1")
		if err != nil || got.ID != b.ID {
			t.Fatalf("lab-node-1 = %v, %v; want the machine that has it now", got, err)
		}
		if owner, ok := d.ByMAC(got.BootMAC()); !ok || owner.ID != b.ID {
			t.Fatalf("%s belongs to %v", got.BootMAC(), owner)
		}
		if owner, ok := d.ByAddress(got.Address()); !ok || owner.ID != b.ID {
			t.Fatalf("%s belongs to %v", got.Address(), owner)
		}
		a, b = b, a
	}
}

func TestMachinesComeByName(t *testing.T) {
	d := open(t, file(t), accept(""))
	for _, n := range []int{3, 1, 10, 2} {
		arrive(t, d, blank(n), 100+n)
		_ = d.Machines() // an order that the next one must change
	}
	rename := func(m *machine.Machine) error { m.Name = "A"; return nil }
	last, _ := d.Machine("FL0010")
	d.Observe(last.ID, func(o *machine.Observed) { o.Power = "on" })
	if err := d.Edit(t.Context(), last.ID, 0, "ada", "Renamed", rename); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range d.Machines() {
		names = append(names, m.Name+m.Observed.Power)
	}
	if fmt.Sprint(names) != "[Aon FL0001 FL0002 FL0003]" {
		t.Errorf("machines = %v", names)
	}
	if _, err := d.Machine("FL0010"); !errors.Is(err, machine.ErrNotFound) {
		t.Errorf("the old name = %v", err)
	}
}

func TestTheNewestLeaseOfAClientWinsAfterARestart(t *testing.T) {
	path, now := file(t), &clock{now: time.Now()}
	d := openAt(t, path, now.Now)
	c := lease.Client{MAC: machine.MAC{2, 0, 0, 0, 0, 9}}
	for _, last := range []int{150, 110, 150} { // back to its first address: an older row
		c.Wants = from(last)
		l := lease.New(d.Subnets()[0], c, c.Wants, false, now.Now())
		if err := d.saveLease(t.Context(), l); err != nil {
			t.Fatal(err)
		}
		now.advance(time.Minute)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if l, ok := openAt(t, path, now.Now).LeaseOf("lab", c.MAC); !ok || l.Address != from(150) {
		t.Errorf("after a restart the client has %v, want %s", l.Address, from(150))
	}
}

// An address of IPv6 is kept as one of IPv4 is, beside it.
func TestALeaseOfIPv6(t *testing.T) {
	path, now := file(t), &clock{now: time.Now()}
	d := openAt(t, path, now.Now)
	six := *d.Subnets()[0]
	six.Name, six.Prefix, six.Gateway, six.DNS = "lab6", netip.MustParsePrefix("2001:db8::/64"), netip.Addr{}, nil
	six.Ranges = []machine.Range{{First: netip.MustParseAddr("2001:db8::100"), Last: netip.MustParseAddr("2001:db8::1ff")}}
	if err := d.PutSubnet(t.Context(), Actor{Name: "ada"}, &six, anySubnet); err != nil {
		t.Fatal(err)
	}
	c := lease.Client{MAC: machine.MAC{2, 0, 0, 0, 0, 9}, ClientID: "0004"}
	for _, s := range []*machine.Subnet{d.Subnets()[0], &six} {
		offer, err := d.Offer(s, c, now.Now())
		if err != nil {
			t.Fatal(err)
		}
		c.Wants = offer.Address
		if _, err := d.Bind(t.Context(), s, c, now.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = openAt(t, path, now.Now)
	if l, ok := d.LeaseOf("lab6", c.MAC); !ok || l.Address != c.Wants || !six.Prefix.Contains(l.Address) {
		t.Errorf("after a restart the client has %+v, want %s", l, c.Wants)
	}
	if l, ok := d.LeaseOf(d.Subnets()[0].Name, c.MAC); !ok || !l.Address.Is4() {
		t.Errorf("after a restart the client has %+v of IPv4", l)
	}
	if _, mac := d.WhoIs(c.Wants); mac != c.MAC {
		t.Errorf("%s is %s, want %s", c.Wants, mac, c.MAC)
	}
}

// The IPv6 address that a machine had last stays its own, that of a stranger does
// not.
func TestAMachineKeepsItsIPv6Address(t *testing.T) {
	now := &clock{now: time.Now()}
	d := openAt(t, file(t), now.Now)
	if _, err := d.Report(t.Context(), blank(1), from(100)); err != nil {
		t.Fatal(err)
	}
	six := *d.Subnets()[0]
	six.Name, six.Prefix, six.Gateway, six.DNS = "lab6", netip.MustParsePrefix("2001:db8::/64"), netip.Addr{}, nil
	six.Ranges = []machine.Range{{First: netip.MustParseAddr("2001:db8::100"), Last: netip.MustParseAddr("2001:db8::101")}}
	if err := d.PutSubnet(t.Context(), Actor{Name: "ada"}, &six, anySubnet); err != nil {
		t.Fatal(err)
	}
	take := func(mac machine.MAC) (netip.Addr, error) {
		c := lease.Client{MAC: mac}
		offer, err := d.Offer(&six, c, now.Now())
		if err != nil {
			return netip.Addr{}, err
		}
		c.Wants = offer.Address
		l, err := d.Bind(t.Context(), &six, c, now.Now())
		return l.Address, err
	}
	known, stranger, another := machine.MAC{0x52, 0x54, 0, 0, 0, 1}, machine.MAC{2, 0, 0, 0, 0, 8}, machine.MAC{2, 0, 0, 0, 0, 9}
	own, err := take(known)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := take(stranger)
	if err != nil {
		t.Fatal(err)
	}
	now.advance(six.Lease + 24*time.Hour)
	if got, err := take(another); err != nil || got != theirs {
		t.Errorf("after all leases ended another gets %v, %v; want the stranger's %v", got, err, theirs)
	}
	if got, err := take(stranger); !errors.Is(err, lease.ErrFull) {
		t.Errorf("the stranger gets %v, %v; want none, for the one that is left is a machine's", got, err)
	}
	if got, err := take(known); err != nil || got != own {
		t.Errorf("the machine gets %v, %v; want its %v", got, err, own)
	}
}

// fullDisk tells the child where to mount a disk of one megabyte.
const fullDisk = "FIRSTLIGHT_TEST_FULL_DISK"

// TestAFullDisk runs in a mount namespace of its own, so that nothing is left.
func TestAFullDisk(t *testing.T) {
	if dir := os.Getenv(fullDisk); dir != "" {
		writeToAFullDisk(t, dir)
		return
	}
	if os.Getuid() != 0 {
		t.Skip("a small disk is mounted by root alone")
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAFullDisk$", "-test.v")
	child.Env = append(os.Environ(), fullDisk+"="+t.TempDir())
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Errorf("%v\n%s", err, out)
	}
}

func writeToAFullDisk(t *testing.T, dir string) {
	if err := syscall.Mount("", "/", "", syscall.MS_PRIVATE|syscall.MS_REC, ""); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "serverdb.sqlite")
	d := open(t, path, accept(""))
	arrive(t, d, blank(1), 101)
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 128<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	told := fill(t, d)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := d.RecordAudit(t.Context(), Actor{Name: "t"}, "write", "after", "", ""); err != nil {
		t.Errorf("with room again: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	audits, err := open(t, path).Audits(t.Context(), AuditQuery{Limit: 1 << 20})
	if err != nil || len(audits) != told+1 {
		t.Errorf("%d rows are there, %v; %d were acknowledged", len(audits), err, told+1)
	}
}

// fill writes batches until the disk is full and some more, and counts what
// was acknowledged.
func fill(t *testing.T, d *DB) (told int) {
	t.Helper()
	for failed := 0; failed < 5; {
		start, answers := gate(t, d), make(chan error, 10)
		for range cap(answers) {
			go func() {
				answers <- d.RecordAudit(context.Background(), Actor{Name: "t"}, "write", strings.Repeat("x", 2000), "", "")
			}()
		}
		queued(t, d, cap(answers))
		start()
		for range cap(answers) {
			switch err := <-answers; {
			case err == nil:
				told++
			case !strings.Contains(err.Error(), "free some space") && !errors.Is(err, store.ErrUndone):
				t.Fatalf("a full disk says: %v", err)
			default:
				failed++
			}
		}
	}
	return told
}
