package trust

import (
	"fmt"
	"time"
)

// TokenLife is how long a boot token may wait to be redeemed: from the script to
// the agent's first call.
const TokenLife = time.Hour

// BootToken is a boot token as the appliance wrote it.
type BootToken struct {
	Hash   string // of the token; it is kept by nothing else
	Issued int64  // nanoseconds since 1970, and above that of any before it of this MAC
	Phase  string // what the script was given for
}

// Enrolment is the last boot of a MAC that redeemed its token. Every token that
// was issued up to then is used up with it, redeemed or not.
type Enrolment struct {
	Token  string    `json:"token"` // hash
	Issued int64     `json:"issued"`
	Key    string    `json:"key"` // fingerprint
	At     time.Time `json:"at"`
	From   string    `json:"from"` // address
	Phase  string    `json:"phase"`
	// Contest is the first sign that another one speaks for the machine.
	Contest Contest `json:"contest,omitzero"`
}

// Contest is another one that speaks for a machine.
type Contest struct {
	At   time.Time `json:"at,omitzero"`
	How  string    `json:"how,omitempty"` // in one sentence, without its end
	Key  string    `json:"key,omitempty"` // fingerprint of the other
	From string    `json:"from,omitempty"`
}

// Evidence is what an enrolment proves by itself.
func (e Enrolment) Evidence() Evidence {
	return Evidence{Token: Proof{At: e.At, How: fmt.Sprintf("key %s from %s", e.Key, e.From)}, Contested: e.Contest.How}
}

// Outcome is what becomes of an enrolment, as the metric calls it.
type Outcome string

// Outcomes.
const (
	Enrolled Outcome = "enrolled"
	Again    Outcome = "again"    // the same key asks once more
	Expired  Outcome = "expired"  // the token waited too long
	Stolen   Outcome = "stolen"   // another key redeemed the token
	Late     Outcome = "late"     // a later token of the machine was redeemed
	Over     Outcome = "over"     // the machine is not to boot the agent any more
	Borrowed Outcome = "borrowed" // the address is leased to another machine
	// TwoAgents is a call of an earlier boot after the enrolment of another one.
	TwoAgents Outcome = "two-agents"
	Forged    Outcome = "forged" // not a token of ours, or its proof is not right
)

// What a contest is called.
const (
	TokenStolen = "another agent used the boot token of this boot with another key: somebody else booted as this machine, or the wire was read"
	TwoSpeak    = "the agent of an earlier boot speaks still, beside that of this one: two machines boot as one, or a session was taken over"
)

// Redeem decides on a token that is shown with a key. have is the last enrolment
// of its MAC, nil for none. The sentence says why not; a contest is one that the
// enrolment has to remember.
func Redeem(have *Enrolment, t BootToken, key, from string, now time.Time) (next Enrolment, o Outcome, why string) {
	contest := Contest{At: now, How: TokenStolen, Key: key, From: from}
	switch {
	case have != nil && have.Token == t.Hash && have.Key == key:
		return *have, Again, ""
	case have != nil && have.Token == t.Hash:
		return contested(*have, contest), Stolen, "the boot token was redeemed with another key already; boot again"
	case have != nil && t.Issued <= have.Issued:
		return contested(*have, contest), Late, "a later boot token of this machine was redeemed already; boot again"
	case now.Sub(time.Unix(0, t.Issued)) > TokenLife:
		return Enrolment{}, Expired, fmt.Sprintf("the boot token is older than %d minutes; boot again", int(TokenLife.Minutes()))
	}
	return Enrolment{Token: t.Hash, Issued: t.Issued, Key: key, At: now, From: from, Phase: t.Phase}, Enrolled, ""
}

// Superseded is a call of an earlier boot, after the enrolment of another one.
func (e Enrolment) Superseded(key, from string, now time.Time) Enrolment {
	return contested(e, Contest{At: now, How: TwoSpeak, Key: key, From: from})
}

// contested keeps the first sign.
func contested(e Enrolment, c Contest) Enrolment {
	if e.Contest.At.IsZero() {
		e.Contest = c
	}
	return e
}
