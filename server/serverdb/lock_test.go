package serverdb

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"firstlight/server/journal"
	"firstlight/server/lease"
	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
	"firstlight/server/serverdb/storetest"
)

// lockFile tells the child which database it locks until it is killed.
const lockFile = "FIRSTLIGHT_TEST_LOCK_FILE"

// TestAFileThatAnotherProcessLocks is D-07: what is known is answered meanwhile,
// what cannot be written is told as such after a bounded wait, nothing is lost,
// and writes go on when the lock is gone.
func TestAFileThatAnotherProcessLocks(t *testing.T) {
	if path := os.Getenv(lockFile); path != "" {
		lockUntilKilled(t, path)
		return
	}
	var log bytes.Buffer
	o := quiet()
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	path := storetest.Fresh(t)
	if err := open(t, path, accept("")).Close(); err != nil { // the subnet and the rule
		t.Fatal(err)
	}
	d, err := Open(t.Context(), path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	m := arrive(t, d, blank(1), 100)
	for _, n := range []int{goesOn, endsSoon, gaveBack} {
		if err := bind(d, n); err != nil {
			t.Fatal(err)
		}
	}

	unlock := locked(t, path)
	d.Note(journal.Event{MAC: m.BootMAC(), Source: journal.DHCP, Text: "while it was locked"})
	start := time.Now()
	refused := make(chan error, 3)
	go func() { refused <- unit(t, d, m.ID, 7) }()
	go func() { refused <- bind(d, 1) }()
	go func() {
		l, _ := d.LeaseOf("lab", client(gaveBack).MAC)
		refused <- d.Release(context.Background(), d.Subnets()[0], lease.Client{MAC: l.MAC, Wants: l.Address}, time.Now())
	}()
	renews(t, d)
	for range cap(refused) {
		// Notes, one write and the other may each wait in a commit of their own.
		err := awaited(t, refused, 2*time.Minute, func() {
			if known, ok := d.ByMAC(m.BootMAC()); !ok || known.Unit != 0 {
				t.Fatalf("while it is locked the machine is %+v", known)
			}
		})
		if !errors.Is(err, store.ErrAway) || !strings.Contains(err.Error(), "another process has kept "+path+" locked") || !strings.Contains(err.Error(), "fuser -v "+path) {
			t.Errorf("a write = %v, want ErrAway, the file and what to do", err)
		}
	}
	if waited := time.Since(start); waited < 5*time.Second {
		t.Errorf("it waited for %s: a short lock must not refuse a write", waited)
	}
	if d.Away() == nil {
		t.Error("nobody is told that nothing can be written")
	}
	renews(t, d)
	for n, left := range map[int]time.Duration{endsSoon: lease.LeastRest - 1, gaveBack: lease.LeastRest} {
		if told, had, err := renew(d, n, left); !errors.Is(err, store.ErrAway) {
			t.Errorf("client %d is told %+v, %v of %+v; want ErrAway", n, told, err, had)
		}
	}

	waiting := make(chan error, 2)
	go func() { waiting <- unit(t, d, m.ID, 8) }()
	go func() { waiting <- d.PutMeta(context.Background(), "waited", "for the lock's end") }()
	if err := bind(d, 2); !errors.Is(err, store.ErrAway) {
		t.Errorf("a client without a lease = %v, want ErrAway", err)
	}
	time.Sleep(2 * pulse) // as long as a writer takes to find out about a server
	if d.Away() == nil {
		t.Error("the database is called back while it is locked")
	}
	unlock()
	for range cap(waiting) {
		if err := awaited(t, waiting, 5*time.Second, func() {}); err != nil {
			t.Errorf("a write that waited for the lock's end = %v", err)
		}
	}
	if err := bind(d, 2); err != nil {
		t.Errorf("a client without a lease, after the lock's end = %v", err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if text := log.String(); strings.Count(text, "the database is away") != 1 || strings.Count(text, "the database is back") != 1 {
		t.Errorf("it was away once, the log says:\n%s", text)
	}
	nothingIsLost(t, path, m)
}

// nothingIsLost looks on disk for what was acknowledged and noted, and for what
// was refused.
func nothingIsLost(t *testing.T, path string, m *machine.Machine) {
	t.Helper()
	d := open(t, path)
	if now, err := d.Machine(m.Name); err != nil || now.Unit != 8 {
		t.Errorf("the machine is %+v, %v; want unit 8", now, err)
	}
	events, err := d.Timeline(t.Context(), m.ID, 0, 1000)
	if err != nil || !told(events, "while it was locked") {
		t.Errorf("what happened meanwhile is lost: %+v, %v", events, err)
	}
	for n, want := range map[int]bool{1: false, 2: true} {
		if _, got := d.LeaseOf("lab", client(n).MAC); got != want {
			t.Errorf("client %d has a lease: %v, want %v", n, got, want)
		}
	}
}

// The clients that have a lease from before the lock, by what becomes of it.
const (
	goesOn   = 11 + iota
	endsSoon // in less than a minute, when it asks
	gaveBack // while it was locked
)

// renew asks for a lease again when a time of it is left, and gives what the
// client is told.
func renew(d *DB, n int, left time.Duration) (told, had lease.Lease, err error) {
	c := client(n)
	had, _ = d.LeaseOf("lab", c.MAC)
	c.Wants = had.Address
	told, err = d.Bind(context.Background(), d.Subnets()[0], c, had.ExpiresAt.Add(-left))
	return told, had, err
}

// renews wants the rest of a lease, soon enough for a client that waits.
func renews(t *testing.T, d *DB) {
	t.Helper()
	start := time.Now()
	told, had, err := renew(d, goesOn, time.Minute)
	if took := time.Since(start); err != nil || told.Address != had.Address || !told.ExpiresAt.Equal(had.ExpiresAt) || told.Life != time.Minute || took > holderPatience+time.Second {
		t.Errorf("a renewal is told %+v, %v after %s; want what is left of %+v", told, err, took, had)
	}
}

// client is one that is not known yet; bind leases it an address.
func client(n int) lease.Client { return lease.Client{MAC: machine.MAC{2, 0, 0, 0, 7, byte(n)}} }

func bind(d *DB, n int) error {
	c, subnet := client(n), d.Subnets()[0]
	offer, err := d.Offer(subnet, c, time.Now())
	if err != nil {
		return err
	}
	c.Wants = offer.Address
	_, err = d.Bind(context.Background(), subnet, c, time.Now())
	return err
}

// awaited waits for one, and looks at what goes on meanwhile.
func awaited(t *testing.T, from <-chan error, limit time.Duration, meanwhile func()) error {
	t.Helper()
	for end := time.After(limit); ; {
		select {
		case err := <-from:
			return err
		case <-end:
			t.Fatalf("no answer after %s", limit)
		case <-time.After(10 * time.Millisecond):
			meanwhile()
		}
	}
}

// locked has another process lock the file, until it is killed.
func locked(t *testing.T, path string) (unlock func()) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAFileThatAnotherProcessLocks$")
	child.Env = append(os.Environ(), lockFile+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 256)
	if n, err := out.Read(said); err != nil || !bytes.HasPrefix(said[:n], []byte("locked")) {
		t.Fatalf("the other process says %q, %v", said[:n], err)
	}
	return func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	}
}

func lockUntilKilled(t *testing.T, path string) {
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), "BEGIN EXCLUSIVE"); err != nil {
		t.Fatal(err)
	}
	fmt.Println("locked")
	select {}
}
