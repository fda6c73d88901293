package serverdb

import (
	"context"

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

// ForgetCredentials drops what is kept under these owners.
func (w *Write) ForgetCredentials(owners ...string) error {
	for _, o := range owners {
		if err := w.tx.DropCredential(o); err != nil {
			return err
		}
	}
	return nil
}

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
