package auth

import (
	"context"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// Cost of a password hash: the first choice of the OWASP password storage cheat
// sheet (19 MiB, two passes, one lane). RFC 9106's 64 MiB would double
// the idle memory of the appliance with every log-in.
const (
	hashMemory  = 19 * 1024 // KiB
	hashPasses  = 2
	hashLanes   = 1
	hashSalt    = 16
	hashKey     = 32
	hashPattern = "$argon2id$v=%d$m=%d,t=%d,p=%d$"
)

// Limits of a password: length is what counts, not its kinds of characters
// (NIST SP 800-63B §3.1.1). The upper one bounds the work of hashing.
const (
	minPassword = 8
	maxPassword = 256
)

// The 3,000 most frequent passwords of eight characters and more, from the
// frequency lists of zxcvbn 4.4.2 (Dan Wheeler and Dropbox, MIT licence).
//
//go:embed common.txt
var commonPasswords string

var common = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for p := range strings.Lines(commonPasswords) {
		m[strings.TrimSpace(p)] = true
	}
	return m
})

// checkPassword refuses passwords that are easily guessed.
func checkPassword(name, password string) error {
	switch n := utf8.RuneCountInString(password); {
	case n < minPassword:
		return refuse("the password has %d characters: want at least %d, better 15", n, minPassword)
	case len(password) > maxPassword:
		return refuse("the password has %d bytes: want at most %d", len(password), maxPassword)
	case !utf8.ValidString(password):
		return refuse("the password is not valid UTF-8")
	case common()[strings.ToLower(password)]:
		return refuse("the password is one of the 3,000 most common ones: choose another, such as four words")
	case strings.EqualFold(password, name):
		return refuse("the password is the name: choose another")
	}
	return nil
}

// hasher bounds how many hashes are made at once: each takes 19 MiB, and a
// crowd at the log-in page must not take the appliance's memory.
type hasher struct {
	random io.Reader
	slots  chan struct{}
	decoy  string // verified where there is no account, so that the work is the same
}

func newHasher(random io.Reader) (*hasher, error) {
	h := &hasher{random: random, slots: make(chan struct{}, 2)}
	nothing, err := newSecret(random, "")
	if err == nil {
		h.decoy, err = h.hash(context.Background(), nothing)
	}
	return h, err
}

// hash gives the PHC form of a password's argon2id hash.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, hashSalt)
	if _, err := io.ReadFull(h.random, salt); err != nil {
		return "", fmt.Errorf("read randomness: %w", err)
	}
	key, err := h.key(ctx, password, salt)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf(hashPattern, argon2.Version, hashMemory, hashPasses, hashLanes) + b64(salt) + "$" + b64(key), nil
}

func (h *hasher) key(ctx context.Context, password string, salt []byte) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
		return argon2.IDKey([]byte(password), salt, hashPasses, hashMemory, hashLanes, hashKey), nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash: %w", ctx.Err())
	}
}

// verify tells whether the password is the one behind a hash. An empty hash
// costs as much as any other and never matches.
func (h *hasher) verify(ctx context.Context, hash, password string) (bool, error) {
	absent := hash == ""
	if absent {
		hash = h.decoy
	}
	prefix := fmt.Sprintf(hashPattern, argon2.Version, hashMemory, hashPasses, hashLanes)
	salt, want, err := parseHash(strings.TrimPrefix(hash, prefix))
	if err != nil || !strings.HasPrefix(hash, prefix) {
		return false, fmt.Errorf("read password hash: it is not argon2id with this version's cost; set the password again")
	}
	got, err := h.key(ctx, password, salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && !absent, nil
}

func parseHash(text string) (salt, key []byte, err error) {
	s, k, _ := strings.Cut(text, "$")
	if salt, err = base64.RawStdEncoding.DecodeString(s); err != nil {
		return nil, nil, err
	}
	if key, err = base64.RawStdEncoding.DecodeString(k); err == nil && len(key) != hashKey {
		err = fmt.Errorf("key of %d bytes", len(key))
	}
	return salt, key, err
}
