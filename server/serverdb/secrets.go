package serverdb

import (
	"context"
	"maps"
	"slices"

	"firstlight/server/machine"
	"firstlight/server/serverdb/store"
)

// Credential reads a sealed credential, "" where there is none.
func (d *DB) Credential(ctx context.Context, owner string) (sealed string, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		sealed, err = tx.Credential(owner)
		return err
	})
	return sealed, err
}

// PutCredential keeps a sealed credential.
func (d *DB) PutCredential(ctx context.Context, owner, sealed string) error {
	return d.Do(ctx, func(w *Write) error { return w.tx.PutCredential(owner, sealed) })
}

// DropCredential forgets a sealed credential.
func (d *DB) DropCredential(ctx context.Context, owner string) error {
	return d.Do(ctx, func(w *Write) error { return w.tx.DropCredential(owner) })
}

// PendingCredential is the sealed log-in that the agent of a machine is to set on
// its BMC; "": none.
func (w *Write) PendingCredential(machineID string) (string, error) {
	return w.tx.Credential("pending:" + machineID)
}

// CredentialOwners are all owners of the log-ins to one machine's BMC.
func CredentialOwners(m *machine.Machine) []string {
	return []string{m.ID, "serial:" + m.Serial, "pending:" + m.ID}
}

// GateOwner owns the secret of a gate.
func GateOwner(gate string) string { return "appliance:gate:" + gate }

// ForgetCredentials drops what is kept under these owners.
func (w *Write) ForgetCredentials(owners ...string) error {
	for _, o := range owners {
		if err := w.tx.DropCredential(o); err != nil {
			return err
		}
	}
	return nil
}

// metaKey is the id of the key that the secrets are sealed with.
const metaKey = "sealing-key"

// SealedWith is the id of the key that the secrets are sealed with; "" where
// nothing was sealed yet.
func (d *DB) SealedWith(ctx context.Context) (id string, err error) { return d.Meta(ctx, metaKey) }

// PutSealedWith notes with which key the secrets are sealed.
func (d *DB) PutSealedWith(ctx context.Context, id string) error { return d.PutMeta(ctx, metaKey, id) }

// EachSecret gives every sealed secret, in the order of their owners.
func (d *DB) EachSecret(ctx context.Context, see func(owner, sealed string) error) error {
	return d.store.View(ctx, func(tx *store.Tx) error {
		all, err := tx.Credentials()
		if err != nil {
			return err
		}
		return inOrder(all, see)
	})
}

func inOrder(all map[string]string, see func(owner, sealed string) error) error {
	for _, owner := range slices.Sorted(maps.Keys(all)) {
		if err := see(owner, all[owner]); err != nil {
			return err
		}
	}
	return nil
}

// Reseal writes every sealed secret anew, for the key with an id, and its entry
// in the audit: all in one commit. anew gives "" for a secret to be dropped.
func (d *DB) Reseal(ctx context.Context, who Actor, id string, anew func(owner, sealed string) (string, error)) error {
	return d.Do(ctx, func(w *Write) error {
		before, err := w.tx.Meta(metaKey)
		if err != nil {
			return err
		}
		all, err := w.tx.Credentials()
		if err != nil {
			return err
		}
		err = inOrder(all, func(owner, sealed string) error {
			sealed, err := anew(owner, sealed)
			switch {
			case err != nil:
				return err
			case sealed == "":
				return w.tx.DropCredential(owner)
			}
			return w.tx.PutCredential(owner, sealed)
		})
		if err != nil {
			return err
		}
		if err := w.tx.PutMeta(metaKey, id); err != nil {
			return err
		}
		return w.Audit(who, "rotate key", "sealing key", before, id)
	})
}

// Scrub takes away what replaced secrets left behind in the database's files.
func (d *DB) Scrub(ctx context.Context) error { return d.store.Scrub(ctx) }

// Meta reads one of the appliance's own values, "" where there is none.
func (d *DB) Meta(ctx context.Context, key string) (value string, err error) {
	err = d.store.View(ctx, func(tx *store.Tx) (err error) {
		value, err = tx.Meta(key)
		return err
	})
	return value, err
}

// PutMeta keeps one of the appliance's own values.
func (d *DB) PutMeta(ctx context.Context, key, value string) error {
	return d.Do(ctx, func(w *Write) error { return w.tx.PutMeta(key, value) })
}
