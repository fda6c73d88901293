package serverdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"firstlight/server/backup"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// StateFile is a file of the appliance that a backup holds beside ServerDb.
type StateFile struct {
	Name    string
	Content []byte
	Held    bool // else only what it is recognised by
}

// Backup writes the state of this moment while everything goes on.
func (d *DB) Backup(ctx context.Context, out io.Writer, h backup.Head, files []StateFile) error {
	var w *backup.Writer
	err := d.store.Backup(ctx, func(schema int64, tables []backup.Table) (err error) {
		h.At, h.Schema, h.Tables = d.Now(), schema, tables
		w, err = backup.NewWriter(out, h)
		return err
	}, func(table string, row []byte) error { return w.Row(table, row) })
	if err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	for _, f := range files {
		if err := w.File(f.Name, f.Content, f.Held); err != nil {
			return err
		}
	}
	return w.Close()
}

// Restore says how to restore.
type Restore struct {
	Options
	// Replace moves a database that is there aside.
	Replace bool
	// File takes the files of the state folder; they count once Restore returned
	// nil.
	File func(name string, content []byte) error
	// Prepared is called once everything is ready to be put in place.
	Prepared func(Restored, *backup.Manifest) error
	// Progress is told, now and then, how many rows are done.
	Progress func(rows, of int64)
}

// Restoration is what was restored.
type Restoration struct {
	Restored
	Head             *backup.Head
	Manifest         *backup.Manifest
	Machines, Frozen int
	Cancelled        int    // jobs
	Kept             string // what the database before is called now; "" where there was none
}

// Run restores a backup into a database that nobody uses. What is not whole is
// refused before anything is changed; until the last step, which is one step,
// the database before stays in place.
func (r Restore) Run(ctx context.Context, place string, from io.ReadSeeker) (*Restoration, error) {
	head, manifest, err := backup.Read(from, backup.Nothing{})
	if err != nil {
		return nil, err
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	l, err := store.NewLoad(ctx, place, r.Replace)
	if err != nil {
		return nil, err
	}
	done := &Restoration{Head: head, Manifest: manifest}
	if _, _, err := backup.Read(from, &restoring{Load: l, r: r, of: manifest.Rows()}); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	if err := r.calm(ctx, l, done); err != nil {
		return nil, err
	}
	if r.Prepared != nil {
		if err := r.Prepared(done.Restored, manifest); err != nil {
			return nil, err
		}
	}
	done.Kept, err = l.Swap(done.At)
	return done, err
}

// restoring is the sink of a restore.
type restoring struct {
	*store.Load
	r        Restore
	rows, of int64
}

func (s *restoring) Row(t backup.Table, row []byte) error {
	if s.rows++; s.rows%10_000 == 0 && s.r.Progress != nil {
		s.r.Progress(s.rows, s.of)
	}
	return s.Load.Row(t, row)
}

func (s *restoring) File(name string, content []byte) error {
	if s.r.File == nil {
		return nil
	}
	return s.r.File(name, content)
}

// calm makes of a loaded database one that harms nobody, before it is anybody's.
func (r Restore) calm(ctx context.Context, l *store.Load, done *Restoration) error {
	s, err := l.Open()
	if err != nil {
		return err
	}
	d, err := over(ctx, s, r.Options)
	if err != nil {
		return err
	}
	return errors.Join(d.calm(ctx, done), d.Close())
}

func (d *DB) calm(ctx context.Context, done *Restoration) error {
	now := d.Now()
	done.Restored = Restored{At: now, BackupAt: done.Head.At, From: done.Head.Appliance, Until: now.Add(d.longestLease())}
	if err := d.freezeAll(ctx, done); err != nil {
		return err
	}
	return d.Do(ctx, func(w *Write) error {
		if err := w.putRestored(&done.Restored); err != nil {
			return err
		}
		// Who logged out since, or was made to, must not be in again.
		for _, kind := range []string{kindSession, kindCode} {
			if err := w.tx.DropPeople(kind); err != nil {
				return err
			}
		}
		text := fmt.Sprintf("The database was restored from a backup of %s: %d of %d machines are frozen, %d jobs ended",
			spell(done.BackupAt), done.Frozen, done.Machines, done.Cancelled)
		if err := w.Event(journal.Event{Source: journal.People, Text: text, Who: whoRestore}); err != nil {
			return err
		}
		return w.Audit(Actor{Name: whoRestore}, "restore", "serverdb", "", "a backup of "+spell(done.BackupAt)+" of "+done.From)
	})
}

// whoRestore is who changes what a restore changes.
const whoRestore = "restore"

// longestLease is after what time every client has asked again.
func (d *DB) longestLease() (longest time.Duration) {
	for _, s := range d.Subnets() {
		longest = max(longest, s.Lease)
	}
	for _, l := range d.Leases() {
		longest = max(longest, l.Life)
	}
	return longest
}

// freezeBatch is how many machines are frozen with one commit.
const freezeBatch = 500

func (d *DB) freezeAll(ctx context.Context, done *Restoration) error {
	all := d.Machines()
	done.Machines = len(all)
	for len(all) > 0 {
		n := min(len(all), freezeBatch)
		err := d.Do(ctx, func(w *Write) error {
			for _, m := range all[:n] {
				if err := w.calm(m, done); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// calm ends the open job of a machine, whose steps may have been taken since, and
// freezes it unless it is in use.
func (w *Write) calm(m *machine.Machine, done *Restoration) error {
	because := "the database was restored from a backup of " + spell(done.BackupAt)
	if j := w.OpenJob(m.ID); j != nil {
		done.Cancelled++
		if err := w.endJob(j.Clone(), because); err != nil {
			return err
		}
	}
	if err := w.forgetWaits(m.ID); err != nil {
		return err
	}
	if m.Status == machine.InUse {
		return nil
	}
	done.Frozen++
	if err := w.Mark(m, func(m *machine.Machine) { m.Flags.Frozen, m.Flags.FrozenAt = true, done.At }); err != nil {
		return err
	}
	return w.Event(journal.Event{Machine: m.ID, Source: journal.Status, Text: "Frozen: " + because, Who: whoRestore})
}

func (w *Write) endJob(j *machine.Job, because string) error {
	j.Status, j.Result, j.EndedAt = machine.JobCancelled, because, w.now
	j.Token = machine.Token{} // whatever was handed out is good for nothing any more
	if c := j.Current(); c != nil && c.Status == machine.StepRunning {
		c.Status, c.Error, c.EndedAt = machine.StepFailed, because, w.now
	}
	if err := w.PutJob(j); err != nil {
		return err
	}
	return w.Event(journal.Event{
		Machine: j.Machine, Source: journal.Job, Job: j.ID, Who: whoRestore, Text: fmt.Sprintf("Job %s cancelled: %s", j.Action, because),
	})
}
