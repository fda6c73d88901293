package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// absent tells whether there is no database yet. What is left of one
// is not taken for none: beginning anew beside it would look like a rack
// without machines.
func (d sqliteFile) absent() (bool, error) {
	info, err := os.Stat(d.path)
	wal, shm := exists(d.path+"-wal"), exists(d.path+"-shm")
	switch {
	case errors.Is(err, fs.ErrNotExist) && wal:
		return false, d.damaged(fmt.Errorf("the file is gone, but its write-ahead log %s-wal is there", d.path))
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, err
	case info.Size() == 0:
		return false, d.damaged(errors.New("the file is empty"))
	case shm && !wal:
		// SQLite makes the log before its index and removes the index first.
		return false, fmt.Errorf("%w: its write-ahead log %s-wal, with the newest changes, is gone; put it back, or remove %s-shm to go on without them",
			ErrCorrupt, d.path, d.path)
	}
	return false, nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// create makes an empty database beside its place and moves it there when it is
// whole, so that a crash leaves none or a good one. Its mode is right from the
// first byte on, and the log takes it over.
func (d sqliteFile) create(ctx context.Context) error {
	fresh := sqliteFile{d.path + ".new"}
	if err := fresh.blank(); err != nil {
		return err
	}
	s, err := connect(ctx, fresh)
	if err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	if err := os.Rename(fresh.path, d.path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(d.path))
}

// blank makes an empty file that nobody else can read, in place of whatever was
// left there.
func (d sqliteFile) blank() error {
	for _, suffix := range files {
		if err := os.Remove(d.path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w; check the owner and mode of its folder", err)
		}
	}
	f, err := os.OpenFile(d.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("%w; check the owner and mode of its folder", err)
	}
	return f.Close()
}

// syncFolder makes a new name in a folder durable.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
