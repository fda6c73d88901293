package zone

import (
	"cmp"
	"fmt"
	"slices"
)

// ProblemKind says in one word what is wrong.
type ProblemKind string

// Kinds of problem.
const (
	BadDomain    ProblemKind = "bad-domain"    // a subnet's domain cannot be a zone
	BadHostname  ProblemKind = "bad-hostname"  // a machine's host name cannot be a label
	NameTaken    ProblemKind = "name-taken"    // two owners for one name
	AddressTaken ProblemKind = "address-taken" // two owners for one address
	NoAddress    ProblemKind = "no-address"    // a named machine without an address in a zone
	NoNameserver ProblemKind = "no-nameserver" // the appliance's own address is not known
)

// Problem is something that keeps a record out of its zone. Nothing else is
// held up by it.
type Problem struct {
	Kind     ProblemKind
	Subject  string // name or address that it is about
	Machine  string // hardware name of the one that goes without; empty for subnets
	Other    string // hardware name of the one that keeps it, where there is one
	Sentence string // the same for a person, with the remedy
}

func (p Problem) String() string { return p.Sentence }

func sortProblems(ps []Problem) {
	slices.SortFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Machine, b.Machine), cmp.Compare(a.Sentence, b.Sentence))
	})
}

// taken is the problem of a name or an address that two want.
func taken(kind ProblemKind, subject string, keeps, goes owner) Problem {
	return Problem{
		Kind: kind, Subject: subject, Machine: goes.name(), Other: keeps.name(),
		Sentence: fmt.Sprintf("%s belongs to %s and is also wanted by %s: the first keeps it; give the second another", subject, keeps, goes),
	}
}
