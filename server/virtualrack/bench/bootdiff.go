package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"firstlight/server/boot"
	"firstlight/server/serverdb/fleet"
)

const (
	// replayed is how many boots are 100,000 decisions, each machine's whole.
	replayed  = 33336
	diffLimit = 2 * time.Second
)

// diffRow holds a change of a subnet against the journal as somebody at the
// command line does, right after the start: nothing was read before.
func (b *bench) diffRow(ctx context.Context) (err error) {
	place := b.rack.Database()
	defer func() { err = errors.Join(err, emptied(place)) }()
	if err := errors.Join(emptied(place), b.booted(ctx)); err != nil {
		return err
	}
	a := b.rack.Appliance()
	if err := a.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Stop()) }()
	began := time.Now()
	said, err := b.rack.CLI(ctx, "boot", "diff", "--subnet=rack", "--policy=ignore")
	took := time.Since(began)
	if err != nil {
		return err
	}
	if want := "for 33,336 of 33,336 boots"; !strings.Contains(said, want) {
		return fmt.Errorf("boot diff: want the answer to change %s, got %.200q", want, said)
	}
	fmt.Fprintf(b.Out, "serverdb\tboot diff over %d decisions, s\t%.0f\t%.2f\t%.2f\n",
		replayed*fleet.DecisionsOfOne, diffLimit.Seconds(), took.Seconds(), diffLimit.Seconds()/took.Seconds())
	return nil
}

// booted puts the boots into the stopped appliance's journal.
func (b *bench) booted(ctx context.Context) (err error) {
	db, err := b.database(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return fleet.Boots(ctx, db, replayed, func(r *boot.Request) { r.Subnet = "rack" })
}
