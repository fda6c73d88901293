package httpboot

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"firstlight/server/machine"
)

// sessionLife is how long an agent may stay up on one boot. A machine that
// waits available for longer reboots into a new session.
const sessionLife = 30 * 24 * time.Hour

// A session is MAC, expiry and an HMAC over both: it says that this MAC booted
// our agent, needs no row, and works after a restart. It lets the agent report
// and listen; whatever is destructive needs a single-use token besides.
const sessionBytes = 6 + 8 + 16

var errSession = errors.New("session: unknown or expired; boot again")

// sign makes the session of a MAC.
func (s *Server) sign(mac machine.MAC, now time.Time) string {
	b := make([]byte, 0, sessionBytes)
	b = append(b, mac[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(now.Add(sessionLife).Unix())) //nolint:gosec // times after 1970
	b = append(b, s.mac(b)...)
	return base64.RawURLEncoding.EncodeToString(b)
}

func (s *Server) mac(b []byte) []byte {
	h := hmac.New(sha256.New, s.Key)
	h.Write([]byte("agent session v1\x00"))
	h.Write(b)
	return h.Sum(nil)[:16]
}

// verify gives the MAC of a request's session.
func (s *Server) verify(r *http.Request) (machine.MAC, error) {
	refuse := status(http.StatusUnauthorized, errSession)
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return machine.MAC{}, refuse
	}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != sessionBytes || !hmac.Equal(b[14:], s.mac(b[:14])) {
		return machine.MAC{}, refuse
	}
	if expires := int64(binary.BigEndian.Uint64(b[6:14])); s.Now().Unix() > expires { //nolint:gosec // written by sign
		return machine.MAC{}, refuse
	}
	return machine.MACFrom(b[:6]), nil
}

// agent gives the machine whose agent calls. One that has not reported since
// it booted is told to.
func (s *Server) agent(r *http.Request) (*machine.Machine, error) {
	mac, err := s.verify(r)
	if err != nil {
		return nil, err
	}
	m, ok := s.Inventory.ByMAC(mac)
	if !ok {
		return nil, status(http.StatusConflict, fmt.Errorf("interface %s belongs to no machine: report first", mac))
	}
	return m, nil
}
