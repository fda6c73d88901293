package serverdb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"firstlight/server/delivery"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// extend makes the delivery of an import, or adds to it.
func (w *Write) extend(all []*machine.Delivery, o Import, got *Imported) error {
	if o.Delivery == "" {
		return nil
	}
	d := findDelivery(all, o.Delivery)
	if d == nil {
		d = &machine.Delivery{Name: o.Delivery, Site: siteOf(o, got), CreatedBy: o.Who.Name, CreatedAt: w.now}
	}
	d.Lines, d.Version = 0, d.Version+1
	for _, m := range w.machines() {
		if m.Delivery == d.Name {
			d.Lines++
		}
	}
	return w.tx.PutDelivery(d)
}

// siteOf is where a delivery goes: where the order says, or where all of its
// machines stand.
func siteOf(o Import, got *Imported) string {
	if o.Site != "" {
		return o.Site
	}
	site := ""
	for i := range got.Verdicts {
		switch m := got.Verdicts[i].After; {
		case m == nil || m.Site == "" || m.Site == site:
		case site == "":
			site = m.Site
		default:
			return ""
		}
	}
	return site
}

// namedDelivery reads one.
func namedDelivery(tx *store.Tx, name string) (*machine.Delivery, error) {
	all, err := tx.Deliveries()
	if err != nil {
		return nil, err
	}
	if d := findDelivery(all, name); d != nil {
		return d, nil
	}
	return nil, machine.Missing("delivery", name)
}

func findDelivery(all []*machine.Delivery, name string) *machine.Delivery {
	if i := slices.IndexFunc(all, func(d *machine.Delivery) bool { return d.Name == name }); i >= 0 {
		return all[i]
	}
	return nil
}

// Delivery gives one as this write sees it.
func (w *Write) Delivery(name string) (*machine.Delivery, error) {
	return namedDelivery(w.tx, name)
}

// DeliveryVersion gives the version of one.
func (d *DB) DeliveryVersion(ctx context.Context, name string) (version int64, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		found, err := namedDelivery(tx, name)
		if err == nil {
			version = found.Version
		}
		return err
	})
	return version, err
}

// Deliveries gives all of them, the newest first.
func (d *DB) Deliveries(ctx context.Context) (all []*machine.Delivery, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) error {
		all, err = tx.Deliveries()
		return err
	})
	return all, err
}

// Delivery gives one, and how far it has come.
func (d *DB) Delivery(ctx context.Context, name string) (*machine.Delivery, delivery.Standing, error) {
	var found *machine.Delivery
	var standing delivery.Standing
	err := d.store.View(ctx, func(tx *store.Tx) (err error) {
		if found, err = namedDelivery(tx, name); err != nil {
			return err
		}
		standing = delivery.Sort(found, d.index.machines())
		return milestones(tx, found.Name, &standing)
	})
	return found, standing, err
}

// milestones finds when the first machine that arrived booted, and when the last one
// became available. Where the journal does not go back so far, the report that
// registered it is the first that is known.
func milestones(tx *store.Tx, name string, s *delivery.Standing) error {
	booted, err := tx.FirstEvents(name, journal.DHCP, journal.Boot)
	if err != nil {
		return err
	}
	rows, err := tx.Became(name, machine.Registered, machine.Available)
	if err != nil {
		return err
	}
	came := map[string]bool{}
	for _, m := range s.Arrived {
		came[m.ID] = true
	}
	for _, h := range rows {
		if _, known := booted[h.Machine]; !known && h.To == machine.Registered {
			booted[h.Machine] = h.At
		}
		if h.To == machine.Available && came[h.Machine] {
			s.Last = later(s.Last, h.At)
		}
	}
	for id, at := range booted {
		if came[id] && (s.First.IsZero() || at.Before(s.First)) {
			s.First = at
		}
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// CloseDelivery says that nothing more of a delivery will come: what is still
// expected of it becomes retired.
func (d *DB) CloseDelivery(ctx context.Context, who Actor, name, why string) error {
	return d.Do(ctx, func(w *Write) error {
		found, err := w.Delivery(name)
		if err != nil || !found.ClosedAt.IsZero() {
			return err
		}
		never := 0
		for _, m := range w.machines() {
			if m.Delivery != name || m.Status != machine.Expected {
				continue
			}
			never++
			err := w.Transition(m, Change{
				From: machine.Expected, To: machine.Retired, Who: who.Name, Why: "never arrived", Sentence: why,
				Evidence: machine.Evidence{machine.GuardConfirmed: who.Name + " closed delivery " + name},
			})
			if err != nil {
				return err
			}
		}
		found.ClosedAt, found.ClosedBy, found.Version = w.now.UTC(), who.Name, found.Version+1
		return errors.Join(w.tx.PutDelivery(found), w.Audit(who, "close delivery", name, fmt.Sprintf("%d expected", never), why))
	})
}
