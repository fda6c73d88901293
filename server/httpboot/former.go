package httpboot

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"
	"net/http"
	"time"

	"firstlight/server/machine"
	"firstlight/server/trust"
)

// Agents of releases before the boot token sit in memory with a session that is
// a bearer's: MAC, expiry and an HMAC. None is made any more. Those that there
// are go on for formerLife after the first start of this release, and up to as
// much longer, each machine by its MAC, so that a fleet does not boot anew in one
// moment; one that installs goes on until it is done.
const (
	formerScheme = "Bearer"
	formerBytes  = 6 + 8 + tagBytes
	formerLife   = 24 * time.Hour
)

// former gives whose call it is by a session of a former release. It counts as
// the rung of the token, which such an agent cannot have.
func (s *Server) former(text string) (caller, error) {
	refuse := status(http.StatusUnauthorized, errSession)
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) != formerBytes || !hmac.Equal(b[14:], s.tag("agent session v1", b[:14])) {
		return caller{}, refuse
	}
	mac, expires := machine.MACFrom(b[:6]), time.Unix(int64(binary.BigEndian.Uint64(b[6:14])), 0) //nolint:gosec // written by us
	m, known := s.Inventory.ByMAC(mac)
	installs := known && m.Status == machine.Installing
	if s.Now().After(expires) || s.Now().After(s.formerUntil(mac)) && !installs {
		return caller{}, refuse
	}
	if _, ok := s.Records.Enrolment(mac); ok {
		return caller{}, status(http.StatusUnauthorized, errSuperseded)
	}
	return caller{mac: mac, shown: trust.Evidence{Token: trust.Proof{At: expires.Add(-sessionLife), How: "session of a former release"}}}, nil
}

func (s *Server) formerUntil(mac machine.MAC) time.Time {
	h := fnv.New64a()
	_, _ = h.Write(mac[:]) // never fails
	return s.Since.Add(formerLife + time.Duration(h.Sum64()%uint64(formerLife)))
}
