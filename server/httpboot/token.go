package httpboot

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"

	"firstlight/server/boot"
	"firstlight/server/machine"
	"firstlight/server/trust"
)

// A boot token is MAC, time, 256 random bits, what the script is for, and an
// HMAC over all of it. A script that is asked for writes nothing: that a token is
// ours says the HMAC, and that it was not used says the last enrolment of its MAC.
const (
	tokenRandom = 32
	tokenFixed  = 6 + 8 + tokenRandom
	tagBytes    = 16
	maxToken    = tokenFixed + 32 + tagBytes
)

// mint makes the boot token of a script.
func (s *Server) mint(mac machine.MAC, mode boot.Mode) string {
	b := make([]byte, 0, maxToken)
	b = append(b, mac[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(s.issue(mac))) //nolint:gosec // times after 1970
	b = b[:tokenFixed]
	_, _ = rand.Read(b[tokenFixed-tokenRandom:]) // never fails (crypto/rand)
	b = append(b, mode...)
	b = append(b, s.tag("boot token v1", b)...)
	return base64.RawURLEncoding.EncodeToString(b)
}

// issue is the time of a token, above those of the tokens that are used up: our
// clock may have been set back since.
func (s *Server) issue(mac machine.MAC) int64 {
	now := s.Now().UnixNano()
	if e, ok := s.Records.Enrolment(mac); ok {
		return max(now, e.Issued+1)
	}
	return now
}

// opened reads a boot token, if it is one of ours.
func (s *Server) opened(text string) (mac machine.MAC, t trust.BootToken, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < tokenFixed+tagBytes || len(b) > maxToken {
		return mac, t, false
	}
	body, tag := b[:len(b)-tagBytes], b[len(b)-tagBytes:]
	if !hmac.Equal(tag, s.tag("boot token v1", body)) {
		return mac, t, false
	}
	sum := sha256.Sum256([]byte(text))
	t = trust.BootToken{
		Hash:   hex.EncodeToString(sum[:]),
		Issued: int64(binary.BigEndian.Uint64(body[6:14])), //nolint:gosec // written by mint
		Phase:  string(body[tokenFixed:]),
	}
	return machine.MACFrom(body[:6]), t, true
}

// tag proves that something is ours, for one use.
func (s *Server) tag(use string, b []byte) []byte {
	h := hmac.New(sha256.New, s.Key)
	h.Write([]byte(use + "\x00"))
	h.Write(b)
	return h.Sum(nil)[:tagBytes]
}
