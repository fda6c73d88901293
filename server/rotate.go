package server

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"firstlight/server/oob/credential"
	"firstlight/server/oob/login"
	"firstlight/server/serverdb"
)

// Rotation replaces the sealing key of an appliance that is stopped: the process
// that knows the old one has ended, and no door can ask for it. Ended at any
// moment, the appliance starts with the old key or with the new one, and every
// secret opens.
type Rotation struct {
	Options
	// Unreadable drops secrets that do not open with the key of now; else they
	// stop the rotation.
	Unreadable bool
	step       func(name string) // tests end the process here
}

// Rotated is what a rotation did.
type Rotated struct {
	Before, After string // ids of the keys
	Secrets       int
	Dropped       []string // owners
	Kept          string   // file of the key before
}

// Steps of a rotation, each durable before the next begins.
const (
	stepMade      = "made"      // the new key is a file beside the old one
	stepResealing = "resealing" // before the commit
	stepCommitted = "committed" // the database is sealed with the new key
	stepProven    = "proven"    // every secret was opened with it
	stepPlaced    = "placed"    // it is the key file, and the old one is kept
	stepScrubbed  = "scrubbed"  // nothing that the old one opens is left in the file
)

// Run replaces the key.
func (r Rotation) Run(ctx context.Context) (done *Rotated, err error) {
	dir := r.Config.State
	lock, err := lockState(ctx, dir)
	if err != nil {
		return nil, err
	}
	defer lock.Close() //nolint:errcheck // the kernel lets go of it
	db, err := openDatabase(ctx, r.Options, nil)
	if err != nil {
		return nil, err
	}
	done, err = r.rotate(ctx, db)
	return done, errors.Join(err, db.Close(), inherit(dir))
}

func (r Rotation) rotate(ctx context.Context, db *serverdb.DB) (*Rotated, error) {
	dir, now := r.Config.State, time.Now()
	if err := settleKey(ctx, dir, db, now); err != nil {
		return nil, err
	}
	from, err := credential.ReadKeyFile(filepath.Join(dir, keyFile))
	if err != nil {
		return nil, err
	}
	done := &Rotated{Before: from.ID(), Kept: keptAs(filepath.Join(dir, keyFile), "replaced", now)}
	if err := r.readable(ctx, db, from, done); err != nil {
		return nil, err
	}
	to, err := credential.NewKeyFile(filepath.Join(dir, newKey))
	if err != nil {
		return nil, err
	}
	done.After = to.ID()
	r.at(stepMade)
	if err := r.reseal(ctx, db, from, to, done); err != nil {
		return nil, errors.Join(err, settleKey(ctx, dir, db, now))
	}
	r.at(stepCommitted)
	if err := prove(ctx, db, to); err != nil {
		return nil, err
	}
	r.at(stepProven)
	if err := placeKey(dir, filepath.Join(dir, newKey), now); err != nil {
		return nil, err
	}
	r.at(stepPlaced)
	err = db.Scrub(ctx)
	r.at(stepScrubbed)
	return done, err
}

func (r Rotation) at(step string) {
	if r.step != nil {
		r.step(step)
	}
}

// whoRotates is who the audit names: whoever may write the state folder.
var whoRotates = serverdb.Actor{Name: "local", Address: "host"}

// readable counts the secrets, and names those that do not open.
func (r Rotation) readable(ctx context.Context, db *serverdb.DB, key *credential.Key, done *Rotated) error {
	err := db.EachSecret(ctx, func(owner, sealed string) error {
		_, err := credential.OpenText(key, owner, sealed)
		if errors.Is(err, credential.ErrSealed) {
			done.Dropped = append(done.Dropped, owner)
			return nil
		}
		done.Secrets++
		return err
	})
	if n := len(done.Dropped); err == nil && n > 0 && !r.Unreadable {
		return fmt.Errorf("%d secrets do not open with key %s, among them that of %s: put the key file of their time into %s, or give them up with --drop-unreadable; nothing was changed",
			n, key.ID(), done.Dropped[0], r.Config.State)
	}
	return err
}

// Again says how a secret comes back that was dropped, by its owner.
func Again(owner string) string {
	if gate, ok := strings.CutPrefix(owner, serverdb.GateOwner("")); ok {
		return "make a new one with firstlight gate secret " + gate + ", and give it to the system behind the gate"
	}
	if strings.HasPrefix(owner, credential.ApplianceOwner) {
		return "the appliance makes a new one when it starts; agents that wait report anew at their next boot"
	}
	if serial, ok := strings.CutPrefix(owner, login.SerialOwner); ok {
		return "give the BMC log-in of " + serial + " again with firstlight bmc import"
	}
	return "give the machine's BMC log-in again with firstlight bmc set " + owner
}

func (r Rotation) reseal(ctx context.Context, db *serverdb.DB, from, to *credential.Key, done *Rotated) error {
	return db.Reseal(ctx, whoRotates, to.ID(), func(owner, sealed string) (string, error) {
		r.at(stepResealing)
		if slices.Contains(done.Dropped, owner) {
			return "", nil
		}
		return credential.RewrapText(from, to, owner, sealed)
	})
}

// prove opens every secret with the new key, as it stands in the database now.
func prove(ctx context.Context, db *serverdb.DB, key *credential.Key) error {
	err := db.EachSecret(ctx, func(owner, sealed string) error {
		_, err := credential.OpenText(key, owner, sealed)
		return err
	})
	if err != nil {
		return fmt.Errorf("the secrets were sealed anew and do not open: both keys stay: %w", err)
	}
	return nil
}
