package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// A database is restored beside its place, as PATH.restore. It is renamed to
// PATH.restored-ASIDE once it is whole: from then on it is the one that counts,
// and whoever opens the database next finishes what is left to do, however
// often that was begun. The one before becomes PATH.ASIDE with its log, so that
// it can still be opened.

// files are those that a database consists of; the log goes with its file.
var files = [...]string{"", "-wal", "-shm"}

func (d sqliteFile) occupied(context.Context) (bool, error) {
	if err := d.finish(); err != nil {
		return false, err
	}
	return exists(d.path) || exists(d.path+"-wal"), nil
}

func (d sqliteFile) stage(context.Context) (dialect, error) {
	if err := d.folder(); err != nil {
		return nil, err
	}
	s := sqliteFile{d.path + ".restore"}
	return s, s.blank()
}

func (d sqliteFile) swap(_ context.Context, aside string) (kept string, err error) {
	staged := d.path + ".restore"
	if exists(staged + "-wal") {
		return "", errors.New("the restored database is still open")
	}
	if exists(d.path) {
		kept = d.path + "." + aside
	}
	if err := os.Rename(staged, d.path+".restored-"+aside); err != nil {
		return "", err
	}
	if err := syncFolder(filepath.Dir(d.path)); err != nil {
		return "", err
	}
	return kept, d.finish()
}

// finish puts a restored database that is whole in its place.
func (d sqliteFile) finish() error {
	prefix := d.path + ".restored-"
	all, err := filepath.Glob(globbed(prefix) + "*")
	if err != nil || len(all) == 0 {
		return err
	}
	restored := all[len(all)-1]
	for _, suffix := range files {
		old := d.path + suffix
		if !exists(old) {
			continue
		}
		if err := os.Rename(old, d.path+"."+restored[len(prefix):]+suffix); err != nil {
			return fmt.Errorf("finish a restore: %w; check the owner and mode of its folder", err)
		}
	}
	if err := os.Rename(restored, d.path); err != nil {
		return fmt.Errorf("finish a restore: %w; check the owner and mode of its folder", err)
	}
	return syncFolder(filepath.Dir(d.path))
}

// globbed is a path that means itself in a pattern.
func globbed(path string) string {
	var b []rune
	for _, r := range path {
		switch r {
		case '*', '?', '[', '\\':
			b = append(b, '\\')
		}
		b = append(b, r)
	}
	return string(b)
}
