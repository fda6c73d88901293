package httpboot

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"firstlight/agent/appliance"
	"firstlight/agent/identity"
	"firstlight/agent/report"
	"firstlight/server/machine"
	"firstlight/server/trust"
)

// tokenOf asks for a script and reads its boot token.
func tokenOf(t testing.TB, s *Server) string {
	t.Helper()
	body := bodyOf(t, call{method: "GET", target: asks}.do(s))
	found := regexp.MustCompile(`firstlight\.token=(\S+)`).FindStringSubmatch(body)
	if found == nil {
		t.Fatalf("no boot token in %s", body)
	}
	return found[1]
}

func newKey() *identity.Key { return identity.New(identity.NewSeed(), 0) }

func enrolling(t testing.TB, k *identity.Key, token string) call {
	t.Helper()
	b, err := json.Marshal(k.Enrol(token))
	if err != nil {
		t.Fatal(err)
	}
	return call{method: "POST", target: "/agent/v1/enrol", body: string(b)}
}

// enrols is an enrolment that is taken.
func enrols(t testing.TB, s *Server, k *identity.Key, token string) report.Enrolled {
	t.Helper()
	got := enrolling(t, k, token).do(s)
	body := bodyOf(t, got)
	var e report.Enrolled
	if err := json.Unmarshal([]byte(body), &e); err != nil || got.StatusCode != http.StatusOK {
		t.Fatalf("enrolment = %d %s, %v", got.StatusCode, body, err)
	}
	return e
}

func wantRefused(t testing.TB, what string, got *http.Response, says string) {
	t.Helper()
	if body := bodyOf(t, got); got.StatusCode != http.StatusUnauthorized || !strings.Contains(body, says) {
		t.Errorf("%s = %d %s, want 401 and %q", what, got.StatusCode, body, says)
	}
}

// G-02: a token is for one key, and its script writes nothing.
func TestABootTokenIsRedeemedOnceByOneKey(t *testing.T) {
	s, st := door(t)
	token, mine, thiefs := tokenOf(t, s), newKey(), newKey()
	if st.writes != 0 {
		t.Errorf("a script cost %d writes of enrolments, want none", st.writes)
	}
	e := enrols(t, s, mine, token)
	if got := aPoll.signed(mine, e.Session, e.Challenge).do(s); got.StatusCode != http.StatusNoContent {
		t.Fatalf("the first call = %d %s", got.StatusCode, bodyOf(t, got))
	}
	if again := enrols(t, s, mine, token); again.Session == "" { // its answer was lost
		t.Errorf("the same key again = %+v", again)
	}
	wantRefused(t, "another key with the token", enrolling(t, thiefs, token).do(s), "redeemed with another key already")
	if c := st.seen.Contest; c.How != trust.TokenStolen || c.Key != report.Fingerprint(thiefs.Public()) || c.From != "127.0.0.1" {
		t.Errorf("the machine's page says %+v of it", c)
	}
	if got := st.noted(); !strings.Contains(got, "Redeemed the boot token of the phase idle with key SHA256:") || !strings.Contains(got, "Enrolment refused: the boot token was redeemed with another key already") {
		t.Errorf("timeline = %s", got)
	}
	if strings.Contains(st.noted(), token) {
		t.Error("the timeline has the token itself")
	}
	for _, want := range []string{"enrolled 1", "again 1", "stolen 1"} {
		if !slices.Contains(counters(t, s), "firstlight_enrolments_total "+want) {
			t.Errorf("counters = %v, want one of %s", counters(t, s), want)
		}
	}
	// The boot is in doubt: who of the two is the machine, nobody knows.
	redeem := call{method: "POST", target: "/agent/v1/redeem", body: `{"order":"o","token":"t"}`}.signed(mine, e.Session, e.Challenge)
	if redeem.do(s); st.shown.Rung() != trust.None || st.shown.Contested != trust.TokenStolen {
		t.Errorf("the evidence of a robbed boot is %+v", st.shown)
	}
}

// G-04: of two agents that show one token, one is taken.
func TestTwoAgentsRaceForOneToken(t *testing.T) {
	s, st := door(t)
	for round := range 100 {
		token := tokenOf(t, s)
		var wg sync.WaitGroup
		codes := make([]int, 2)
		for i := range codes {
			c := enrolling(t, newKey(), token)
			wg.Go(func() { codes[i] = c.do(s).StatusCode })
		}
		wg.Wait()
		if codes[0]+codes[1] != http.StatusOK+http.StatusUnauthorized {
			t.Fatalf("round %d: %v, want that one is taken and one refused", round, codes)
		}
		if st.boots[ours].Contest.At.IsZero() {
			t.Fatalf("round %d: the race is not kept in mind", round)
		}
	}
}

