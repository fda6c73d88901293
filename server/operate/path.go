package operate

import (
	"context"

	"firstlight/server/bootpath"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// Paths tells of a machine's last boots, newest first, what was expected of each
// and what was seen.
func (d *Desk) Paths(ctx context.Context, ref string) ([]bootpath.Path, error) {
	m, err := d.find(ref)
	if err != nil {
		return nil, err
	}
	rows, err := d.DB.Timeline(ctx, m.ID, 0, clockEvents)
	return d.PathsOf(m, rows), err
}

// PathsOf is Paths for whoever has read the newest events of the machine.
func (d *Desk) PathsOf(m *machine.Machine, newest []journal.Event) []bootpath.Path {
	return bootpath.Of(newest, m.Observed.BootOrder, d.Now())
}
