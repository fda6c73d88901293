package report

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Headers of a call. A session says which boot calls and a proof that the call
// comes from the one who holds its key: a session that was read off the wire is
// of no use alone.
const (
	SessionScheme   = "Firstlight"           // of Authorization, before the session
	ProofHeader     = "Firstlight-Proof"     // see Proof
	ChallengeHeader = "Firstlight-Challenge" // of a 401: sign again, with this one
)

// ChallengeBytes are random, and of one life of the appliance.
const ChallengeBytes = 16

// Enrol trades the boot token of a script for a session, once. The same key may
// ask again with the same token: an answer may be lost.
type Enrol struct {
	Token string `json:"token"`
	Key   []byte `json:"key"` // Ed25519, public
	// Proof is Token signed, so that nobody enrols another's key.
	Proof []byte `json:"proof"`
}

// EnrolText is what Enrol.Proof signs.
func EnrolText(token string) []byte { return []byte("firstlight enrol v1\n" + token + "\n") }

// Enrolled answers Enrol.
type Enrolled struct {
	Session   string `json:"session"`
	Challenge string `json:"challenge"` // for the proofs of the calls to come
}

// Proof is what a call carries beside its session: the appliance's challenge, a
// number that no other call on it has, and a signature over both, the session
// and all of the call. Neither side's clock is in it, because a machine's may
// stand in 2003. The challenge is that of DPoP (RFC 9449 §8); the numbers are
// those of IPsec (RFC 4303 §3.4.3).
//
// HTTP Message Signatures (RFC 9421) would do the same with a grammar of
// components and parameters, most of which would have to be refused here. What
// is signed is fixed instead.
type Proof struct {
	Challenge string
	Number    uint64
	Signature []byte
}

// text is what is signed. No part of it can hold the end of a line.
func (p Proof) text(session, method, target string, body []byte) []byte {
	return fmt.Appendf(nil, "firstlight call v1\n%s\n%s\n%d\n%s\n%s\n%x\n", session, p.Challenge, p.Number, method, target, sha256.Sum256(body))
}

// Sign makes the proof of a call. target is the path with the query, as it is on
// the wire.
func Sign(key ed25519.PrivateKey, challenge string, number uint64, session, method, target string, body []byte) Proof {
	p := Proof{Challenge: challenge, Number: number}
	p.Signature = ed25519.Sign(key, p.text(session, method, target, body))
	return p
}

// Of tells whether the holder of a key made this call.
func (p Proof) Of(key ed25519.PublicKey, session, method, target string, body []byte) bool {
	if strings.ContainsAny(session+method+target, "\r\n") {
		return false
	}
	return ed25519.Verify(key, p.text(session, method, target, body), p.Signature)
}

// String is the header's value.
func (p Proof) String() string {
	return p.Challenge + "." + strconv.FormatUint(p.Number, 10) + "." + base64.RawURLEncoding.EncodeToString(p.Signature)
}

var errProof = errors.New(ProofHeader + " is not CHALLENGE.NUMBER.SIGNATURE")

// proofBytes bounds what is looked at.
const proofBytes = 160

// ParseProof reads a header's value. There is one way to write each proof.
func ParseProof(s string) (Proof, error) {
	parts := strings.Split(s, ".")
	if len(s) > proofBytes || len(parts) != 3 {
		return Proof{}, errProof
	}
	challenge, err := base64.RawURLEncoding.Strict().DecodeString(parts[0])
	number, err2 := strconv.ParseUint(parts[1], 10, 64)
	signature, err3 := base64.RawURLEncoding.Strict().DecodeString(parts[2])
	p := Proof{Challenge: parts[0], Number: number, Signature: signature}
	if errors.Join(err, err2, err3) != nil || len(challenge) != ChallengeBytes || len(signature) != ed25519.SignatureSize || p.String() != s {
		return Proof{}, errProof
	}
	return p, nil
}

// Fingerprint names a public key as people compare it.
func Fingerprint(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}
