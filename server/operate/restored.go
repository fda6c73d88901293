package operate

import (
	"context"
	"io"

	"firstlight/server/auth"
	"firstlight/server/serverdb"
)

// Backups makes backups.
type Backups interface {
	// Make gives a backup as a file that is gone once it is closed. With keys it
	// holds the appliance's private keys, too.
	Make(ctx context.Context, keys bool) (Spool, error)
}

// Spool is a file that was written and is read from its beginning on.
type Spool interface {
	io.ReadCloser
	Size() int64
}

// Backup makes a backup of the state of now.
func (d *Desk) Backup(ctx context.Context, who auth.User, keys bool) (Spool, error) {
	what := "without private keys"
	if keys {
		what = "with private keys"
	}
	if err := d.DB.RecordAudit(ctx, serverdb.ActorOf(who), "back up", "serverdb", "", what); err != nil {
		return nil, err
	}
	return d.Backups.Make(ctx, keys)
}

// Thaw lets a machine go on that a restore froze: a person has looked at it.
func (d *Desk) Thaw(ctx context.Context, who auth.User, name, why string) error {
	why, err := said("why", why, whatSeen)
	if err != nil {
		return err
	}
	m, by, err := d.allowed(who, name, auth.Change)
	if err != nil {
		return err
	}
	return explain(d.DB.Thaw(ctx, by, m.ID, why))
}

// EndSafeMode says that ServerDb agrees with the world again after a restore.
func (d *Desk) EndSafeMode(ctx context.Context, who auth.User, why string) error {
	why, err := said("why", why, whatSeen)
	if err != nil {
		return err
	}
	return explain(d.DB.EndSafeMode(ctx, serverdb.ActorOf(who), why))
}
