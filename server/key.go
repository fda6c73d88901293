package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"firstlight/server/oob"
	"firstlight/server/oob/credential"
	"firstlight/server/serverdb"
)

// The sealing key is a file beside the database and never in it. Its id stands
// in the database, so that after a rotation, a crash in one or a restore across
// one, the key that the secrets are sealed with is found among those that were
// kept: no key is deleted before what it seals is known to be sealed with
// another.
const (
	keyFile = "credentials.key"
	newKey  = keyFile + ".new" // of a rotation that is not done
)

// openKey puts the key that the database is sealed with in its place, and reads
// it. A folder that has none of that name gets one.
func (a *Appliance) openKey(ctx context.Context) error {
	dir := a.Config.State
	if err := settleKey(ctx, dir, a.db, time.Now()); err != nil {
		return err
	}
	key, err := credential.KeyFile(filepath.Join(dir, keyFile))
	if err != nil {
		return err
	}
	a.key = key
	id, err := a.db.SealedWith(ctx)
	if err != nil {
		return err
	}
	if id == "" {
		return a.db.PutSealedWith(ctx, key.ID())
	}
	if id != key.ID() {
		a.Log.Warn("the secrets of the database were sealed with a key that is not in the state folder: restore a backup made with --keys, or give the BMC log-ins again and run firstlight key rotate --drop-unreadable",
			"sealed_with", id, "key", key.ID())
	}
	return nil
}

// settleKey ends a rotation that was cut short: what the database says is so.
func settleKey(ctx context.Context, dir string, db *serverdb.DB, now time.Time) error {
	want, err := db.SealedWith(ctx)
	if err != nil {
		return err
	}
	have, err := credential.ReadKeyFile(filepath.Join(dir, keyFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if want == "" || have != nil && have.ID() == want {
		return keepKey(filepath.Join(dir, newKey), "unused", now)
	}
	found, err := findKey(dir, want)
	if err != nil || found == "" {
		return err
	}
	return placeKey(dir, found, now)
}

// findKey looks for the key with an id among those that were kept.
func findKey(dir, id string) (string, error) {
	all, err := filepath.Glob(filepath.Join(dir, keyFile+".*"))
	if err != nil {
		return "", err
	}
	for _, path := range all {
		key, err := credential.ReadKeyFile(path)
		if err != nil {
			return "", err
		}
		if key.ID() == id {
			return path, nil
		}
	}
	return "", nil
}

// placeKey makes a key of the folder the one that is used, and keeps the one
// before. There is one of that name at every moment.
func placeKey(dir, from string, now time.Time) error {
	to := filepath.Join(dir, keyFile)
	err := os.Link(to, keptAs(to, "replaced", now))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("keep the key before: %w", err)
	}
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("put the key in its place: %w", err)
	}
	return syncFolder(dir)
}

// Key is a sealing key of a state folder.
type Key struct {
	File, ID string
	At       time.Time // of the file
	InUse    bool
}

// Keys lists the key in use and those that are kept, the newest first.
func Keys(dir string) (all []Key, err error) {
	files, err := filepath.Glob(filepath.Join(dir, keyFile+"*"))
	if err != nil {
		return nil, err
	}
	for _, path := range files {
		key, err := credential.ReadKeyFile(path)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		all = append(all, Key{path, key.ID(), info.ModTime(), filepath.Base(path) == keyFile})
	}
	slices.SortFunc(all, func(a, b Key) int { return b.At.Compare(a.At) })
	return all, nil
}

// keepKey gives a key that is not used a name of its own, if there is one.
func keepKey(path, why string, now time.Time) error {
	err := os.Rename(path, keptAs(filepath.Join(filepath.Dir(path), keyFile), why, now))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func keptAs(path, why string, now time.Time) string {
	return path + "." + why + "_" + now.UTC().Format("20060102t150405.000000z")
}

// keptKey gives the kept key whose file has a content that hashes to sum, for a
// restore: a backup from before a rotation needs the key of its time.
func keptKey(dir, sum string) ([]byte, error) {
	all, err := filepath.Glob(filepath.Join(dir, keyFile+".*"))
	if err != nil {
		return nil, err
	}
	for _, path := range all {
		content, err := os.ReadFile(path)
		if err != nil || hashed(content) == sum {
			return content, err
		}
	}
	return nil, nil
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// sessionKey signs the sessions of agents. It stands sealed in the database, so
// that sessions outlive restarts and whoever reads a backup cannot sign any.
const sessionKey = "session-key"

// ownSecret reads one of the appliance's own secrets of 32 bytes, or makes it.
// One that another key sealed is made anew: agents boot again.
func (a *Appliance) ownSecret(ctx context.Context, name string) ([]byte, error) {
	owner := credential.ApplianceOwner + name
	text, err := a.db.Credential(ctx, owner)
	if err != nil {
		return nil, err
	}
	if text != "" {
		plain, err := credential.OpenText(a.key, owner, text)
		if err == nil {
			return hex.DecodeString(string(plain))
		}
		a.Log.WarnContext(ctx, "make a new secret", "name", name, "error", err)
	}
	return a.makeSecret(ctx, owner, name)
}

func (a *Appliance) makeSecret(ctx context.Context, owner, name string) ([]byte, error) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails (crypto/rand)
	// It once stood in clear, and agents may hold what it signed.
	clear, err := a.db.Meta(ctx, name)
	if err != nil {
		return nil, err
	}
	if clear != "" {
		if secret, err = hex.DecodeString(strings.TrimSpace(clear)); err != nil {
			return nil, err
		}
	}
	sealed, err := credential.SealText(a.key, owner, oob.Secret(hex.EncodeToString(secret)))
	if err != nil {
		return nil, err
	}
	if err := a.db.PutCredential(ctx, owner, sealed); err != nil || clear == "" {
		return secret, err
	}
	return secret, errors.Join(a.db.PutMeta(ctx, name, ""), a.db.Scrub(ctx))
}
