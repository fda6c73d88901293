package auth

import (
	"fmt"
	"slices"
	"strings"
)

// Role is what an account may do. Each includes the ones before it.
type Role string

// Roles. Nobody is the zero value: somebody who has not logged in.
const (
	Nobody     Role = ""
	Viewer     Role = "viewer"     // sees everything but accounts and the audit
	Technician Role = "technician" // racks, re-checks, powers
	Engineer   Role = "engineer"   // installs, releases, locks
	Admin      Role = "admin"      // accounts, rules, everything
)

var roles = [...]Role{Nobody, Viewer, Technician, Engineer, Admin}

// Roles gives the roles that an account may have, the weakest first.
func Roles() []Role { return slices.Clone(roles[1:]) }

// Allows tells whether r may do what asks for the role want. A role that does
// not exist allows nothing.
func (r Role) Allows(want Role) bool {
	have, need := slices.Index(roles[:], r), slices.Index(roles[:], want)
	return have >= 0 && need >= 0 && have >= need
}

// ParseRole reads a role.
func ParseRole(text string) (Role, error) {
	r := Role(strings.ToLower(strings.TrimSpace(text)))
	if r != Nobody && slices.Contains(roles[:], r) {
		return r, nil
	}
	return Nobody, refuse("role %q: want viewer, technician, engineer or admin", text)
}

// Refusal is an error whose text the person who asked may read.
type Refusal struct{ text string }

func (e *Refusal) Error() string { return e.text }

func refuse(format string, args ...any) error { return &Refusal{fmt.Sprintf(format, args...)} }
