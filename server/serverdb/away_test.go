package serverdb

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"firstlight/server/auth"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb/pgtest"
	"firstlight/server/serverdb/store"
)

// unit changes a machine's record.
func unit(t *testing.T, d *DB, id string, n int) error {
	t.Helper()
	return d.Edit(t.Context(), id, 0, "ada", "Moved", func(m *machine.Machine) error { m.Unit = n; return nil })
}

// A commit whose answer is lost is told as such, and memory shows what became
// of it with the next write.
func TestACommitInDoubt(t *testing.T) {
	for _, tt := range []struct {
		name string
		cut  pgtest.Cut
		want int
	}{{"it is not there", pgtest.Before, 0}, {"it is there", pgtest.After, 7}} {
		t.Run(tt.name, func(t *testing.T) {
			place := pgtest.Database(t)
			w := pgtest.Shared(t).Wire(t)
			d := open(t, w.URL(databaseOf(place)), accept(""))
			m := arrive(t, d, blank(1), 100)
			w.CutAt("commit\x00", tt.cut)
			var doubt *store.Unsettled
			if err := unit(t, d, m.ID, 7); !errors.As(err, &doubt) || !strings.Contains(err.Error(), "look before you repeat it") {
				t.Fatalf("Edit = %v, want a doubt", err)
			}
			if err := d.RecordAudit(t.Context(), Actor{Name: "ada"}, "write", "after", "", ""); err != nil {
				t.Fatal(err)
			}
			if now, _ := d.Machine(m.Name); now.Unit != tt.want {
				t.Errorf("memory shows unit %d, want %d", now.Unit, tt.want)
			}
			if err := unit(t, d, m.ID, 8); err != nil {
				t.Errorf("the next change: %v", err)
			}
			if now, _ := open(t, place).Machine(m.Name); now.Unit != 8 {
				t.Errorf("the database has unit %d", now.Unit)
			}
		})
	}
}

// While the server is away reads go on, writes fail, and what happens is kept
// for its return.
func TestAServerThatGoesAway(t *testing.T) {
	server := pgtest.Start(t)
	d := open(t, server.Database(t, "--encoding=UTF8", "--locale=C"), accept(""))
	m := arrive(t, d, blank(1), 100)
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	d.Note(journal.Event{MAC: m.BootMAC(), Source: journal.DHCP, Text: "while it was away"})
	d.Observe(m.ID, func(o *machine.Observed) { o.Power = "on" })
	if err := errors.Join(unit(t, d, m.ID, 7), d.Ping(t.Context())); !errors.Is(err, store.ErrAway) {
		t.Errorf("Edit without a server = %v, want ErrAway", err)
	}
	if known, ok := d.ByMAC(m.BootMAC()); !ok || known.Unit != 0 || known.Observed.Power != "on" {
		t.Errorf("the machine is %+v", known)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(unit(t, d, m.ID, 8), d.Ping(t.Context())); err != nil {
		t.Errorf("with the server again: %v", err)
	}
	for end := time.Now().Add(10 * time.Second); ; {
		events, err := d.Timeline(t.Context(), m.ID, 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if told(events, "while it was away") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("what happened meanwhile is lost: %+v", events)
		}
	}
}

func databaseOf(place string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(place, "postgres://"+pgtest.User+"@/"), "?")
	return name
}

func told(events []journal.Event, text string) bool {
	for _, e := range events {
		if e.Text == text {
			return true
		}
	}
	return false
}

// What the writer hears shows without anybody writing: that the server is away,
// that it is back, and that another appliance took its place.
func TestTheWriterStaysInTouch(t *testing.T) {
	server := pgtest.Start(t)
	place := server.Database(t, "--encoding=UTF8", "--locale=C")
	o := quiet()
	o.Serve = true
	d, err := Open(t.Context(), place, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	if _, err := Open(t.Context(), place, o); !errors.Is(err, ErrServed) {
		t.Fatalf("a second appliance: Open = %v, want ErrServed", err)
	}
	until := func(what string, done func() bool) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("it is not told that %s", what)
			}
		}
	}
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	until("the server is away", func() bool { return d.Away() != nil })
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	until("the server is back", func() bool { return d.Away() == nil })
	select {
	case err := <-d.Lost():
		t.Fatalf("Lost = %v", err)
	default:
	}
	// The other one begins while this one is cut off.
	held, let, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- d.Do(context.Background(), func(*Write) error { close(held); <-let; return nil })
	}()
	<-held
	server.Run(t, "psql", "--quiet", "--output=/dev/null", "--command=SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'firstlight'", databaseOf(place))
	other, err := Open(t.Context(), place, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	close(let)
	if err := <-ended; !errors.Is(err, store.ErrAway) {
		t.Errorf("what was being written = %v, want ErrAway", err)
	}
	select {
	case err := <-d.Lost():
		if !errors.Is(err, ErrServed) || !strings.Contains(err.Error(), place[:11]) {
			t.Errorf("Lost = %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it is not told that another one serves")
	}
}

// People stay logged in while the database is away.
func TestAnAwayDatabaseShutsNobodyOut(t *testing.T) {
	server := pgtest.Start(t)
	d := open(t, server.Database(t, "--encoding=UTF8", "--locale=C"))
	p, err := d.People(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := auth.Session{Account: "ada", Expires: time.Now().Add(time.Hour)}
	if err := p.CreateSession(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for range 2 { // before and after the writer knows
		if err := p.TouchSession(t.Context(), s.Digest, now); err != nil {
			t.Errorf("TouchSession() = %v", err)
		}
	}
	if got, err := p.Session(t.Context(), s.Digest); err != nil || !got.SeenAt.Equal(now) {
		t.Errorf("the session was seen %s, %v; want %s", got.SeenAt, err, now)
	}
}
