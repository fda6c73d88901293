package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/storm"
)

// ordered is the storm that an appliance on two processors must stand.
var ordered = storm.Spec{Machines: 10000, Within: time.Minute, Known: 5000, Repeat: 3}

// stormWork has no peer: its rows are distances to what a storm may take.
var stormWork = work{
	name: "storm", unit: "ms, s, MiB or machines",
	method: ordered.Describe() + ", three times in a row: DHCP, loader, DHCP, scripts; the machines share the processors with the appliance; the worst of the three; theirs is the limit",
	alone:  stormRows,
}

func stormRows(ctx context.Context, o Options) (err error) {
	rack, err := virtualrack.Start(ctx, virtualrack.Spec{Dir: o.Dir, Program: o.Program, Relayed: ordered.Racks(), Level: slog.LevelWarn})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rack.Close()) }()
	result, err := storm.Run(ctx, rack, ordered)
	if err != nil {
		return err
	}
	row := func(what string, limit, ours float64) {
		ratio := limit / ours
		if ours == limit {
			ratio = 1
		}
		fmt.Fprintf(o.Out, "storm\t%s\t%.0f\t%.2f\t%.2f\n", what, limit, ours, ratio)
	}
	row("machines that were not served", 0, float64(result.Unserved()))
	for i, stage := range result.Storms[0].Stages {
		worst := stage.P99
		for _, s := range result.Storms {
			worst = max(worst, s.Stages[i].P99)
		}
		row("p99 of "+strings.ToLower(stage.Name)+", ms", 1000, ms(worst))
	}
	var peak int64
	var quiet time.Duration
	for _, s := range result.Storms {
		peak, quiet = max(peak, s.PeakRSS), max(quiet, s.Recovery)
	}
	row("peak memory of the appliance, MiB", 512, float64(peak)/(1<<20))
	row("until it is as quick as idle again, s", 10, quiet.Seconds())
	return nil
}
