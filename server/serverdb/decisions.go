package serverdb

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"firstlight/server/boot"
	"firstlight/server/discovery"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// DecisionsSince reads the boot decisions of the journal from a time on, oldest
// first. A record must not be changed: machines that boot alike share one.
func (d *DB) DecisionsSince(ctx context.Context, since time.Time, each func(at time.Time, r *boot.Record)) error {
	known := map[string]*boot.Record{}
	return d.store.View(ctx, func(tx *store.Tx) error {
		return tx.DecisionsSince(since, func(at time.Time, details string) error {
			r, ok := known[details]
			if !ok {
				var err error
				if r, err = recordOf(details); err != nil {
					return err
				}
				known[details] = r
			}
			if r != nil {
				each(at, r)
			}
			return nil
		})
	})
}

// LastAsked is what an interface that no machine has said of itself when a boot
// was last decided for it; the zero Request where none was, of late.
func (d *DB) LastAsked(ctx context.Context, mac machine.MAC) (boot.Request, error) {
	const lately = 100 // rows
	rows, err := d.EventsOfMAC(ctx, mac, lately)
	for _, e := range rows {
		if inputs := e.Details[journal.DetailInputs]; inputs != "" {
			r, err := boot.ReadRecord(inputs)
			if err != nil {
				return boot.Request{}, err
			}
			return r.Request, nil
		}
	}
	return boot.Request{}, err
}

// recordOf reads what a decision rested on; nil: the row is no decision.
func recordOf(details string) (*boot.Record, error) {
	var kept struct{ Inputs string }
	if err := json.Unmarshal([]byte(details), &kept); err != nil {
		return nil, fmt.Errorf("read a boot decision: %w", err)
	}
	if kept.Inputs == "" {
		return nil, nil //nolint:nilnil // a refused script, or an adoption
	}
	return boot.ReadRecord(kept.Inputs)
}

// WithFacts reads the facts of machines into copies of them, by id.
func (d *DB) WithFacts(ctx context.Context, all []*machine.Machine) (map[string]*machine.Machine, error) {
	full := make(map[string]*machine.Machine, len(all))
	err := d.store.View(ctx, func(tx *store.Tx) error {
		for _, m := range all {
			c := *m
			if c.Facts == nil && !c.ReportedAt.IsZero() {
				var err error
				if c.Facts, err = tx.Facts(m.ID); err != nil {
					return err
				}
			}
			full[m.ID] = &c
		}
		return nil
	})
	return full, err
}

// Declared is the plan as machines are held against it.
func (d *DB) Declared() discovery.Plan { return d.settings.Load().plan }

// Showing gives the machines that share a UUID or a serial number with a
// request.
func (d *DB) Showing(r boot.Request) []*machine.Machine {
	return d.index.sharing(markTexts(r.Serial, r.UUID, machine.MAC{}), nil)
}
