package credential

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"

	"firstlight/server/oob"
)

// Place is the one place where a sealed secret may stand. Moved to another host,
// field or version, it does not open: whoever can write the database cannot give
// one machine's password to another, nor bring an old one back.
type Place struct {
	Host, Field string
	Version     uint64
}

// ErrSealed says that a secret does not open: another key, another place, or
// damage. Which of them, nobody can tell, except for another key.
var ErrSealed = errors.New("the secret does not open")

// The envelope, version 1: a data key of its own for every secret, sealed with
// the appliance's key, so that a new appliance key rewrites 60 bytes a row and
// never holds a password.
//
//	1 byte version, 8 bytes key id, 60 bytes sealed data key, the rest: sealed secret
//
// Both seals are AES-256-GCM with a random nonce in front (SP 800-38D section
// 8.2.2), bound to the place.
const (
	envelope   = 1
	keyIDSize  = 8
	sealedKey  = gcmNonce + keySize + gcmTag
	headerSize = 1 + keyIDSize + sealedKey
	gcmNonce   = 12
	gcmTag     = 16
)

// Seal encrypts a secret for its place.
func Seal(k *Key, at Place, s oob.Secret) ([]byte, error) {
	var data Key
	if _, err := rand.Read(data.bytes[:]); err != nil {
		return nil, fmt.Errorf("seal the secret of %s: %w", at.Host, err)
	}
	sealed, err := k.wrap(at, &data)
	if err != nil {
		return nil, fmt.Errorf("seal the secret of %s: %w", at.Host, err)
	}
	aead, err := data.aead()
	if err != nil {
		return nil, fmt.Errorf("seal the secret of %s: %w", at.Host, err)
	}
	return aead.Seal(sealed, nil, []byte(s), at.bytes()), nil
}

// Open decrypts what Seal made for the same place.
func Open(k *Key, at Place, sealed []byte) (oob.Secret, error) {
	data, err := k.unwrap(at, sealed)
	if err != nil {
		return "", fmt.Errorf("open the secret of %s: %w", at.Host, err)
	}
	aead, err := data.aead()
	if err != nil {
		return "", fmt.Errorf("open the secret of %s: %w", at.Host, err)
	}
	plain, err := aead.Open(nil, nil, sealed[headerSize:], at.bytes())
	if err != nil {
		return "", fmt.Errorf("open the secret of %s: %w", at.Host, ErrSealed)
	}
	return oob.Secret(plain), nil
}

// Rewrap moves a sealed secret to a new key without decrypting it.
func Rewrap(from, to *Key, at Place, sealed []byte) ([]byte, error) {
	data, err := from.unwrap(at, sealed)
	if err != nil {
		return nil, fmt.Errorf("rewrap the secret of %s: %w", at.Host, err)
	}
	header, err := to.wrap(at, data)
	if err != nil {
		return nil, fmt.Errorf("rewrap the secret of %s: %w", at.Host, err)
	}
	return append(header, sealed[headerSize:]...), nil
}

// wrap makes the header: which key, and the data key sealed with it.
func (k *Key) wrap(at Place, data *Key) ([]byte, error) {
	aead, err := k.aead()
	if err != nil {
		return nil, err
	}
	id := k.id()
	header := append([]byte{envelope}, id[:]...)
	return aead.Seal(header, nil, data.bytes[:], at.bytes()), nil
}

func (k *Key) unwrap(at Place, sealed []byte) (*Key, error) {
	if len(sealed) < headerSize || sealed[0] != envelope {
		return nil, fmt.Errorf("%w: it is no envelope of version %d", ErrSealed, envelope)
	}
	if id := k.id(); [keyIDSize]byte(sealed[1:1+keyIDSize]) != id {
		return nil, fmt.Errorf("%w: it was sealed with key %x, this is key %x: give the key file of that time", ErrSealed, sealed[1:1+keyIDSize], id)
	}
	aead, err := k.aead()
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, sealed[1+keyIDSize:headerSize], at.bytes())
	if err != nil {
		return nil, ErrSealed
	}
	return &Key{bytes: [keySize]byte(plain)}, nil
}

func (k *Key) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(k.bytes[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// bytes is the place as additional data. Lengths stand before the texts, so that
// no two places read alike.
func (p Place) bytes() []byte {
	out := []byte("firstlight secret")
	for _, text := range []string{p.Host, p.Field} {
		out = binary.BigEndian.AppendUint64(out, uint64(len(text)))
		out = append(out, text...)
	}
	return binary.BigEndian.AppendUint64(out, p.Version)
}
