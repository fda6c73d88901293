package machine

import "slices"

// Node is a part of a selector: And, Or, Not, Present, Compare or Search. It
// is open to whoever translates selectors, such as into SQL; Match is the
// definition that every translation must agree with.
type Node interface{ match(subject) bool }

// The shapes of a selector.
type (
	// And holds where both sides do.
	And struct{ A, B Node }
	// Or holds where one side does.
	Or struct{ A, B Node }
	// Not holds where N does not.
	Not struct{ N Node }
	// Present holds where the field has a value that is more than its none.
	Present struct {
		Field  *Field
		Column int // in the text, from 1
	}
	// Compare holds where one of the field's values fits one of the operands.
	// Its operator is =, <, <=, > or >=; those of order have one operand.
	Compare struct {
		Field  *Field
		Op     string
		Any    []Operand
		Column int
	}
)

// Operand is one value that a field is compared with.
type Operand struct {
	Text    string // lower case; a pattern with * and ? where Pattern is set
	Pattern bool
	Number  float64 // of a field of numbers
	Range   bool    // from Low to High, both included
	Low     Bound
	High    Bound
}

// Bound is one end of a range.
type Bound struct {
	Text   string
	Number float64
}

// subject is what a selector is held against.
type subject interface{ values(*Field) []string }

func (n And) match(s subject) bool { return n.A.match(s) && n.B.match(s) }
func (n Or) match(s subject) bool  { return n.A.match(s) || n.B.match(s) }
func (n Not) match(s subject) bool { return !n.N.match(s) }

func (n Present) match(s subject) bool {
	return slices.ContainsFunc(s.values(n.Field), func(v string) bool { return v != n.Field.none })
}

func (n Compare) match(s subject) bool {
	return slices.ContainsFunc(s.values(n.Field), func(v string) bool {
		return slices.ContainsFunc(n.Any, func(o Operand) bool { return n.Field.holds(v, n.Op, o) })
	})
}
