package fleet_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
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
// Figures -v ./server/serverdb/fleet. make bench WORK=serverdb prints the same.
func TestFigures(t *testing.T) {
	n := 0
	if _, err := fmt.Sscan(os.Getenv("FIRSTLIGHT_FLEET"), &n); err != nil {
		t.Skip("FIRSTLIGHT_FLEET is not set to a number of machines")
	}
	db := open(t, n)
	runtime.GC()
	status, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(status), "\n") {
		if strings.HasPrefix(line, "VmRSS") || strings.HasPrefix(line, "VmHWM") {
			t.Log(line)
		}
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	t.Logf("heap in use %d MB, live %d MB, sys %d MB", mem.HeapInuse>>20, mem.HeapAlloc>>20, mem.Sys>>20)
	for _, text := range []string{"role=db site=lon6", "status=available site=sto6", "cores>=64 !hostname", `"flt0001"`, "product=*650"} {
		sel, err := machine.ParseSelector(text)
		if err != nil {
			t.Fatal(err)
		}
		took := measure(t, 50, func(ctx context.Context) error {
			_, err := db.Page(ctx, sel, "", 101)
			return err
		})
		whole := measure(t, 20, func(ctx context.Context) error {
			_, err := db.Select(ctx, sel)
			return err
		})
		t.Logf("%-30s page p50 %s p99 %s, whole p50 %s p99 %s", text, took[25], took[49], whole[10], whole[19])
	}
	one := measure(t, 200, func(ctx context.Context) error {
		m, err := db.Machine(fleet.Name(n / 2))
		if err != nil {
			return err
		}
		_, err = db.Full(ctx, m)
		return err
	})
	t.Logf("one machine with its facts p50 %s p99 %s", one[100], one[198])
}

func measure(t *testing.T, times int, do func(context.Context) error) []time.Duration {
	t.Helper()
	all := make([]time.Duration, times)
	for i := range all {
		began := time.Now()
		if err := do(t.Context()); err != nil {
			t.Fatal(err)
		}
		all[i] = time.Since(began)
	}
	slices.Sort(all)
	return all
}
