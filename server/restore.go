package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"firstlight/server/backup"
	"firstlight/server/ca"
	"firstlight/server/serverdb"
)

// Restore is how to restore into the state folder of an appliance that is
// stopped.
type Restore struct {
	Options
	Replace  bool
	Progress func(rows, of int64)
}

// Restored is what a restore did, and what a person has to do after it.
type Restored struct {
	*serverdb.Restoration
	Missing []string // sentences
}

// restoring is the folder in which the files of a restore wait until its
// database is in place, with the moment of the restore that they belong to.
const restoring = "restoring"

// Run restores. Whenever it is cut short, the appliance as a whole is the one
// before or the restored one.
func (r Restore) Run(ctx context.Context, from io.ReadSeeker) (*Restored, error) {
	dir := r.Config.State
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("restore: %w", err)
	}
	lock, err := lockState(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer lock.Close() //nolint:errcheck // the kernel lets go of it
	files := map[string][]byte{}
	do := serverdb.Restore{
		Options: databaseOptions(r.Options), Replace: r.Replace, Progress: r.Progress,
		File: func(name string, content []byte) error { files[name] = content; return nil },
		Prepared: func(done serverdb.Restored, m *backup.Manifest) error {
			return errors.Join(keyOf(dir, files, m), stageFiles(dir, files, done.At))
		},
	}
	done, err := do.Run(ctx, r.place(), from)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(finishFiles(dir, &done.Restored), inherit(dir)); err != nil {
		return nil, err
	}
	return &Restored{done, missing(dir, done.Manifest)}, nil
}

// keyOf finds the key of a backup from before a rotation, which was made without
// keys, among those that the folder kept.
func keyOf(dir string, files map[string][]byte, m *backup.Manifest) (err error) {
	for _, f := range m.Files {
		have, _ := os.ReadFile(filepath.Join(dir, f.Name)) // one that cannot be read is another one
		if f.Name != keyFile || files[keyFile] != nil || hashed(have) == f.SHA256 {
			continue
		}
		if content, e := keptKey(dir, f.SHA256); e != nil || content != nil {
			files[keyFile], err = content, e
		}
	}
	return err
}

func hashed(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// stageFiles writes the keys of a backup where finishFiles finds them. A
// certificate without its key is of no use.
func stageFiles(dir string, files map[string][]byte, at time.Time) error {
	stage := filepath.Join(dir, restoring)
	if err := errors.Join(os.RemoveAll(stage), os.Mkdir(stage, 0o700)); err != nil {
		return fmt.Errorf("restore files: %w", err)
	}
	if files["ca.key"] == nil {
		delete(files, "ca.crt")
	}
	for _, f := range stateFiles {
		if content := files[f.name]; content != nil {
			if err := writeWhole(filepath.Join(stage, f.name), content); err != nil {
				return err
			}
		}
	}
	return writeWhole(filepath.Join(stage, "moment"), []byte(at.UTC().Format(time.RFC3339Nano)))
}

// finishFiles puts the files of a restore in their place, if the database is
// that of the same restore, and forgets them otherwise.
func finishFiles(dir string, done *serverdb.Restored) error {
	stage := filepath.Join(dir, restoring)
	moment, err := os.ReadFile(filepath.Join(stage, "moment"))
	if err != nil || done == nil || string(moment) != done.At.UTC().Format(time.RFC3339Nano) {
		return os.RemoveAll(stage) // there is none, or it came to nothing
	}
	for _, f := range stateFiles {
		if err := putAside(filepath.Join(stage, f.name), filepath.Join(dir, f.name), done.At); err != nil {
			return err
		}
	}
	return os.RemoveAll(stage)
}

// putAside moves a file to its place, and another one that is there aside.
func putAside(from, to string, at time.Time) error {
	staged, err := os.ReadFile(from)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("restore files: %w", err)
	}
	old, err := os.ReadFile(to)
	if err == nil && string(old) != string(staged) {
		err = os.Rename(to, to+".before_"+at.UTC().Format("20060102t150405z"))
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("restore files: %w", err)
	}
	return os.Rename(from, to)
}

func writeWhole(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("restore files: %w", err)
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

// inherit gives what root restored to whom the folder belongs to, so that the
// appliance may use it.
func inherit(dir string) error {
	info, err := os.Stat(dir)
	if err != nil || os.Geteuid() != 0 {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || owner.Uid == 0 {
		return nil
	}
	all, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.IsDir() || !ours(e.Name()) {
			continue
		}
		if err := os.Lchown(filepath.Join(dir, e.Name()), int(owner.Uid), int(owner.Gid)); err != nil {
			return err
		}
	}
	return nil
}

func ours(name string) bool {
	return strings.HasPrefix(name, "serverdb.sqlite") || strings.HasPrefix(name, "ca.") || name == ca.BootFile || name == ca.EraseFile ||
		strings.HasPrefix(name, keyFile) || name == "firstlight.lock"
}

// missing says what the folder has not, or not the same.
func missing(dir string, m *backup.Manifest) (all []string) {
	what := map[string]string{
		"ca.key":     "the CA is another one: whoever trusted the old one needs ca.crt of this state folder, or restore a backup made with --keys",
		ca.BootFile:  "the root of boots over HTTPS is another one: loaders on media and in other places than this appliance need to be copied from its loaders folder again, or restore a backup made with --keys",
		ca.EraseFile: "certificates of erased disks are signed with another key from now on: older ones are verified with the public key that was kept of the old appliance, or restore a backup made with --keys",
		keyFile:      "the BMC log-ins cannot be read with this folder's key: give them again with firstlight bmc import, or restore a backup made with --keys",
	}
	for _, f := range m.Files {
		content, _ := os.ReadFile(filepath.Join(dir, f.Name)) // one that cannot be read is another one
		if what[f.Name] != "" && hashed(content) != f.SHA256 {
			all = append(all, what[f.Name])
		}
	}
	if n := m.RowsOf("images"); n > 0 {
		all = append(all, fmt.Sprintf("the files of the %d images of the catalogue are not in a backup: copy them into %s, if they are not there", n, filepath.Join(dir, "images")))
	}
	return all
}
