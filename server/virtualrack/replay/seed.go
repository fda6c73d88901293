package replay

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"firstlight/server/bundle"
	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// Appliance is what a bundle is played against.
type Appliance interface {
	Stop() error
	Start(context.Context) error
}

// SetUp makes an appliance what the bundle's was for the machine.
func SetUp(ctx context.Context, a Appliance, place string, b *bundle.Bundle) error {
	if err := a.Stop(); err != nil {
		return err
	}
	if err := seed(ctx, place, b); err != nil {
		return err
	}
	return a.Start(ctx)
}

// seed puts the machine of a bundle, with its status, and the DHCP options that
// applied to it into the database of an appliance that is stopped. Neither its
// BMC nor its addresses come with it: they are the site's.
func seed(ctx context.Context, place string, b *bundle.Bundle) (err error) {
	s, err := store.Open(ctx, place)
	if err != nil {
		return fmt.Errorf("put the recorded machine into %s: %w", place, err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return s.Update(ctx, func(tx *store.Tx) error {
		for _, o := range b.Options {
			if err := tx.PutPlan(store.PlanRow{Item: here(o, b), Version: 1}); err != nil {
				return err
			}
		}
		if b.Machine == nil {
			return nil
		}
		return put(tx, b)
	})
}

// here is a set of options as it is where of its subnets there is one.
func here(o *machine.OptionSet, b *bundle.Bundle) *machine.OptionSet {
	own, s := *o, Subnet(b)
	if len(own.Subnets) > 0 && s != nil && slices.Contains(own.Subnets, s.Name) {
		own.Subnets = []string{s.Name}
	}
	return &own
}

func put(tx *store.Tx, b *bundle.Bundle) error {
	m := b.Machine.Clone()
	m.BMC = machine.BMC{}
	for i := range m.NICs {
		m.NICs[i].Address = netip.Addr{}
	}
	counters, err := tx.Counters()
	if err != nil {
		return err
	}
	if err := errors.Join(tx.PutMachine(m, nil), tx.PutObserved(m.ID, machine.Observed{
		BootOrder: m.Observed.BootOrder, Platform: m.Observed.Platform, SecureBoot: m.Observed.SecureBoot,
	})); err != nil {
		return err
	}
	if m.Facts != nil {
		if err := tx.PutFacts(m.ID, m.Facts); err != nil {
			return err
		}
	}
	for _, h := range b.History {
		counters.History++
		h.ID = counters.History
		if err := tx.AddHistory(h); err != nil {
			return err
		}
	}
	return tx.PutCounters(counters)
}
