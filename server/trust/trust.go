// Package trust decides which secret a machine's agent may have, by how far its
// boot has proven that it is the machine that it says.
//
// There is a ladder. The first rung is the boot token: the one who holds the key
// of this boot has read the script that was written for the machine. The second
// is the place: a switch that is ours says that the machine is where the plan
// wants it. The third is the TPM: the chip that was enrolled with the machine
// answered a challenge. Without the token, which ties the key to the boot, the
// other two prove nothing about who calls.
//
// It is pure: evidence and policy are handed in, and the answer is a sentence as
// well. It imports nothing of ours; adapters gather evidence, and jobs ask it
// before they let a secret go.
package trust

import (
	"fmt"
	"strings"
	"time"
)

// Rung is how far a boot has proven itself. Each is more than those before it.
type Rung int

// Rungs.
const (
	None     Rung = iota // a session, and nothing that ties it to a key
	Token                // a boot token that one key redeemed
	Position             // it is where the plan wants it, as a switch says
	TPM                  // the TPM that was enrolled with the machine answered
)

var rungs = [...]string{None: "none", Token: "token", Position: "position", TPM: "tpm"}

// Rungs are their names, the lowest first.
func Rungs() []string { return rungs[:] }

// String is the rung's name.
func (r Rung) String() string {
	if r < None || r > TPM {
		return fmt.Sprintf("rung %d", int(r))
	}
	return rungs[r]
}

// ParseRung reads a rung's name.
func ParseRung(s string) (Rung, error) {
	for i, name := range rungs {
		if s == name {
			return Rung(i), nil
		}
	}
	return None, fmt.Errorf("want one of the rungs %s", strings.Join(rungs[:], ", "))
}

// Human is what the rung rests on.
func (r Rung) Human() string {
	switch r {
	case Token:
		return "boot token"
	case Position:
		return "place in the rack"
	case TPM:
		return "TPM"
	default:
		return "nothing"
	}
}

// Proof is one piece of evidence; without a time it is none.
type Proof struct {
	At  time.Time
	How string // for people: "key SHA256:… from 10.0.0.7", "sw3/23 by LLDP"
	// Lacks says why there is none, and what brings it.
	Lacks string
}

// Evidence is what one boot of a machine has shown.
type Evidence struct {
	Token, Position, TPM Proof
	// Contested says, in one sentence, why the boot is in doubt: another one
	// speaks for the same machine. Then nothing is proven.
	Contested string
}

// Rung is how far the evidence leads.
func (e Evidence) Rung() Rung {
	switch {
	case e.Contested != "" || e.Token.At.IsZero():
		return None
	case !e.TPM.At.IsZero():
		return TPM
	case !e.Position.At.IsZero():
		return Position
	default:
		return Token
	}
}

// Of is the proof of a rung.
func (e Evidence) Of(r Rung) Proof {
	switch r {
	case Token:
		return e.Token
	case Position:
		return e.Position
	case TPM:
		return e.TPM
	default:
		return Proof{}
	}
}

// String lists what there is, for an audit.
func (e Evidence) String() string {
	var all []string
	for r := Token; r <= TPM; r++ {
		if p := e.Of(r); !p.At.IsZero() {
			all = append(all, fmt.Sprintf("%s at %s (%s)", r.Human(), p.At.UTC().Format(time.RFC3339), p.How))
		}
	}
	if e.Contested != "" {
		all = append(all, "contested: "+e.Contested)
	}
	if len(all) == 0 {
		return "nothing"
	}
	return strings.Join(all, ", ")
}
