package httpboot

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"firstlight/agent/identity"
	"firstlight/agent/report"
)

const poll = "/agent/v1/order"

var aPoll = call{method: "GET", target: poll}

// G-03: whatever is changed of a session, it is none.
func TestASessionIsOneMACsAndOneKeysAndCannotBeMade(t *testing.T) {
	s, _ := door(t)
	other, _ := door(t, func(c *Config, _ *site) { c.Key = []byte("another key of another appliance") })
	k := keys(ours)
	issued := s.Now().UnixNano()
	good := s.session(ours, issued, k.Public())
	raw, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	flipped := func(i int) string {
		b := append([]byte(nil), raw...)
		b[i] ^= 1
		return base64.RawURLEncoding.EncodeToString(b)
	}
	for _, tt := range []struct {
		name, session string
		want          int
	}{
		{"its own", good, http.StatusNoContent},
		{"of a MAC that no machine has", s.session(alien, issued, k.Public()), http.StatusConflict},
		{"empty", "", http.StatusUnauthorized},
		{"not base64", "!!!", http.StatusUnauthorized},
		{"cut short", good[:len(good)-4], http.StatusUnauthorized},
		{"with more behind it", good + "AAAA", http.StatusUnauthorized},
		{"for another MAC", flipped(5), http.StatusUnauthorized},
		{"for a longer time", flipped(13), http.StatusUnauthorized},
		{"of a later token", flipped(21), http.StatusUnauthorized},
		{"with another key", flipped(22), http.StatusUnauthorized},
		{"with another signature", flipped(sessionBytes - 1), http.StatusUnauthorized},
		{"of another appliance", other.session(ours, issued, k.Public()), http.StatusUnauthorized},
		{"of another agent", s.session(ours, issued, keys(alien).Public()), http.StatusUnauthorized},
		{"its boot token", s.mint(ours, "idle"), http.StatusUnauthorized},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := aPoll.signed(k, tt.session, s.challenge).do(s)
			if body := bodyOf(t, got); got.StatusCode != tt.want {
				t.Errorf("GET order = %d %s, want %d", got.StatusCode, body, tt.want)
			}
		})
	}
}

// G-03: a session that was read on the wire is of no use without the key.
func TestASessionAloneOpensNothing(t *testing.T) {
	s, _ := door(t)
	k := keys(ours)
	session := s.session(ours, s.Now().UnixNano(), k.Public())
	good := call{method: "POST", target: "/agent/v1/progress?x=1", body: `{"step":"write"}`}.signed(k, session, s.challenge)
	fresh := func() call {
		return call{method: good.method, target: good.target, body: good.body}.signed(k, session, s.challenge)
	}
	changed := func(f func(*call)) call { c := fresh(); f(&c); return c }
	if got := good.do(s); got.StatusCode != http.StatusNoContent {
		t.Fatalf("a call with its proof = %d %s", got.StatusCode, bodyOf(t, got))
	}
	for _, tt := range []struct {
		name string
		call call
		says string
	}{
		{"the same call once more", good, "this call was made before"},
		{"no proof", changed(func(c *call) { delete(c.header, report.ProofHeader) }), "is not CHALLENGE.NUMBER.SIGNATURE"},
		{"a proof of nonsense", changed(func(c *call) { c.header[report.ProofHeader] = "a.b.c" }), "is not CHALLENGE.NUMBER.SIGNATURE"},
		{"another body", changed(func(c *call) { c.body = `{"step":"verify"}` }), "not of this call"},
		{"no body", changed(func(c *call) { c.body = "" }), "not of this call"},
		{"another query", changed(func(c *call) { c.target = "/agent/v1/progress?x=2" }), "not of this call"},
		{"another route", changed(func(c *call) { c.target = "/agent/v1/result?x=1" }), "not of this call"},
		{"the proof of another's key", call{method: "POST", target: good.target, body: good.body}.signed(keys(alien), session, s.challenge), "not of this call"},
		{"as a bearer", call{method: "POST", target: good.target, body: good.body}.with("Authorization", "Bearer "+session), "boot again"},
		{"another scheme", changed(func(c *call) { c.header["Authorization"] = "Basic " + session }), "boot again"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.call.do(s)
			body := bodyOf(t, got)
			if got.StatusCode != http.StatusUnauthorized || !strings.Contains(body, tt.says) || got.Header.Get(report.ChallengeHeader) != "" {
				t.Errorf("answer = %d %s, want 401 and %q", got.StatusCode, body, tt.says)
			}
		})
	}
	if got := fresh().do(s); got.StatusCode != http.StatusNoContent {
		t.Errorf("the agent's next call = %d", got.StatusCode)
	}
}

func TestASessionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before, _ := door(t)
		k := keys(ours)
		session := before.session(ours, before.Now().UnixNano(), k.Public())
		time.Sleep(29 * 24 * time.Hour)
		after, _ := door(t)
		if got := aPoll.signed(k, session, after.challenge).do(after); got.StatusCode != http.StatusNoContent {
			t.Errorf("GET order after 29 days and a restart = %d, want 204", got.StatusCode)
		}
		time.Sleep(2 * 24 * time.Hour)
		if got := aPoll.signed(k, session, after.challenge).do(after); got.StatusCode != http.StatusUnauthorized {
			t.Errorf("GET order after 31 days = %d, want 401", got.StatusCode)
		}
	})
}

// G-03: what was recorded before the appliance was started anew is as old after it.
func TestARecordedCallIsOldAfterARestart(t *testing.T) {
	before, _ := door(t)
	k := keys(ours)
	session := before.session(ours, before.Now().UnixNano(), k.Public())
	recorded := aPoll.signed(k, session, before.challenge)
	after, _ := door(t)
	got := recorded.do(after)
	challenge := got.Header.Get(report.ChallengeHeader)
	if got.StatusCode != http.StatusUnauthorized || challenge != after.challenge || challenge == before.challenge {
		t.Fatalf("answer = %d with the challenge %q, want 401 with %q", got.StatusCode, challenge, after.challenge)
	}
	if got := aPoll.signed(k, session, challenge).do(after); got.StatusCode != http.StatusNoContent {
		t.Errorf("signed on the new challenge = %d, want 204", got.StatusCode)
	}
}

// FuzzProofHeader shows any headers: what comes is a refusal, and never a fault.
func FuzzProofHeader(f *testing.F) {
	s, _ := door(f)
	k := identity.New(identity.Seed{1}, 0)
	session := s.session(ours, s.Now().UnixNano(), k.Public())
	f.Add("Firstlight "+session, "a.1.b")
	f.Add("Bearer "+session, k.Sign(s.challenge, session, "GET", "/other", nil).String())
	f.Add("Firstlight", "..")
	f.Fuzz(func(t *testing.T, authorization, proof string) {
		c := aPoll.with("Authorization", authorization).with(report.ProofHeader, proof)
		if got := c.do(s); got.StatusCode != http.StatusUnauthorized {
			t.Errorf("%q with %q = %d, want 401", authorization, proof, got.StatusCode)
		}
	})
}
