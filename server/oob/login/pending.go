package login

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/oob"
	"firstlight/server/oob/credential"
)

// PendingOwner begins the owner of a log-in that a machine's agent is to set, and
// that no log-in has proven yet: the machine's id follows. It is on disk before the
// agent hears of it, and until it is proven the log-in of before is kept beside it,
// so that whatever is cut off, one of the two is known.
const PendingOwner = "pending:"

// ourUsers are the names that a user of ours has, in turn: the one that works stays
// untouched until the other is proven.
var ourUsers = [2]string{"firstlight", "firstlight2"}

// ErrNoPending says that nothing waits to be proven.
var ErrNoPending = errors.New("no log-in of the BMC waits to be proven")

// shortPassword is what a BMC of IPMI 1.5 keeps of a password.
const shortPassword = 16

// Prepare makes a log-in for a machine's BMC and keeps it sealed, or gives the one
// that still waits: an agent may have set it. old is the user of ours that it takes
// the place of; "": none.
func (k *Keeper) Prepare(ctx context.Context, m *machine.Machine) (user, old string, err error) {
	leave, err := k.busy.enter(ctx, m.ID)
	if err != nil {
		return "", "", err
	}
	defer leave()
	own, _, err := k.own(ctx, m)
	if err != nil {
		return "", "", err
	}
	user = ourUsers[0]
	if own != nil && slices.Contains(ourUsers[:], own.User) {
		if old = own.User; old == ourUsers[0] {
			user = ourUsers[1]
		}
	}
	waits, err := k.pending(ctx, m.ID)
	if waits != nil && waits.User == user || err != nil {
		return user, old, err
	}
	return user, old, k.put(ctx, PendingOwner+m.ID, "", credential.Credential{User: user, Password: newPassword()})
}

// Unseal opens the log-in that waits for a machine, as ServerDb keeps it.
func (k *Keeper) Unseal(id, sealed string) (user string, password oob.Secret, err error) {
	if sealed == "" {
		return "", "", ErrNoPending
	}
	c, _, err := k.unseal(PendingOwner+id, sealed)
	if err != nil {
		return "", "", err
	}
	return c.User, c.Password, nil
}

func (k *Keeper) pending(ctx context.Context, id string) (*credential.Credential, error) {
	text, err := k.Store.Credential(ctx, PendingOwner+id)
	if err != nil || text == "" {
		return nil, err
	}
	c, _, err := k.unseal(PendingOwner+id, text)
	return c, err
}

// Promote logs in as a user with what waits and makes it the machine's own. The one
// of before is forgotten with that, not earlier. how says by which protocol it was
// proven. Where that was done, and only nobody heard of it, it is done.
func (k *Keeper) Promote(ctx context.Context, m *machine.Machine, user string) (how string, err error) {
	leave, err := k.busy.enter(ctx, m.ID)
	if err != nil {
		return "", err
	}
	defer leave()
	if m, err = k.Store.Machine(m.ID); err != nil {
		return "", err
	}
	waits, err := k.pending(ctx, m.ID)
	if err != nil {
		return "", err
	}
	own, _, err := k.own(ctx, m)
	switch {
	case err != nil:
		return "", err
	case waits == nil && own != nil && own.User == user:
		return fmt.Sprintf("user %s was proven before", user), nil
	case waits == nil || waits.User != user:
		return "", fmt.Errorf("machine %s, user %s: %w", m.Name, user, ErrNoPending)
	case m.BMC.Address == "":
		return "", fmt.Errorf("machine %s: its BMC's address is not known: %w", m.Name, oob.ErrNoLogin)
	}
	d, id, err := k.try(ctx, m, *waits)
	if errors.Is(err, oob.ErrCredentials) { // it may have kept no more of it
		waits.Password = waits.Password[:min(len(waits.Password), shortPassword)]
		d, id, err = k.try(ctx, m, *waits)
	}
	if err != nil {
		return "", err
	}
	if err := k.keep(ctx, m, *waits, id, d); err != nil {
		return "", err
	}
	// A power cut before this line leaves two copies of one log-in.
	if err := k.Store.DropCredential(ctx, PendingOwner+m.ID); err != nil {
		return "", err
	}
	return fmt.Sprintf("user %s logs in by %s", waits.User, spelled[d.protocol]), nil
}

// try logs in once, and gives the session back.
func (k *Keeper) try(ctx context.Context, m *machine.Machine, c credential.Credential) (*door, oob.Identity, error) {
	d, err := k.dial(ctx, m, c)
	if err != nil {
		return nil, oob.Identity{}, err
	}
	id, err := d.Identify(ctx)
	if closing := d.Close(context.WithoutCancel(ctx)); closing != nil {
		k.Store.Note(journal.Event{Machine: m.ID, Source: journal.BMC, Text: "The BMC was not logged out of: " + closing.Error()})
	}
	return d, id, err
}

// newPassword makes one of 20 bytes that has, in its first 16 as well, what BMCs ask
// of passwords: both cases, a digit and a sign. Letters that look alike are left out.
func newPassword() oob.Secret {
	const upper, lower, digit, sign = "ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnpqrstuvwxyz", "23456789", "-_.+"
	kinds := []string{upper, lower, digit, sign}
	b := make([]byte, 20)
	for i := range b {
		from := upper + lower + digit
		if i < len(kinds) {
			from = kinds[i]
		}
		b[i] = from[below(len(from))]
	}
	return oob.Secret(b)
}

// below draws evenly from 0 to n-1, for n below 256.
func below(n int) int {
	for b := make([]byte, 1); ; {
		_, _ = rand.Read(b) // never fails (crypto/rand)
		if int(b[0]) < 256-256%n {
			return int(b[0]) % n
		}
	}
}
