package trust

import "fmt"

// Secret is a kind of secret that a machine's agent can be given.
type Secret string

// Secrets.
const (
	// InstallPlan is what is written to a disk: the seed with the log-ins of the
	// system, and the token by which it calls home.
	InstallPlan Secret = "install-plan"
	// ErasePlan allows to erase disks.
	ErasePlan Secret = "erase-plan"
	// BMCPassword is of the user that is made on the machine's BMC.
	BMCPassword Secret = "bmc-password"
	// RootKey opens more than this one machine.
	RootKey Secret = "root-key"
)

// Secrets are all kinds, in the order in which they are shown.
func Secrets() []Secret { return []Secret{InstallPlan, ErasePlan, BMCPassword, RootKey} }

// Human is the kind for people.
func (s Secret) Human() string {
	switch s {
	case InstallPlan:
		return "the plan of an install"
	case ErasePlan:
		return "the plan of an erase"
	case BMCPassword:
		return "a BMC password"
	case RootKey:
		return "a root key"
	default:
		return string(s)
	}
}

// Policy is the rung that each kind of secret needs. A kind that is not in it
// needs what Default says, and one that is not there either the highest.
type Policy map[Secret]Rung

// Default is what holds where a site says nothing else.
func Default() Policy {
	return Policy{InstallPlan: Token, ErasePlan: Token, BMCPassword: Position, RootKey: TPM}
}

// Needs is the rung that a kind of secret needs.
func (p Policy) Needs(s Secret) Rung {
	if r, ok := p[s]; ok {
		return r
	}
	if r, ok := Default()[s]; ok {
		return r
	}
	return TPM
}

// May tells whether the evidence of a boot is enough for a secret. Why names
// what is missing and what brings it.
func May(s Secret, e Evidence, p Policy) (ok bool, why string) {
	need, have := p.Needs(s), e.Rung()
	switch {
	case e.Contested != "":
		return false, fmt.Sprintf("%s is not let go: %s; boot the machine anew", s.Human(), e.Contested)
	case have >= need:
		return true, ""
	}
	return false, fmt.Sprintf("%s needs the rung %s, and this boot has %s: %s", s.Human(), need, have, brings(need, e))
}

// brings says what is to be done for a rung.
func brings(need Rung, e Evidence) string {
	switch {
	case e.Token.At.IsZero():
		return "boot the machine from this appliance, so that its agent redeems a boot token"
	case need == Position && e.Position.Lacks != "":
		return e.Position.Lacks
	case need == Position:
		return "a switch has to say that the machine is where the plan wants it; plan its switch and port, and cable it so"
	default:
		return "a TPM has to answer for the machine, and none is enrolled; ask a lower rung in the trust section of the configuration"
	}
}
