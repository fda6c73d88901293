package gate

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"firstlight/server/oob"
	"firstlight/server/oob/credential"
	"firstlight/server/serverdb"
)

// Store keeps what is sealed.
type Store interface {
	Credential(ctx context.Context, owner string) (sealed string, err error)
	PutCredential(ctx context.Context, owner, sealed string) error
}

// Keys are the secrets of gates, each sealed for its own.
type Keys struct {
	Store Store
	Key   *credential.Key
}

// errNoSecret is why a request of a gate without one does not go out.
var errNoSecret = errors.New("the gate has no secret to sign with: make one with firstlight gate secret")

// Make gives a gate a new secret and shows it, this once: 32 random bytes as
// Standard Webhooks write them.
func (k *Keys) Make(ctx context.Context, gate string) (string, error) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails (crypto/rand)
	text := prefix + base64.StdEncoding.EncodeToString(secret)
	sealed, err := credential.SealText(k.Key, serverdb.GateOwner(gate), oob.Secret(text))
	if err != nil {
		return "", err
	}
	return text, k.Store.PutCredential(ctx, serverdb.GateOwner(gate), sealed)
}

func (k *Keys) open(ctx context.Context, gate string) ([]byte, error) {
	text, err := k.Store.Credential(ctx, serverdb.GateOwner(gate))
	if err != nil {
		return nil, err
	}
	if text == "" {
		return nil, errNoSecret
	}
	secret, err := credential.OpenText(k.Key, serverdb.GateOwner(gate), text)
	if err != nil {
		return nil, fmt.Errorf("secret of gate %s: %w: make a new one with firstlight gate secret %s", gate, err, gate)
	}
	return base64.StdEncoding.DecodeString(strings.TrimPrefix(string(secret), prefix))
}
