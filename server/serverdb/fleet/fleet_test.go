package fleet_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"firstlight/server/machine"
	"firstlight/server/serverdb"
	"firstlight/server/serverdb/fleet"
)

func open(t *testing.T, n int) *serverdb.DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "serverdb.sqlite")
	began := time.Now()
	if err := fleet.Fill(t.Context(), path, n); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d machines written in %s", n, time.Since(began))
	began = time.Now()
	db, err := serverdb.Open(t.Context(), path, serverdb.Options{Log: slog.New(slog.DiscardHandler), Now: time.Now, Retention: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	t.Logf("opened in %s", time.Since(began))
	return db
}

// A fleet is real: its histories lead to its statuses, and selectors find what
// the generator put there.
func TestAFleetIsWhole(t *testing.T) {
	const n = 2000
	db := open(t, n)
	for i := range n {
		if err := db.Replay(t.Context(), fleet.ID(i)); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]int{
		"": n, "status=held": n / 20, "site=lon6": n / 4, "rack=r7": 20, "rack=r5..r9": 100, "cores>=64": n / 3,
		`"FLT000123"`: 1, "name=FLT0001*": 100, "!hostname": n * 3 / 20, "disk=S000007N1": 1, "mac=" + fleet.MAC(5, 1).String(): 1,
	} {
		sel, err := machine.ParseSelector(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := db.Count(t.Context(), sel); err != nil || got != want {
			t.Errorf("%q picks %d, want %d; %v", text, got, want, err)
		}
	}
}

// TestFigures prints what a fleet costs: FIRSTLIGHT_FLEET=100000 go test -run
// Figures -v ./server/serverdb/fleet. Without a size it is a small fleet, and
// only what must never happen fails it.
func TestFigures(t *testing.T) {
	n, mixed := 1000, 2*time.Second
	if _, err := fmt.Sscan(os.Getenv("FIRSTLIGHT_FLEET"), &n); err == nil {
		mixed = 20 * time.Second
	}
	path := filepath.Join(t.TempDir(), "serverdb.sqlite")
	if err := fleet.Fill(t.Context(), path, n); err != nil {
		t.Fatal(err)
	}
	f, err := fleet.Measure(t.Context(), path, n, mixed)
	if err != nil {
		t.Fatal(err)
	}
	if f.Failed > 0 || f.Reads == 0 || f.Writes == 0 {
		t.Errorf("%d of %d reads and %d writes failed", f.Failed, f.Reads, f.Writes)
	}
	c, err := fleet.Crowded(t.Context(), path, n, mixed/4)
	if err != nil {
		t.Fatal(err)
	}
	if c.Failed > 0 || c.Writes == 0 {
		t.Errorf("%d of %d writes of a crowd failed", c.Failed, c.Writes)
	}
	t.Logf("%+v, %+v", f, c)
}

func TestAFleetComesAsAList(t *testing.T) {
	if _, err := fleet.Import(t.Context(), filepath.Join(t.TempDir(), "serverdb.sqlite"), 100); err != nil {
		t.Error(err)
	}
}
