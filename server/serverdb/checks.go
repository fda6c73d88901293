package serverdb

import (
	"context"

	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

const (
	// ChecksKept is how many checks of a machine are kept with all that they
	// measured; the verdicts of those before stay with their jobs.
	ChecksKept = 20
	// checksAlike bounds the checks that siblings are taken from.
	checksAlike = 100
)

// KeepCheck writes what a check measured.
func (w *Write) KeepCheck(c *machine.CheckRecord) error { return w.tx.PutCheck(c, ChecksKept) }

// Siblings gives what the last checks of other machines measured that have something
// in common with one.
func (w *Write) Siblings(machineID, like string) (all []machine.Figure, err error) {
	checks, err := w.tx.ChecksAlike(like, machineID, checksAlike)
	seen := map[string]bool{}
	for _, c := range checks {
		if seen[c.Machine] {
			continue
		}
		seen[c.Machine] = true
		for _, f := range c.Findings {
			all = append(all, f.Figure)
		}
	}
	return all, err
}

// Checks gives those of a machine that are kept, the newest first, without samples.
func (d *DB) Checks(ctx context.Context, machineID string) (all []*machine.CheckRecord, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.ChecksOf(machineID)
		return err
	})
	return all, err
}

// CheckRecord gives one with its samples, by the id of its job.
func (d *DB) CheckRecord(ctx context.Context, job string) (c *machine.CheckRecord, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		c, err = tx.Check(job)
		return err
	})
	return c, err
}
