package serverdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"firstlight/server/delivery"
	"firstlight/server/machine"
	"firstlight/server/serverdb/pgtest"
)

// laidOut gives a DB with a site, a rack and what lists refer to.
func laidOut(t *testing.T, path string) *DB {
	t.Helper()
	d := open(t, path, accept(""))
	for _, p := range []machine.Plan{
		&machine.Site{Name: "lon6"}, &machine.Rack{Name: "lon6-r12", Site: "lon6", Units: 42}, &machine.Role{Name: "db"}, &machine.HardwareType{Name: "high-io"},
	} {
		if _, err := d.PutPlan(t.Context(), Actor{Name: "ada"}, p, 0); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

func bring(t *testing.T, d *DB, o Import, list string) *Imported {
	t.Helper()
	l, err := delivery.Read([]byte(list), nil)
	if err != nil {
		t.Fatal(err)
	}
	o.Lines, o.Who = l.Lines, Actor{Name: "ada"}
	got, err := d.Import(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestAListIsWrittenWholeOrNotAtAll(t *testing.T) {
	d := laidOut(t, file(t))
	good := "serial,rack,unit,nic1_mac\nN1,lon6-r12,1,02:00:00:00:00:01\nN2,lon6-r12,2,02:00:00:00:00:02\n"
	bad := good + "N3,lon6-r12,2,02:00:00:00:00:03\n"
	order := delivery.Order{Delivery: "2026-1140"}
	if got := bring(t, d, Import{Order: order, DryRun: true}, good); got.Written || got.Count(delivery.New) != 2 || len(d.Machines()) != 0 {
		t.Errorf("a dry run = %+v, and there are %d machines", got, len(d.Machines()))
	}
	if got := bring(t, d, Import{Order: order}, bad); got.Written || got.Count(delivery.Refused) != 1 || len(d.Machines()) != 0 {
		t.Errorf("a list with a bad line = %+v, and there are %d machines", got, len(d.Machines()))
	}
	if got := bring(t, d, Import{Order: order, Partial: true}, bad); !got.Written || len(d.Machines()) != 2 {
		t.Errorf("the good lines of it = %+v, and there are %d machines", got, len(d.Machines()))
	}
	m, err := d.Machine("N1")
	if err != nil || m.Status != machine.Expected || m.Site != "lon6" || m.Delivery != "2026-1140" || m.Unit != 1 {
		t.Errorf("N1 = %+v, %v", m, err)
	}
	if err := d.Replay(t.Context(), m.ID); err != nil {
		t.Error(err)
	}
	if got := bring(t, d, Import{Order: order}, good); got.Count(delivery.Unchanged) != 2 {
		t.Errorf("the same list again = %+v", got)
	}
	audits, err := d.Audits(t.Context(), AuditQuery{Action: "import machines", Limit: 10})
	if err != nil || len(audits) != 2 || audits[1].After != "2 new, 0 changed, 0 unchanged, 1 refused" || audits[1].Target != "2026-1140" {
		t.Errorf("audit = %+v, %v", audits, err)
	}
}

// swaps moves, on one engine, machines to places, names, ports, host names and
// addresses that others of the same list have.
func swaps(t *testing.T, path string) {
	d := laidOut(t, path)
	head := "serial,rack,unit,hostname,nic1_mac,nic1_switch,nic1_port\n"
	bring(t, d, Import{}, head+"A,lon6-r12,1,web-1,02:00:00:00:00:01,sw1,1\nB,lon6-r12,2,web-2,02:00:00:00:00:02,sw1,2\nC,lon6-r12,3,web-3,02:00:00:00:00:03,sw1,3\n")
	turned := head + "A,lon6-r12,2,web-2,02:00:00:00:00:02,sw1,2\nB,lon6-r12,3,web-3,02:00:00:00:00:03,sw1,3\nC,lon6-r12,1,web-1,02:00:00:00:00:01,sw1,1\n"
	if got := bring(t, d, Import{}, turned); !got.Written || got.Count(delivery.Update) != 3 {
		t.Fatalf("verdicts = %+v", got.Verdicts)
	}
	for i, want := range []string{"C", "A", "B"} {
		byMAC, ok := d.ByMAC(machine.MAC{2, 0, 0, 0, 0, byte(i + 1)})
		byHost, err := d.Machine(fmt.Sprintf("web-%d", i+1))
		if !ok || err != nil || byMAC.Name != want || byHost.Name != want || byMAC.Unit != i+1 {
			t.Errorf("place %d has %v and %v, want %s", i+1, byMAC, byHost, want)
		}
	}
	picked, err := d.Select(t.Context(), must(machine.ParseSelector("rack=lon6-r12 hostname=web-1")))
	if err != nil || len(picked) != 1 || picked[0].Name != "C" {
		t.Errorf("the database gives %v, %v", picked, err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestMachinesOfOneListChangePlaces(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { swaps(t, file(t)) })
	t.Run("postgres", func(t *testing.T) {
		swaps(t, pgtest.Start(t).Database(t, "--encoding=UTF8", "--locale=C"))
	})
}

func TestAListDoesNotOverwriteWhatWasFound(t *testing.T) {
	d := laidOut(t, file(t))
	m := arrive(t, d, blank(1), 101)
	got := bring(t, d, Import{}, "serial,nic1_mac,cores\nFL0001,02:00:00:00:00:99,64\n")
	if got.Written || got.Count(delivery.Refused) != 1 {
		t.Errorf("verdicts = %+v", got.Verdicts)
	}
	bring(t, d, Import{}, "serial,rack,unit,cores,vendor\nFL0001,lon6-r12,7,64,Other\n")
	now, _ := d.Machine(m.Name)
	full, err := d.Full(t.Context(), now)
	if err != nil || now.Unit != 7 || now.Declared.Cores != 64 || now.Vendor != "Firstlight" || full.Facts == nil || full.Facts.Cores == 64 || now.Status != m.Status {
		t.Errorf("machine = %+v, %v", now, err)
	}
}

func TestRacksAreCreatedOnlyWhenAsked(t *testing.T) {
	d := laidOut(t, file(t))
	list := "serial,site,rack,unit\nN1,ams3,ams3-r1,44\nN2,ams3,ams3-r1,1\n"
	if got := bring(t, d, Import{}, list); got.Written || d.Rack("ams3-r1") != nil {
		t.Errorf("not asked = %+v", got)
	}
	got := bring(t, d, Import{Order: delivery.Order{CreateRacks: true, CreateSites: true}}, list)
	if r := d.Rack("ams3-r1"); !got.Written || r == nil || r.Units != 44 || r.Site != "ams3" {
		t.Errorf("asked = %+v, rack %+v", got, r)
	}
}

func TestADeliveryTellsWhatArrived(t *testing.T) {
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	d := openAt(t, file(t), func() time.Time { now = now.Add(time.Second); return now }, accept(""))
	bring(t, d, Import{Order: delivery.Order{Delivery: "2026-1140", Site: "lab"}}, "serial\nFL0001\nFL0002\nFL0003\n")
	arrive(t, d, blank(1), 101)
	now = now.Add(30 * time.Minute)
	arrive(t, d, blank(2), 102)
	arrive(t, d, blank(9), 109)
	found, s, err := d.Delivery(t.Context(), "2026-1140")
	if err != nil || found.Lines != 3 || len(s.Arrived) != 2 || len(s.Missing) != 1 || len(s.Unexpected) != 1 || s.Unexpected[0].Serial != "FL0009" {
		t.Fatalf("delivery = %+v, %+v, %v", found, s, err)
	}
	if got := s.HandOff(); !strings.HasPrefix(got, "2 available, 1 missing; first power-on → last available: 30 min") {
		t.Errorf("hand-off = %q", got)
	}
	if err := d.CloseDelivery(t.Context(), Actor{Name: "ada"}, "2026-1140", "the vendor ran out"); err != nil {
		t.Fatal(err)
	}
	if m, _ := d.Machine("FL0003"); m.Status != machine.Retired || m.Reason != "never arrived" {
		t.Errorf("FL0003 = %s, %s", m.Status, m.Reason)
	}
	var wrong *ImportError
	_, err = d.Import(t.Context(), Import{Order: delivery.Order{Delivery: "2026-1140", Lines: []delivery.Line{{Number: 2, Cells: map[string]string{"serial": "X"}}}}, Who: Actor{Name: "ada"}})
	if !errors.As(err, &wrong) || !strings.Contains(err.Error(), "closed") {
		t.Errorf("more of a closed delivery = %v", err)
	}
}

func TestAnImportThatNobodyWaitsForIsUndone(t *testing.T) {
	d := laidOut(t, file(t))
	ctx, cancel := context.WithCancel(t.Context())
	o := Import{Who: Actor{Name: "ada"}, Progress: func(done, _ int) {
		if done > 0 {
			cancel()
		}
	}}
	for i := range 500 {
		o.Lines = append(o.Lines, delivery.Line{Number: i + 2, Cells: map[string]string{"serial": fmt.Sprintf("N%04d", i)}})
	}
	if _, err := d.Import(ctx, o); !errors.Is(err, context.Canceled) || len(d.Machines()) != 0 {
		t.Errorf("Import() = %v, and there are %d machines", err, len(d.Machines()))
	}
}

// TestALargeList is told how far it has come; BenchmarkImport has the size that
// the bound of 20 s is for.
func TestALargeList(t *testing.T) { large(t, file(t), 600) }

// BenchmarkImport brings 12,000 machines, from text to disk.
func BenchmarkImport(b *testing.B) {
	for _, engine := range []struct {
		name string
		path func() string
	}{
		{"sqlite", func() string { return b.TempDir() + "/serverdb.sqlite" }},
		{"postgres", func() string { return pgtest.Start(b).Database(b, "--encoding=UTF8", "--locale=C") }},
	} {
		b.Run(engine.name, func(b *testing.B) {
			for b.Loop() {
				large(b, engine.path(), 12_000)
			}
		})
	}
}

func large(t testing.TB, path string, n int) {
	t.Helper()
	d, err := Open(t.Context(), path, Options{Log: slog.New(slog.DiscardHandler), Now: time.Now, Retention: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close() //nolint:errcheck // a test
	var b bytes.Buffer
	b.WriteString("serial,site,rack,unit,nic1_mac,nic2_mac,nic1_switch,nic1_port,bmc_mac,vendor,product,tags\n")
	for i := range n {
		fmt.Fprintf(&b, "SN%06d,lon6,lon6-r%03d,%d,02:00:00:%02x:%02x:01,02:00:00:%02x:%02x:02,sw%03d,%d,02:00:01:%02x:%02x:01,Dell,PowerEdge R640,\"new,loaner\"\n",
			i, i/40, i%40+1, i>>8, i&255, i>>8, i&255, i/40, i%40, i>>8, i&255)
	}
	l, err := delivery.Read(b.Bytes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	got, err := d.Import(t.Context(), Import{
		Order: delivery.Order{Lines: l.Lines, Delivery: "2026-1140", CreateRacks: true, CreateSites: true}, Who: Actor{Name: "ada"},
		Progress: func(done, _ int) { told = done },
	})
	if err != nil || !got.Written || told != n || len(d.Machines()) != n {
		t.Fatalf("Import() = %v, told of %d, %d machines", err, told, len(d.Machines()))
	}
}