// A script is asked for again where an answer was lost, and by GRUB and iPXE
// both: each gets a token, and the machine may have taken any of them.
func TestAScriptThatIsAskedForAgainVoidsNothing(t *testing.T) {
	s, st := door(t)
	first, second := tokenOf(t, s), tokenOf(t, s)
	if first == second {
		t.Fatal("two scripts have one token")
	}
	mine := newKey()
	e := enrols(t, s, mine, first)
	third := tokenOf(t, s) // a proxy asks once more
	if got := aPoll.signed(mine, e.Session, e.Challenge).do(s); got.StatusCode != http.StatusNoContent {
		t.Errorf("after another script the session gets %d, want 204", got.StatusCode)
	}
	enrols(t, s, newKey(), third) // the next boot
	wantRefused(t, "the token before that one", enrolling(t, newKey(), second).do(s), "a later boot token of this machine was redeemed")
	if st.boots[ours].Contest.How != trust.TokenStolen {
		t.Errorf("an old token that turns up is %+v, want a contest", st.boots[ours].Contest)
	}
}

// G-04: the agent of an earlier boot is not there any more; if it speaks, two do.
func TestAnAgentOfAnEarlierBootIsRefusedAndTold(t *testing.T) {
	s, st := door(t)
	old, now := newKey(), newKey()
	before := enrols(t, s, old, tokenOf(t, s))
	recorded := aPoll.signed(old, before.Session, before.Challenge)
	recorded.do(s)
	after := enrols(t, s, now, tokenOf(t, s))
	wantRefused(t, "a recorded call of the boot before", recorded.do(s), "this call was made before")
	if !st.boots[ours].Contest.At.IsZero() {
		t.Error("a recorded call puts a boot in doubt")
	}
	for range 3 {
		wantRefused(t, "the agent of the boot before", aPoll.signed(old, before.Session, before.Challenge).do(s), "booted anew since")
	}
	if c := st.boots[ours].Contest; c.How != trust.TwoSpeak || c.Key != report.Fingerprint(old.Public()) || st.seen.Contest.How != c.How {
		t.Errorf("it is kept as %+v and shown as %+v", c, st.seen.Contest)
	}
	if n := strings.Count(st.noted(), trust.TwoSpeak); n != 1 || st.writes != 3 {
		t.Errorf("it is told %d times with %d writes, want once with 3", n, st.writes)
	}
	if got := aPoll.signed(now, after.Session, after.Challenge).do(s); got.StatusCode != http.StatusNoContent {
		t.Errorf("the agent of this boot gets %d, want 204", got.StatusCode)
	}
	enrols(t, s, newKey(), tokenOf(t, s))
	if !st.boots[ours].Contest.At.IsZero() {
		t.Error("the boot after is in doubt still")
	}
}

// G-02, G-03: what a token is bound to.
func TestATokenIsOfOneMachineForAnHour(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, st := door(t)
		other, _ := door(t, func(c *Config, _ *site) { c.Key = []byte("another key of another appliance") })
		token := tokenOf(t, s)
		k := newKey()
		proofless := k.Enrol(token)
		proofless.Proof = newKey().Enrol(token).Proof
		b, err := json.Marshal(proofless)
		if err != nil {
			t.Fatal(err)
		}
		wantRefused(t, "with another's proof", call{method: "POST", target: "/agent/v1/enrol", body: string(b)}.do(s), "proof is not of its key")
		wantRefused(t, "of another appliance", enrolling(t, k, tokenOf(t, other)).do(s), "none of this appliance")
		for i := range len(token) {
			for _, bad := range []string{token[:i], token[:i] + string(rune(token[i]^1)) + token[i+1:]} {
				if got := enrolling(t, k, bad).do(s); got.StatusCode != http.StatusUnauthorized {
					t.Fatalf("token changed at %d = %d, want 401", i, got.StatusCode)
				}
			}
		}
		from := enrolling(t, k, token)
		from.from = "127.0.0.7"
		st.leases[source(&http.Request{RemoteAddr: "127.0.0.7:1"})] = alien
		wantRefused(t, "from the address of another machine", from.do(s), "is leased to 52:54:00:00:00:09")
		if st.writes != 0 {
			t.Errorf("refusals cost %d writes", st.writes)
		}
		time.Sleep(time.Hour) //nolint:forbidigo // in synctest's time
		enrols(t, s, k, token)
		late := tokenOf(t, s)
		time.Sleep(time.Hour + time.Nanosecond) //nolint:forbidigo // in synctest's time
		wantRefused(t, "an hour and more later", enrolling(t, newKey(), late).do(s), "older than 60 minutes")
		enrols(t, s, k, token) // PID 1 starts its agent anew on the same boot
	})
}

