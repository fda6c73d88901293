package serverdb

import (
	"context"
	"fmt"
	"net/netip"

	"firstlight/server/boot"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// History is one change of a machine's status.
type History = machine.History

// Machines gives all of them by name, without their facts. It never fails.
func (d *DB) Machines() []*machine.Machine { return d.index.machines() }

// Select asks the database for the machines that a selector picks, by name,
// without their facts.
func (d *DB) Select(ctx context.Context, sel machine.Selector) ([]*machine.Machine, error) {
	if sel.Root() == nil {
		return d.index.machines(), nil
	}
	return d.Page(ctx, sel, "", 0)
}

// Page is Select from after a name on, and at most so many (0: all).
func (d *DB) Page(ctx context.Context, sel machine.Selector, after string, limit int) ([]*machine.Machine, error) {
	var ids []string
	err := d.store.View(ctx, func(tx *store.Tx) (err error) {
		ids, err = tx.Select(sel, after, limit)
		return err
	})
	return d.index.some(ids), err
}

// Count tells how many machines a selector picks.
func (d *DB) Count(ctx context.Context, sel machine.Selector) (n int, err error) {
	if sel.Root() == nil {
		return d.index.size(), nil
	}
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		n, err = tx.Count(sel)
		return err
	})
	return n, err
}

// Full reads the facts of a machine into a copy of it.
func (d *DB) Full(ctx context.Context, m *machine.Machine) (*machine.Machine, error) {
	full := *m
	if m.ReportedAt.IsZero() || m.Facts != nil {
		return &full, nil
	}
	err := d.store.View(ctx, func(tx *store.Tx) (err error) {
		full.Facts, err = tx.Facts(m.ID)
		return err
	})
	return &full, err
}

// Machine finds one by name, id, MAC or host name.
func (d *DB) Machine(ref string) (*machine.Machine, error) {
	if m := d.index.byAny(ref); m != nil {
		return m, nil
	}
	return nil, machine.Missing("machine", ref)
}

// ByMAC finds the machine that has an interface.
func (d *DB) ByMAC(mac machine.MAC) (*machine.Machine, bool) {
	m := d.index.mac(mac)
	return m, m != nil
}

// ByAddress finds the machine that an address is kept for.
func (d *DB) ByAddress(a netip.Addr) (*machine.Machine, bool) {
	m := d.index.address(a)
	return m, m != nil
}

// WhoIs gives the machine id and MAC behind an address: by reservation, else
// by lease. In a proxied subnet it is who was heard to take it.
func (d *DB) WhoIs(a netip.Addr) (id string, mac machine.MAC) {
	if d.proxied(a) {
		return d.whoIsProxied(a)
	}
	if m := d.index.address(a); m != nil {
		for _, n := range m.NICs {
			if n.Address == a {
				return m.ID, n.MAC
			}
		}
	}
	if l, ok := d.book.ByAddress(a); ok && l.Holds(d.Now()) {
		if m := d.index.mac(l.MAC); m != nil {
			return m.ID, l.MAC
		}
		return "", l.MAC
	}
	return "", machine.MAC{}
}

// Known gives everything that boot.Decide needs about the one who asks.
func (d *DB) Known(r boot.Request) boot.Known {
	k := boot.Known{Machine: d.index.mac(r.MAC), Restored: d.Restored().Open()}
	overlays, ok := d.BootImages[boot.ImageArch(r.Arch)]
	k.Overlays, k.NoImage = overlays, d.BootImages != nil && !ok
	for _, s := range d.Subnets() {
		if s.Name == r.Subnet {
			k.Policy, k.SecureBoot = s.Policy, s.SecureBoot
		}
	}
	if k.Machine != nil {
		k.Job = d.index.openJob(k.Machine.ID)
		k.Clash = clash(k.Machine, r)
	}
	return k
}

// clash compares what firmware says of itself with the record that its MAC
// leads to: a NIC that moved to another chassis must not boot as the old one.
func clash(m *machine.Machine, r boot.Request) string {
	serialDiffers := r.Serial != "" && m.Serial != "" && r.Serial != m.Serial
	uuidDiffers := !machine.PlaceholderUUID(r.UUID) && m.UUID != "" && !machine.SameUUID(r.UUID, m.UUID)
	if serialDiffers && uuidDiffers {
		return fmt.Sprintf("the interface %s belongs to %s, but serial %s and UUID %s are another machine's", r.MAC, m.Name, r.Serial, r.UUID)
	}
	return ""
}

// Jobs gives the jobs that want picks (nil: all in memory), newest first.
func (d *DB) Jobs(want func(*machine.Job) bool) []*machine.Job { return d.index.jobsWhere(want) }

// Job finds one by id.
func (d *DB) Job(id string) (*machine.Job, error) {
	if j := d.index.job(id); j != nil {
		return j, nil
	}
	var j *machine.Job
	err := d.store.View(context.Background(), func(tx *store.Tx) (err error) {
		j, err = tx.Job(id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("job %q: %w", id, err)
	}
	return j, nil
}

// OpenJob gives a machine's open job.
func (d *DB) OpenJob(machineID string) (*machine.Job, bool) {
	j := d.index.openJob(machineID)
	return j, j != nil
}

// Timeline reads what happened to a machine, newest first, before an event id
// (0: from the newest on).
func (d *DB) Timeline(ctx context.Context, machineID string, before int64, limit int) (all []journal.Event, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.Events(machineID, before, limit)
		return err
	})
	return all, err
}

// EventsAfter reads the journal of all machines after an event id, oldest
// first: a follower that was away catches up with it.
func (d *DB) EventsAfter(ctx context.Context, id int64, limit int) (all []journal.Event, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.EventsAfter(id, limit)
		return err
	})
	return all, err
}

// Follow is EventsAfter for whoever reads every row once: rows are as they were
// written, from memory where that reaches back to the id.
func (d *DB) Follow(ctx context.Context, id int64, limit int) ([]journal.Event, error) {
	if rows := d.tail.after(id, limit); len(rows) > 0 {
		return rows, nil
	}
	return d.EventsAfter(ctx, id, limit)
}

// EventsOfMAC reads what a MAC did that no machine has, newest first.
func (d *DB) EventsOfMAC(ctx context.Context, mac machine.MAC, limit int) (all []journal.Event, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.EventsOfMAC(mac, limit)
		return err
	})
	return all, err
}

// NewestEvent is the id of the last row of the journal; 0: it has none.
func (d *DB) NewestEvent(ctx context.Context) (id int64, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		_, id, _, err = tx.LastIDs()
		return err
	})
	return id, err
}

// History reads a machine's changes of status, oldest first.
func (d *DB) History(ctx context.Context, machineID string) (all []History, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.History(machineID)
		return err
	})
	return all, err
}
