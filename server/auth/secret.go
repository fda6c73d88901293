package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// Digest is the SHA-256 of a random secret. Such secrets hold 80 bits or more,
// so a slow hash would add nothing.
type Digest [sha256.Size]byte

// IsZero tells whether there is no secret behind d.
func (d Digest) IsZero() bool { return d == Digest{} }

// Equal compares in constant time. The zero Digest equals nothing, itself
// included: two absent secrets are not the same secret.
func (d Digest) Equal(other Digest) bool {
	return !d.IsZero() && subtle.ConstantTimeCompare(d[:], other[:]) == 1
}

// String gives d in hex, the way a store may keep it; "" for none.
func (d Digest) String() string {
	if d.IsZero() {
		return ""
	}
	return hex.EncodeToString(d[:])
}

// ParseDigest reads what String gave.
func ParseDigest(text string) (Digest, error) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(Digest{}) {
		return Digest{}, fmt.Errorf("digest of %d characters: want %d hex digits", len(text), 2*len(Digest{}))
	}
	return Digest(b), nil
}

// digest hashes a secret; the empty secret has none.
func digest(secret string) Digest {
	if secret == "" {
		return Digest{}
	}
	return sha256.Sum256([]byte(secret))
}

// TokenPrefix marks API tokens, so that scanners of repositories find them.
const TokenPrefix = "flt_"

const (
	secretBytes = 32 // of sessions and tokens: 256 bits
	codeBytes   = 10 // of one-time codes: 80 bits, 16 characters to type
)

func newSecret(random io.Reader, prefix string) (string, error) {
	b := make([]byte, secretBytes)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("read randomness: %w", err)
	}
	return prefix + base64.RawURLEncoding.EncodeToString(b), nil
}

// newCode gives a code as a person types it: ABCD-EFGH-JKLM-NPQR.
func newCode(random io.Reader) (string, error) {
	b := make([]byte, codeBytes)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", fmt.Errorf("read randomness: %w", err)
	}
	s := base32.StdEncoding.EncodeToString(b)
	return s[:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:], nil
}

// typed undoes what people do to codes: lower case, blanks, missing dashes and
// the digits that base32 does not have (RFC 4648 §6).
var typed = strings.NewReplacer("-", "", " ", "", "\t", "", "0", "O", "1", "I", "8", "B")

func codeDigest(code string) Digest { return digest(typed.Replace(strings.ToUpper(code))) }
