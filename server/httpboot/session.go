package httpboot

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"firstlight/agent/report"
	"firstlight/server/machine"
	"firstlight/server/trust"
)

// sessionLife is how long an agent may stay up on one boot. A machine that
// waits available for longer reboots into a new session.
const sessionLife = 30 * 24 * time.Hour

// A session is MAC, expiry, time of the token, the public key of the boot, and an HMAC over all of
// it: it says that this key redeemed a boot token of this MAC, needs no row, and
// works after a restart. It lets the holder of the key report and listen; whatever is
// destructive needs a single-use token besides.
const sessionBytes = 6 + 8 + 8 + ed25519.PublicKeySize + tagBytes

var errSession = errors.New("session: unknown or expired; boot again")

// session makes the session of a MAC and a key.
func (s *Server) session(mac machine.MAC, issued int64, key ed25519.PublicKey) string {
	b := make([]byte, 0, sessionBytes)
	b = append(b, mac[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(s.Now().Add(sessionLife).Unix())) //nolint:gosec // times after 1970
	b = binary.BigEndian.AppendUint64(b, uint64(issued))                          //nolint:gosec // times after 1970
	b = append(b, key...)
	b = append(b, s.tag("agent session v2", b)...)
	return base64.RawURLEncoding.EncodeToString(b)
}

// caller is whose call it is, and what the boot has proven.
type caller struct {
	mac    machine.MAC
	key    string // fingerprint; "": a session of a former release
	issued int64  // its token
	shown  trust.Evidence
}

// signed asks for a session and the proof of this very call before a route is
// served.
func signed(serve func(*Server, http.ResponseWriter, *http.Request) error) func(*Server, http.ResponseWriter, *http.Request) error {
	return func(s *Server, w http.ResponseWriter, r *http.Request) error {
		c, err := s.verify(w, r)
		if err != nil {
			return err
		}
		return serve(s, w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
	}
}

type callerKey struct{}

// verify gives whose call a request is. It reads the body, of which the proof is.
func (s *Server) verify(w http.ResponseWriter, r *http.Request) (caller, error) {
	refuse := status(http.StatusUnauthorized, errSession)
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if scheme == formerScheme {
		return s.former(text)
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if scheme != report.SessionScheme || err != nil || len(b) != sessionBytes {
		return caller{}, refuse
	}
	body, tag := b[:sessionBytes-tagBytes], b[sessionBytes-tagBytes:]
	if !hmac.Equal(tag, s.tag("agent session v2", body)) || s.Now().Unix() > int64(binary.BigEndian.Uint64(b[6:14])) { //nolint:gosec // written by session
		return caller{}, refuse
	}
	mac, issued, key := machine.MACFrom(b[:6]), int64(binary.BigEndian.Uint64(b[14:22])), ed25519.PublicKey(body[22:]) //nolint:gosec // written by session
	if err := s.proven(w, r, mac, text, key); err != nil {
		return caller{}, err
	}
	return s.enrolled(r, mac, issued, report.Fingerprint(key))
}

// proven checks the proof of a call. One on a challenge of an earlier life of
// ours gets the new one: the agent signs again.
func (s *Server) proven(w http.ResponseWriter, r *http.Request, mac machine.MAC, session string, key ed25519.PublicKey) error {
	p, err := report.ParseProof(r.Header.Get(report.ProofHeader))
	if err != nil {
		return status(http.StatusUnauthorized, err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	switch {
	case !p.Of(key, session, r.Method, r.RequestURI, body):
		return status(http.StatusUnauthorized, errors.New("the proof is not of this call"))
	case p.Challenge != s.challenge:
		w.Header().Set(report.ChallengeHeader, s.challenge)
		return status(http.StatusUnauthorized, errors.New("the proof is on another challenge: sign this one"))
	case !s.calls.take(mac, string(key), p.Number):
		return status(http.StatusUnauthorized, errors.New("this call was made before"))
	}
	return nil
}

// enrolled refuses the key of an earlier boot than the last one that enrolled.
func (s *Server) enrolled(r *http.Request, mac machine.MAC, issued int64, key string) (caller, error) {
	e, ok := s.Records.Enrolment(mac)
	switch {
	case !ok || e.Issued < issued: // an older database was restored: the session says as much
		shown := trust.Enrolment{Key: key, At: time.Unix(0, issued), From: source(r).String()}
		return caller{mac: mac, key: key, issued: issued, shown: shown.Evidence()}, nil
	case e.Key != key:
		if err := s.superseded(r.Context(), mac, key, source(r).String()); err != nil {
			return caller{}, err
		}
		return caller{}, status(http.StatusUnauthorized, errSuperseded)
	}
	return caller{mac: mac, key: key, issued: issued, shown: e.Evidence()}, nil
}

var errSuperseded = errors.New("session: the machine booted anew since, with another key; boot again")

// who is whose call it is, once verify has let it through. A long poll may last
// longer than the boot.
func (s *Server) who(r *http.Request) (caller, error) {
	c, _ := r.Context().Value(callerKey{}).(caller)
	switch e, ok := s.Records.Enrolment(c.mac); {
	case !ok || e.Issued < c.issued:
	case e.Key != c.key:
		return caller{}, status(http.StatusUnauthorized, errSuperseded)
	default:
		c.shown = e.Evidence()
	}
	return c, nil
}

// agent gives the machine whose agent calls. One that has not reported since
// it booted is told to.
func (s *Server) agent(r *http.Request) (*machine.Machine, error) {
	c, err := s.who(r)
	if err != nil {
		return nil, err
	}
	return s.machineOf(c)
}

func (s *Server) machineOf(c caller) (*machine.Machine, error) {
	m, ok := s.Inventory.ByMAC(c.mac)
	if !ok {
		return nil, status(http.StatusConflict, fmt.Errorf("interface %s belongs to no machine: report first", c.mac))
	}
	return m, nil
}
