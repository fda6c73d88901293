package serverdb

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// Safe mode is how ServerDb treats the world after an older state of it was
// restored: what it knows may be over, and what it does not know may be. Every
// machine that it does not hold for in use is frozen, machines that it does not
// know boot their own disk, and addresses are given out with care.

// Restored is what became of the last restore.
type Restored struct {
	At       time.Time `json:"at"`
	BackupAt time.Time `json:"backup_at"` // the state that was restored
	From     string    `json:"from"`      // the appliance that was backed up
	// Until is how long a client may go on with a lease that nobody remembers.
	Until time.Time `json:"until"`
	// EndedAt is when a person said that ServerDb agrees with the world again;
	// zero: nobody did.
	EndedAt time.Time `json:"ended_at,omitzero"`
	EndedBy string    `json:"ended_by,omitempty"`
	Why     string    `json:"why,omitempty"`
}

// Open tells whether safe mode goes on.
func (r *Restored) Open() bool { return r != nil && r.EndedAt.IsZero() }

const metaRestored = "restored"

func (d *DB) loadRestored(tx *store.Tx) error {
	text, err := tx.Meta(metaRestored)
	if err != nil || text == "" {
		return err
	}
	r := &Restored{}
	if err := json.Unmarshal([]byte(text), r); err != nil {
		return fmt.Errorf("read of the restore: %w", err)
	}
	d.restored.Store(r)
	return nil
}

// Frozen is how many machines are.
func (d *DB) Frozen() (n int) {
	for _, m := range d.Machines() {
		if m.Flags.Frozen {
			n++
		}
	}
	return n
}

// Restored tells of the last restore, nil where there never was one.
func (d *DB) Restored() *Restored { return d.restored.Load() }

// putRestored keeps it, and shows it after the commit.
func (w *Write) putRestored(r *Restored) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	w.own.after = append(w.own.after, func() { w.db.restored.Store(r) })
	return w.tx.PutMeta(metaRestored, string(text))
}

// EndSafeMode tells that ServerDb agrees with the world again: machines that it
// does not know are strangers from now on. Frozen machines stay so, each until it
// is thawed.
func (d *DB) EndSafeMode(ctx context.Context, who Actor, why string) error {
	return d.Do(ctx, func(w *Write) error {
		r := d.Restored()
		if !r.Open() {
			return fmt.Errorf("there is no safe mode to end: %w", ErrConflict)
		}
		next := *r
		next.EndedAt, next.EndedBy, next.Why = w.now, who.Name, why
		if err := w.putRestored(&next); err != nil {
			return err
		}
		text := "Safe mode after the restore from " + spell(r.BackupAt) + " ended: " + why
		if err := w.Event(journal.Event{Source: journal.People, Text: text, Who: who.Name}); err != nil {
			return err
		}
		return w.Audit(who, "end safe mode", "serverdb", "restored from a backup of "+spell(r.BackupAt), why)
	})
}

func spell(t time.Time) string { return t.UTC().Format(time.DateTime) + " UTC" }

// Careful tells whether leases may be missing at a time.
func (d *DB) Careful(now time.Time) bool {
	r := d.Restored()
	return r != nil && now.Before(r.Until)
}

// Found keeps an address, from which somebody answers though nobody has a lease
// of it, from new clients for as long as leases may be missing.
func (d *DB) Found(a netip.Addr) {
	d.book.mu.Lock()
	defer d.book.mu.Unlock()
	d.book.answered[a] = true
}

// FrozenError refuses what may touch a machine that is frozen.
type FrozenError struct {
	Name string
	To   machine.Status
}

func (e *FrozenError) Error() string {
	return fmt.Sprintf("machine %s is frozen since an older database was restored, and cannot become %s", e.Name, e.To.Human())
}

// melted refuses a frozen machine the statuses that lead to its disk, or away
// from it.
func melted(m *machine.Machine, to machine.Status) error {
	if !m.Flags.Frozen {
		return nil
	}
	switch to {
	case machine.Registered, machine.Held, machine.Available, machine.Broken:
		return nil
	default:
		return &FrozenError{m.Name, to}
	}
}

// Thaw lets a machine go on, because a person looked.
func (d *DB) Thaw(ctx context.Context, who Actor, id, why string) error {
	return d.Do(ctx, func(w *Write) error {
		m, err := w.Machine(id)
		if err != nil || !m.Flags.Frozen {
			return err
		}
		if err := w.Mark(m, w.thaw); err != nil {
			return err
		}
		if err := w.Event(journal.Event{Machine: m.ID, Source: journal.People, Text: "Thawed: " + why, Who: who.Name}); err != nil {
			return err
		}
		return w.Audit(who, "thaw", m.Name, "frozen", why)
	})
}

// thaw lets a machine go on.
func (w *Write) thaw(m *machine.Machine) {
	m.Flags.Frozen, m.Flags.FrozenAt = false, time.Time{}
	// A status that must end by itself begins its time anew.
	if _, transient := m.Status.Transient(); transient {
		m.Since = w.now
	}
}

// fresh tells whether the facts of a frozen machine are newer than the restore.
func fresh(m *machine.Machine) bool { return m.ReportedAt.After(m.Flags.FrozenAt) }

func (w *Write) thawed(m *machine.Machine, why string) error {
	return w.Event(journal.Event{Machine: m.ID, MAC: m.BootMAC(), Source: journal.Status, Text: "Thawed: " + why, Who: whoAgent})
}
