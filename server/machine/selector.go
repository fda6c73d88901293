package machine

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Selector picks machines: "status=available rack=r1* cores>=32 (role=db or
// pool=a) !hostname". Terms side by side must all hold; "or" and parentheses
// group, "!" or "not" negates; a field alone asks for its presence. A value may
// hold * and ?, a range (r12..r14) and a set (a,b,c); quotes keep blanks. A
// quoted word alone searches serials, MACs, names, models and notes. The empty
// selector picks every machine.
type Selector struct {
	text string
	root Node
}

// Root is the selector as a tree, nil where it picks everything.
func (s Selector) Root() Node { return s.root }

// String gives the text it was parsed from.
func (s Selector) String() string { return s.text }

// Match tells whether the selector picks a machine.
func (s Selector) Match(m *Machine) bool { return s.root == nil || s.root.match(m) }

// MatchWith also knows fields that the machine's record does not have, such as
// the subnet that it reported from.
func (s Selector) MatchWith(m *Machine, extra map[string]string) bool {
	return s.root == nil || s.root.match(record{m, extra})
}

// SelectorError points at the column where reading stopped.
type SelectorError struct {
	Text   string
	Column int // from 1, in characters
	Reason string
}

func (e *SelectorError) Error() string {
	return fmt.Sprintf("selector %q, column %d: %s", e.Text, e.Column, e.Reason)
}

// maxSelector bounds what strangers may send.
const maxSelector = 1024

// ParseSelector reads a selector.
func ParseSelector(text string) (Selector, error) {
	if len(text) > maxSelector {
		return Selector{}, &SelectorError{clip(text), utf8.RuneCountInString(text[:maxSelector]) + 1, fmt.Sprintf("is %d bytes long; at most %d", len(text), maxSelector)}
	}
	if at := unreadable(text); at >= 0 {
		return Selector{}, &SelectorError{clip(text), utf8.RuneCountInString(text[:at]) + 1, "a byte that is no text"}
	}
	p := &parser{text: text}
	if p.blank(); p.end() {
		return Selector{text: text}, nil
	}
	n, err := p.or(0)
	if err != nil {
		return Selector{}, err
	}
	if !p.end() {
		return Selector{}, p.fail("unexpected %q", p.rest())
	}
	return Selector{text: text, root: n}, nil
}

// unreadable gives the place of a byte that no database keeps as text, or -1.
func unreadable(text string) int {
	for i, r := range text {
		if r == 0 || r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)) {
			return i
		}
	}
	return -1
}

type parser struct {
	text string
	pos  int
}

// maxDepth bounds parentheses: a Go stack that overflows cannot be recovered.
const maxDepth = 32

func (p *parser) or(depth int) (Node, error) {
	if depth > maxDepth {
		return nil, p.fail("more than %d nested parentheses", maxDepth)
	}
	left, err := p.and(depth)
	for err == nil && p.keyword("or") {
		var right Node
		right, err = p.and(depth)
		left = Or{left, right}
	}
	return left, err
}

func (p *parser) and(depth int) (Node, error) {
	left, err := p.term(depth)
	for err == nil {
		joined := p.keyword("and")
		if !joined && (p.end() || p.peek() == ')' || p.ahead("or")) {
			break
		}
		var right Node
		right, err = p.term(depth)
		left = And{left, right}
	}
	return left, err
}

func (p *parser) term(depth int) (Node, error) {
	switch {
	case p.end():
		return nil, p.fail("a term is missing")
	case p.peek() == '!' || p.ahead("not"):
		return p.negation(depth)
	case p.peek() == '(':
		return p.group(depth)
	case p.peek() == '"' || p.peek() == '\'':
		return p.search()
	case p.ahead("and") || p.ahead("or"):
		return nil, p.fail("a term is missing before %q", p.rest())
	}
	return p.comparison()
}

func (p *parser) negation(depth int) (Node, error) {
	if !p.keyword("not") {
		p.pos++
	}
	p.blank()
	if depth > maxDepth {
		return nil, p.fail("more than %d nested negations", maxDepth)
	}
	n, err := p.term(depth + 1)
	return Not{n}, err
}

func (p *parser) group(depth int) (Node, error) {
	p.pos++
	p.blank()
	n, err := p.or(depth + 1)
	if err != nil {
		return nil, err
	}
	if p.end() || p.peek() != ')' {
		return nil, p.fail("a closing parenthesis is missing")
	}
	p.pos++
	p.blank()
	return n, nil
}

// keyword eats a word that stands alone.
func (p *parser) keyword(w string) bool {
	if !p.ahead(w) {
		return false
	}
	p.pos += len(w)
	p.blank()
	return true
}

func (p *parser) ahead(w string) bool {
	end := p.pos + len(w)
	return end <= len(p.text) && strings.EqualFold(p.text[p.pos:end], w) &&
		(end == len(p.text) || !isWord(p.text[end]) && !strings.ContainsRune("=!<>", rune(p.text[end])))
}

func (p *parser) blank() {
	for !p.end() && isBlank(p.peek()) {
		p.pos++
	}
}

func (p *parser) end() bool    { return p.pos >= len(p.text) }
func (p *parser) peek() byte   { return p.text[p.pos] }
func (p *parser) rest() string { return clip(p.text[p.pos:]) }

// clip keeps an error to one line.
func clip(text string) string {
	if len(text) <= 40 {
		return text
	}
	return strings.ToValidUTF8(text[:40], "") + "…"
}

func (p *parser) fail(format string, args ...any) error {
	return &SelectorError{p.text, utf8.RuneCountInString(p.text[:p.pos]) + 1, fmt.Sprintf(format, args...)}
}

// isBlank knows ASCII's blanks only: bytes above are parts of letters.
func isBlank(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

func isWord(b byte) bool {
	return b == '_' || b == '.' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}
