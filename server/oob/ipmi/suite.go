package ipmi

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // cipher suite 3 is all that older BMCs have
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
)

// suite is a cipher suite (table 22-20): how both sides prove the password, and
// how packets are signed and encrypted.
type suite struct {
	id                    byte
	auth, integrity, aes  byte // algorithm numbers (tables 13-17 to 13-19)
	hash                  func() hash.Hash
	proof, tag, signature int // bytes of the codes in RAKP 2, in RAKP 4 and in packets
}

// suites are those that are asked for, the better one first.
var suites = []suite{
	{id: 17, auth: 3, integrity: 4, aes: 1, hash: sha256.New, proof: sha256.Size, tag: 16, signature: 16},
	{id: 3, auth: 1, integrity: 1, aes: 1, hash: sha1.New, proof: sha1.Size, tag: 12, signature: 12},
}

func (s suite) mac(key []byte, parts ...[]byte) []byte {
	m := hmac.New(s.hash, key)
	for _, p := range parts {
		m.Write(p)
	}
	return m.Sum(nil)
}

var errGarbled = errors.New("the answer is garbled")

// encrypt is AES-CBC with a random vector in front and a counted pad behind
// (section 13.29).
func encrypt(key, plain []byte) ([]byte, error) {
	block, err := aes.NewCipher(key[:16])
	if err != nil {
		return nil, err
	}
	padded := append([]byte{}, plain...)
	pad := (aes.BlockSize - (len(plain)+1)%aes.BlockSize) % aes.BlockSize
	for i := range pad {
		padded = append(padded, byte(i+1))
	}
	padded = append(padded, byte(pad))
	out := make([]byte, aes.BlockSize+len(padded))
	_, _ = rand.Read(out[:aes.BlockSize]) // never fails (crypto/rand)
	cipher.NewCBCEncrypter(block, out[:aes.BlockSize]).CryptBlocks(out[aes.BlockSize:], padded)
	return out, nil
}

func decrypt(key, sealed []byte) ([]byte, error) {
	if len(sealed) < 2*aes.BlockSize || len(sealed)%aes.BlockSize != 0 {
		return nil, fmt.Errorf("%w: %d bytes are no encrypted packet", errGarbled, len(sealed))
	}
	block, err := aes.NewCipher(key[:16])
	if err != nil {
		return nil, err
	}
	plain := make([]byte, len(sealed)-aes.BlockSize)
	cipher.NewCBCDecrypter(block, sealed[:aes.BlockSize]).CryptBlocks(plain, sealed[aes.BlockSize:])
	pad := int(plain[len(plain)-1])
	if pad >= aes.BlockSize || pad >= len(plain) {
		return nil, fmt.Errorf("%w: a pad of %d bytes", errGarbled, pad)
	}
	return plain[:len(plain)-1-pad], nil
}