// G-03: a token that is left over is of no use once the machine is its owner's.
func TestATokenEndsWithItsPhase(t *testing.T) {
	for _, status := range []machine.Status{machine.InUse, machine.Configuring} {
		s, st := door(t)
		mine, token := newKey(), tokenOf(t, s)
		left := tokenOf(t, s)
		e := enrols(t, s, mine, token)
		st.machines[ours].Status = status
		wantRefused(t, "a token that was left over", enrolling(t, newKey(), left).do(s), "by now and boots its disk")
		if got := aPoll.signed(mine, e.Session, e.Challenge).do(s); got.StatusCode != http.StatusNoContent {
			t.Errorf("its agent, which is to be told to reboot, gets %d", got.StatusCode)
		}
	}
}

// The appliance's clock may be set back: a machine must not wait until it has
// caught up.
func TestAClockThatIsSetBackLocksNobodyOut(t *testing.T) {
	now := time.Now()
	s, _ := door(t, func(c *Config, _ *site) { c.Now = func() time.Time { return now } })
	enrols(t, s, newKey(), tokenOf(t, s))
	now = now.Add(-24 * time.Hour)
	enrols(t, s, newKey(), tokenOf(t, s))
	now = now.Add(time.Minute)
	enrols(t, s, newKey(), tokenOf(t, s))
}

// The agent's own client, with an appliance that is started anew between its
// enrolment and its redemption. No clock of the machine is in what it signs.
func TestTheAgentGoesOnAfterARestart(t *testing.T) {
	first, st := door(t)
	c, err := appliance.New(func() string { base, _ := serving(t, first); return base }(), tokenOf(t, first), newKey())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Progress(t.Context(), report.Progress{Step: "write"}); err != nil {
		t.Fatalf("before the restart: %v", err)
	}
	first.challenge = challenge() // as New does; the enrolments are in the database
	first.calls = calls{by: map[machine.MAC]*boots{}}
	if _, err := c.Redeem(t.Context(), report.Redeem{Order: "o", Token: "t"}); err != nil {
		t.Errorf("after the restart: %v", err)
	}
	if st.shown.Rung() != trust.Token || st.writes != 1 {
		t.Errorf("the evidence is %s after %d writes, want the token after one", st.shown, st.writes)
	}
}

// Strangers who ask too much are asked to wait, which an agent does.
func TestTooManyStrangersAreTriedAgain(t *testing.T) {
	if err := crowded(tooMany{}); !strings.Contains(err.Error(), "too many") {
		t.Errorf("crowded() = %v", err)
	} else if se := (statusError{}); !errors.As(err, &se) || se.status != http.StatusTooManyRequests {
		t.Errorf("crowded() = %#v, want 429", err)
	}
}

type tooMany struct{}

func (tooMany) Error() string { return "too many" }
func (tooMany) Crowded() bool { return true }

// BenchmarkScript is what a storm of boots asks for.
func BenchmarkScript(b *testing.B) {
	s, _ := door(b)
	c := call{method: "GET", target: asks}
	b.ReportAllocs()
	for b.Loop() {
		if got := c.do(s); got.StatusCode != http.StatusOK {
			b.Fatal(got.StatusCode)
		}
	}
}

// BenchmarkSignedPoll is a call of an agent.
func BenchmarkSignedPoll(b *testing.B) {
	s, _ := door(b)
	k := keys(ours)
	session := s.session(ours, s.Now().UnixNano(), k.Public())
	b.ReportAllocs()
	for b.Loop() {
		if got := aPoll.signed(k, session, s.challenge).do(s); got.StatusCode != http.StatusNoContent {
			b.Fatal(got.StatusCode)
		}
	}
}
