package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"firstlight/server/virtualrack"
	"firstlight/server/virtualrack/storm"
)

const (
	discoveryLimit = 90 * time.Second
	discoveryBound = 5 * time.Minute
)

// discoveryWork has no peer here; that of Digital Rebar, which documents seven
// minutes, needs machines of its own.
var discoveryWork = work{
	name: "discovery", unit: "s",
	method: fmt.Sprintf("%d light machines that nobody knows, powered on by their BMCs at once, fetch all of kernel and initramfs through one link of 1 Gb/s (tc-tbf) and check their hashes, and the agent's own code reports them; until the last is accepted; theirs is the limit", storm.Discovery),
	alone:  discoveryRows,
}

func discoveryRows(ctx context.Context, o Options) (err error) {
	ctx, cancel := context.WithTimeout(ctx, discoveryBound)
	defer cancel()
	rack, err := virtualrack.Start(ctx, storm.Rack(virtualrack.Spec{Dir: o.Dir, Program: o.Program, Level: slog.LevelWarn}))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rack.Close()) }()
	took, err := storm.Discover(ctx, rack)
	if err != nil {
		return err
	}
	limit := discoveryLimit.Seconds()
	fmt.Fprintf(o.Out, "discovery\t%d machines, power-on to accepted\t%.0f\t%.1f\t%.2f\n", storm.Discovery, limit, took.Seconds(), limit/took.Seconds())
	return nil
}
