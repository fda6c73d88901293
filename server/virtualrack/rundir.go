package virtualrack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// RunDir is a run folder in the hands of one rack.
type RunDir struct {
	path string
	lock *os.File
}

// lockName is the file whose lock tells that a rack runs. The kernel gives the
// lock back when its holder dies, however that was.
const lockName = "lock"

// OpenRunDir takes a run folder, makes it where it is missing, and clears away
// what a rack that was ended by force left in it. An error tells which process
// holds it.
func OpenRunDir(path string) (*RunDir, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open the run folder: %w", err)
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("make the run folder: %w; choose another with --dir", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, lockName), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the run folder: %w; choose another with --dir", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		holder, _ := os.ReadFile(lock.Name())
		_ = lock.Close()
		return nil, fmt.Errorf("a rack runs already in %s (process %s): stop it with Ctrl-C, or choose another folder with --dir", path, strings.TrimSpace(string(holder)))
	}
	d := &RunDir{path: path, lock: lock}
	if err := d.own(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return d, nil
}

// own clears the folder for a new run.
func (d *RunDir) own() error {
	if err := clear(d.path, func(string) bool { return false }); err != nil {
		return err
	}
	if err := d.lock.Truncate(0); err != nil {
		return fmt.Errorf("sign the run folder: %w", err)
	}
	_, err := fmt.Fprintln(d.lock, os.Getpid())
	return err
}

// Path is the folder's absolute path.
func (d *RunDir) Path() string { return d.path }

// Close leaves the logs, removes everything else and gives the folder back.
func (d *RunDir) Close() error {
	err := clear(d.path, func(name string) bool { return strings.HasSuffix(name, ".log") })
	return errors.Join(err, os.Remove(d.lock.Name()), d.lock.Close())
}

// clear removes the files of a folder but the lock and those to keep, and the
// folders below it that are empty then.
func clear(dir string, keep func(name string) bool) error {
	var folders []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir():
			folders = append(folders, path)
			return nil
		case filepath.Dir(path) == dir && e.Name() == lockName, keep(e.Name()):
			return nil
		}
		return os.Remove(path)
	})
	if err != nil {
		return fmt.Errorf("clear the run folder: %w", err)
	}
	slices.Reverse(folders) // the deepest first
	for _, f := range folders[:len(folders)-1] {
		_ = os.Remove(f) // one that keeps a log stays
	}
	return nil
}
