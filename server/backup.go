package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"firstlight/server/backup"
	"firstlight/server/ca"
	"firstlight/server/operate"
	"firstlight/server/serverdb"
)

// stateFiles make an appliance the same one again; the secret ones are in a
// backup only where it is asked for.
var stateFiles = []struct {
	name   string
	secret bool
}{{"ca.crt", false}, {"ca.key", true}, {ca.BootFile, true}, {ca.EraseFile, true}, {keyFile, true}}

// backups makes backups of a state folder and its database.
type backups struct {
	db      *serverdb.DB
	state   string
	site    string
	version string
}

// Make writes to a file without a name, so that a slow reader holds no
// transaction open and a crash leaves nothing behind.
func (b backups) Make(ctx context.Context, keys bool) (operate.Spool, error) {
	f, err := os.CreateTemp(b.state, ".backup-*")
	if err != nil {
		return nil, fmt.Errorf("back up: %w", err)
	}
	err = os.Remove(f.Name())
	if err == nil {
		err = b.write(ctx, f, keys)
	}
	s := &spool{File: f}
	if err == nil {
		s.size, err = f.Seek(0, io.SeekCurrent)
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return s, nil
}

func (b backups) write(ctx context.Context, w io.Writer, keys bool) error {
	files, err := readState(b.state, keys)
	if err != nil {
		return err
	}
	return b.db.Backup(ctx, w, backup.Head{Appliance: b.site, Version: b.version}, files)
}

type spool struct {
	*os.File
	size int64
}

// Size is in bytes.
func (s *spool) Size() int64 { return s.size }

func readState(dir string, keys bool) (all []serverdb.StateFile, err error) {
	for _, f := range stateFiles {
		content, err := os.ReadFile(filepath.Join(dir, f.name))
		if errors.Is(err, os.ErrNotExist) {
			continue // an appliance that never started to its end
		}
		if err != nil {
			return nil, fmt.Errorf("back up: %w", err)
		}
		all = append(all, serverdb.StateFile{Name: f.name, Content: content, Held: keys || !f.secret})
	}
	return all, nil
}

// Offline backs up the state folder of an appliance that is stopped.
func Offline(ctx context.Context, o Options, keys bool) (s operate.Spool, err error) {
	lock, err := lockState(ctx, o.Config.State)
	if err != nil {
		return nil, err
	}
	defer lock.Close() //nolint:errcheck // the kernel lets go of it
	if err := there(ctx, o); err != nil {
		return nil, fmt.Errorf("back up: there is no database: %w", err)
	}
	db, err := openDatabase(ctx, o, nil)
	if err != nil {
		return nil, err
	}
	if err := settleKey(ctx, o.Config.State, db, time.Now()); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s, err = backups{db, o.Config.State, o.Config.Site.Name, o.Version}.Make(ctx, keys)
	return s, errors.Join(err, db.Close())
}

// there refuses a place without a database, which to open would make.
func there(ctx context.Context, o Options) error {
	if o.Config.Database == "" {
		_, err := os.Stat(o.place())
		return err
	}
	found, err := serverdb.Look(ctx, o.Config.Database)
	if err == nil && found.Schema == 0 {
		err = errors.New("no appliance ever used it")
	}
	return err
}
