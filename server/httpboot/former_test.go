package httpboot

import (
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"firstlight/server/machine"
	"firstlight/server/trust"
)

// formerSession is one as releases before the boot token wrote it.
func formerSession(s *Server, mac machine.MAC, issued time.Time) call {
	b := binary.BigEndian.AppendUint64(mac[:len(mac):len(mac)], uint64(issued.Add(sessionLife).Unix())) //nolint:gosec // after 1970
	return aPoll.with("Authorization", "Bearer "+base64.RawURLEncoding.EncodeToString(append(b, s.tag("agent session v1", b)...)))
}

// An appliance is upgraded while agents of the former release are in memory.
func TestAnAgentOfAFormerReleaseEndsInItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, st := door(t, func(c *Config, _ *site) { c.Since = time.Now() })
		issued := time.Now().Add(-20 * 24 * time.Hour)
		want := func(what string, code int) {
			t.Helper()
			if got := formerSession(s, ours, issued).do(s); got.StatusCode != code {
				t.Errorf("%s: %d %s, want %d", what, got.StatusCode, bodyOf(t, got), code)
			}
		}
		want("at the upgrade", http.StatusNoContent)
		redeem := formerSession(s, ours, issued)
		redeem.method, redeem.target, redeem.body = "POST", "/agent/v1/redeem", `{"order":"o","token":"t"}`
		if got := redeem.do(s); got.StatusCode != http.StatusOK || st.shown.Rung() != trust.Token {
			t.Errorf("an install that was ordered is redeemed with %d, on the rung %s", got.StatusCode, st.shown.Rung())
		}
		time.Sleep(formerLife) //nolint:forbidigo // in synctest's time
		want("a day later", http.StatusNoContent)
		time.Sleep(formerLife) //nolint:forbidigo // in synctest's time
		want("two days later", http.StatusUnauthorized)
		st.machines[ours].Status = machine.Installing
		want("two days later, in the middle of an install", http.StatusNoContent)
		time.Sleep(9 * 24 * time.Hour) //nolint:forbidigo // in synctest's time
		want("when it would have ended anyway", http.StatusUnauthorized)
	})
}

func TestAFormerSessionEndsWithTheFirstEnrolment(t *testing.T) {
	s, _ := door(t, func(c *Config, _ *site) { c.Since = time.Now() })
	former := formerSession(s, ours, time.Now())
	if got := former.do(s); got.StatusCode != http.StatusNoContent {
		t.Fatalf("before it: %d", got.StatusCode)
	}
	enrols(t, s, newKey(), tokenOf(t, s))
	wantRefused(t, "after it", former.do(s), "booted anew since")
}

// A fleet must not boot anew in one moment.
func TestFormerSessionsEndOneAfterAnother(t *testing.T) {
	s, _ := door(t, func(c *Config, _ *site) { c.Since = time.Now() })
	hours := map[int]int{}
	for i := range 2400 {
		end := s.formerUntil(machine.MAC{2, 0, 0, 0, byte(i >> 8), byte(i)}).Sub(s.Since) - formerLife
		hours[int(end/time.Hour)]++
	}
	for h := range 24 {
		if n := hours[h]; n < 50 || n > 150 {
			t.Errorf("in hour %d end %d of 2400, want about 100", h, n)
		}
	}
}
