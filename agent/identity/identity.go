// Package identity is the key of one boot: made in memory, never written, and
// gone with the boot. Whoever holds it is the one whose calls the appliance
// takes for this machine, once it redeemed the boot token of the script.
//
// It promises that the key leaves the package only by Hand, for the next life of
// the agent on the same boot, and that no two proofs of a boot have one number.
// Packages agent/appliance and agent/pid1 import it, and the virtual rack; it
// imports agent/report.
package identity

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"firstlight/agent/report"
)

// Seed is what a key is made of.
type Seed [ed25519.SeedSize]byte

// NewSeed makes the seed of a boot.
func NewSeed() (s Seed) {
	_, _ = rand.Read(s[:]) // never fails (crypto/rand)
	return s
}

// Hand writes the seed for the next life of the agent.
func (s Seed) Hand(to io.Writer) error {
	_, err := to.Write(s[:])
	return err
}

// Take reads what Hand wrote.
func Take(from io.Reader) (s Seed, err error) {
	if _, err := io.ReadFull(from, s[:]); err != nil {
		return s, fmt.Errorf("read the key of this boot: %w", err)
	}
	if s == (Seed{}) {
		return s, errors.New("read the key of this boot: it is empty")
	}
	return s, nil
}

// Key signs the calls of one boot.
type Key struct {
	private ed25519.PrivateKey
	number  atomic.Uint64
}

// New makes the key of a seed. Numbers of proofs begin above after: a later life
// on the same boot has to give one that all earlier ones stayed below, such as
// the time since the kernel's start in microseconds.
func New(s Seed, after uint64) *Key {
	k := &Key{private: ed25519.NewKeyFromSeed(s[:])}
	k.number.Store(after)
	return k
}

// Public is the key that the appliance is told.
func (k *Key) Public() ed25519.PublicKey {
	return k.private.Public().(ed25519.PublicKey) //nolint:forcetypeassert // Ed25519's
}

// Enrol shows a boot token with the key.
func (k *Key) Enrol(token string) report.Enrol {
	return report.Enrol{Token: token, Key: k.Public(), Proof: ed25519.Sign(k.private, report.EnrolText(token))}
}

// Sign proves one call; calling it again proves another one.
func (k *Key) Sign(challenge, session, method, target string, body []byte) report.Proof {
	return report.Sign(k.private, challenge, k.number.Add(1), session, method, target, body)
}
