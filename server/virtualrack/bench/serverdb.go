package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"firstlight/server/serverdb/fleet"
)

// serverdbWork has no peer: its rows are distances to the limits that an
// appliance must keep to be pleasant.
var serverdbWork = work{
	name: "serverdb", unit: "ms, s, MB or errors",
	method: "ServerDb of 12,000 and of 100,000 machines in SQLite on this disk; a command that holds a change against the boots that there were; p99 of 100 questions each, then 20 s of 200 readers beside 200 writes a second, and 20 s of 64 who write as fast as they can; theirs is the limit",
	rows:   serverdbRows,
}

// mixedFor is how long readers and writers meet.
const mixedFor = 20 * time.Second

func serverdbRows(ctx context.Context, b *bench) error {
	if err := b.importRow(ctx, 12000); err != nil {
		return err
	}
	if err := b.diffRow(ctx); err != nil {
		return fmt.Errorf("hold a change against boots: %w", err)
	}
	for _, n := range []int{12000, 100000} {
		if err := b.fleetRows(ctx, n); err != nil {
			return fmt.Errorf("%d machines: %w", n, err)
		}
	}
	return nil
}

func (b *bench) importRow(ctx context.Context, n int) (err error) {
	place := b.path("import.sqlite")
	defer func() { err = errors.Join(err, emptied(place)) }()
	if err := emptied(place); err != nil {
		return err
	}
	took, err := fleet.Import(ctx, place, n)
	if err != nil {
		return fmt.Errorf("import %d lines: %w", n, err)
	}
	fmt.Fprintf(b.Out, "serverdb\timport of %d lines, s\t20\t%.2f\t%.2f\n", n, took.Seconds(), 20/took.Seconds())
	return nil
}

func (b *bench) fleetRows(ctx context.Context, n int) (err error) {
	place := b.rack.Database()
	defer func() { err = errors.Join(err, emptied(place)) }()
	if err := errors.Join(emptied(place), fleet.Fill(ctx, place, n)); err != nil {
		return err
	}
	memory, err := b.memory(ctx)
	if err != nil {
		return err
	}
	f, err := fleet.Measure(ctx, place, n, mixedFor)
	if err != nil {
		return err
	}
	crowd, err := fleet.Crowded(ctx, place, n, mixedFor)
	if err != nil {
		return err
	}
	limit := map[bool]float64{false: 50, true: 200}[n > 12000]
	for _, r := range []struct {
		what        string
		limit, ours float64
	}{
		{"page of a role at a site, ms", limit, ms(f.Page)},
		{"all of a role at a site, ms", limit, ms(f.Select)},
		{"search by words, ms", limit, ms(f.Find)},
		{"one machine with its hardware, ms", 5, ms(f.One)},
		{"memory of ServerDb, MB", 256, float64(f.Memory) / (1 << 20)},
		{"memory of the appliance with DNS for all, MB", 256, memory},
		{fmt.Sprintf("errors in %d reads and %d writes", f.Reads, f.Writes), 0, float64(f.Failed)},
		{"read beside writes, ms", limit, ms(f.Read)},
		{"write beside reads, ms", limit, ms(f.Write)},
		{fmt.Sprintf("errors in %d writes of 64 at once", crowd.Writes), 0, float64(crowd.Failed)},
		{fmt.Sprintf("write of 64 at once, ms (%d writes/s)", crowd.Writes*int(time.Second)/int(mixedFor)), 20, ms(crowd.Write)},
		{fmt.Sprintf("commit of 64 at once, ms (%d commits)", crowd.Commits), 20, ms(crowd.Commit)},
	} {
		ratio := r.limit / r.ours
		if r.ours == r.limit {
			ratio = 1
		}
		fmt.Fprintf(b.Out, "serverdb\t%d machines: %s\t%.0f\t%.2f\t%.2f\n", n, r.what, r.limit, r.ours, ratio)
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// settled is when what the start took has gone back to the kernel.
const settled = 70 * time.Second

// memory starts the appliance on the fleet and reads what it holds, in MB, once
// it has settled.
func (b *bench) memory(ctx context.Context) (float64, error) {
	a := b.rack.Appliance()
	if err := a.Start(ctx); err != nil {
		return 0, err
	}
	defer a.Stop() //nolint:errcheck // Close stops it again, and tells
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(settled):
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", a.PID()))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		var kB float64
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kB); err == nil {
			return kB / 1024, nil
		}
	}
	return 0, errors.New("the kernel says nothing of the appliance's memory")
}

// emptied removes a database with its log.
func emptied(place string) error {
	var err error
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if e := os.Remove(place + suffix); e != nil && !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}
