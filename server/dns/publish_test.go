package dns

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"firstlight/server/machine"
	"firstlight/server/zone"
)

// watched is a publisher over a database, with what it published.
type watched struct {
	*Publisher
	db        *database
	published []*Snapshot
}

// watch runs a publisher inside a synctest bubble.
func watch(t *testing.T) *watched {
	t.Helper()
	w := &watched{db: &database{}}
	w.db.subnets, w.db.machines = site()
	w.Publisher = NewPublisher(PublisherConfig{
		Source: w.db, Options: ours, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Publish: func(s *Snapshot) { w.published = append(w.published, s) },
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run(…) = %v, want nil", err)
		}
	})
	<-w.Ready()
	synctest.Wait()
	return w
}

func (w *watched) last() *Snapshot { return w.published[len(w.published)-1] }

func (w *watched) move(host int) {
	w.db.change("C1", func(m *machine.Machine) {
		m.NICs[0].Address = netip.MustParseAddr(fmt.Sprintf("10.80.12.%d", host))
	})
}

func TestAChangeIsPublishedAtOnceAndABurstOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		w.move(100)
		synctest.Wait()
		if len(w.published) != 2 {
			t.Fatalf("a change made %d publications, want 2: the first and its own, without waiting", len(w.published))
		}
		for host := range 90 {
			w.move(101 + host)
			synctest.Wait()
		}
		time.Sleep(rest) // fake time
		synctest.Wait()
		if len(w.published) != 3 {
			t.Errorf("a burst of 90 changes made %d publications, want 1", len(w.published)-2)
		}
		r := w.last().Answer(Question{"db-1.lon6.example.", 1, 1})
		if got := said(r); got != "NOERROR aa [db-1.lon6.example. 300 IN A 10.80.12.190] [] []" {
			t.Errorf("after the burst Answer(db-1) = %s, want the last address", got)
		}
	})
}

func TestOnlyAChangeOfContentBumpsASerial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		before := serials(w.last())
		w.db.change("C1", func(m *machine.Machine) { m.Observed.CallAt = time.Now() })
		time.Sleep(rest)
		w.db.change("C1", func(m *machine.Machine) { m.Status = machine.Broken })
		time.Sleep(rest)
		synctest.Wait()
		if diff := cmp.Diff(before, serials(w.last())); diff != "" {
			t.Errorf("serials after changes that no zone shows (-before +after):\n%s", diff)
		}
		w.move(99)
		synctest.Wait()
		after := serials(w.last())
		for name, old := range before {
			changed := name == "lon6.example." || name == "12.80.10.in-addr.arpa."
			if changed != zone.SerialBefore(old, after[name]) || !changed && old != after[name] {
				t.Errorf("zone %s: serial %d became %d, and its content changed: %t", name, old, after[name], changed)
			}
		}
	})
}

func serials(s *Snapshot) map[string]uint32 {
	all := map[string]uint32{}
	for name, t := range s.tables {
		all[name] = t.zone.Serial
	}
	return all
}

func TestAZoneThatComesBackGoesOnFromItsSerial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		before, _ := w.last().Serial("a.lab.lon6.example.")
		all := w.db.Subnets()
		w.db.serve(all[:2])
		synctest.Wait()
		if _, ok := w.last().Serial("a.lab.lon6.example."); ok {
			t.Fatal("a zone without a subnet is still served")
		}
		time.Sleep(rest)
		w.db.serve(all)
		synctest.Wait()
		if after, _ := w.last().Serial("a.lab.lon6.example."); !zone.SerialBefore(before, after) {
			t.Errorf("serial %d became %d when the zone came back, want a later one", before, after)
		}
	})
}

func TestALostSignalIsMadeGoodWithinAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		w.db.changeUnsaid("C1", func(m *machine.Machine) { m.Hostname = "db-77" })
		time.Sleep(reconcile)
		synctest.Wait()
		if r := w.last().Answer(Question{"db-77.lon6.example.", 1, 1}); len(r.Answer) != 1 {
			t.Errorf("a minute after an unsaid change Answer(db-77) = %s, want its address", said(r))
		}
	})
}

func TestPublisherShowsItsProblemsAndFigures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t)
		w.db.change("C3", func(m *machine.Machine) { m.NICs[0].Address = netip.MustParseAddr("10.80.12.17") })
		synctest.Wait()
		if p := w.Problems(); len(p) != 1 || p[0].Kind != zone.AddressTaken {
			t.Errorf("Problems() = %v, want the address that two have", p)
		}
		got := collected(t, w)
		for name, want := range map[string]float64{
			"firstlight_dns_problems":                            1,
			"firstlight_dns_zone_records lon6.example.":          10,
			"firstlight_dns_publish_seconds":                     2,
			"firstlight_dns_zone_records 12.80.10.in-addr.arpa.": 5,
			"firstlight_dns_zones_published_total":               7,
		} {
			if got[name] != want {
				t.Errorf("%s = %v, want %v (of %v)", name, got[name], want, got)
			}
		}
	})
}

func TestAChangeOfServerDbReachesClients(t *testing.T) {
	db := &database{}
	db.subnets, db.machines = site()
	server := started(t, nil)
	p := NewPublisher(PublisherConfig{Source: db, Publish: server.Publish, Options: ours, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- p.Run(ctx) }()
	defer func() { cancel(); <-done }()
	<-server.Ready()
	var slowest time.Duration
	for host := 100; host < 120; host++ {
		want := netip.AddrFrom4([4]byte{10, 80, 12, byte(host)})
		began := time.Now()
		db.change("C1", func(m *machine.Machine) { m.NICs[0].Address = want })
		for {
			_, err := server.Visible(t.Context(), "db-1.lon6.example", want)
			if err == nil {
				break
			}
			if time.Since(began) > 5*time.Second {
				t.Fatalf("5 s after a change: %v", err)
			}
		}
		slowest = max(slowest, time.Since(began))
	}
	t.Logf("slowest of 20 changes: %s until a client saw it", slowest)
}

// BenchmarkChange is one change among 12,000 machines, from the signal to the
// answer: what a publication costs.
func BenchmarkChange(b *testing.B) {
	db := &database{}
	db.subnets, db.machines = fleet(12_000)
	var s *Snapshot
	p := NewPublisher(PublisherConfig{Source: db, Publish: func(n *Snapshot) { s = n }, Options: ours, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	p.publish(b.Context())
	for n := 0; b.Loop(); n++ {
		db.change("C000000", func(m *machine.Machine) { m.NICs[0].Address = netip.AddrFrom4([4]byte{10, 64, 0, byte(210 + n%40)}) })
		p.publish(b.Context())
		if r := s.Answer(Question{"lon6-db-0.lon6.example.", 1, 1}); len(r.Answer) != 1 {
			b.Fatal(said(r))
		}
	}
}
