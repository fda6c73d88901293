package config

import (
	"fmt"
	"slices"
	"strings"

	"firstlight/server/machine"
)

// reader gathers what is wrong with a file.
type reader struct {
	file     string
	problems Problems
	asked    map[string]bool // every key that was asked for, without indices
}

func (r *reader) bad(line int, key, format string, args ...any) {
	r.problems = append(r.problems, Problem{File: r.file, Line: line, Key: key, Text: fmt.Sprintf(format, args...)})
}

// section is one mapping of the file. Reading a key makes it known; done tells
// about the keys that nobody read.
type section struct {
	*reader
	path  string
	line  int
	keys  []entry
	known []string
	// shapeless sections hold no keys: that is said already, not once a key.
	shapeless bool
}

func (r *reader) section(path string, n *node) *section {
	s := &section{reader: r, path: path, line: n.line, keys: n.keys}
	if n.kind != mapping && n.kind != empty {
		s.shapeless = true
		r.bad(n.line, path, "want keys below it, found %s", n.kind)
	}
	return s
}

func (s *section) at(key string) string {
	if s.path == "" {
		return key
	}
	return s.path + "." + key
}

// value gives a key's value, nil when it is absent or empty.
func (s *section) value(key string) *node {
	s.known = append(s.known, key)
	s.asked[plainPath(s.at(key))] = true
	for _, e := range s.keys {
		if e.name == key && e.value.kind != empty {
			return e.value
		}
	}
	return nil
}

// lineOf gives where a key stands, or where its section does.
func (s *section) lineOf(key string) int {
	for _, e := range s.keys {
		if e.name == key {
			return e.line
		}
	}
	return s.line
}

// sub reads a key with keys below it.
func (s *section) sub(key string) *section {
	n := s.value(key)
	if n == nil {
		n = &node{line: s.lineOf(key), kind: empty}
	}
	return s.section(s.at(key), n)
}

// each reads a list whose items have keys.
func (s *section) each(key string, read func(*section)) {
	for i, n := range s.items(key) {
		one := s.section(fmt.Sprintf("%s[%d]", s.at(key), i), n)
		read(one)
		one.done()
	}
}

func (s *section) items(key string) []*node {
	n := s.value(key)
	switch {
	case n == nil:
		return nil
	case n.kind != list:
		s.bad(n.line, s.at(key), "want a list, found %s: begin each item with a dash", n.kind)
		return nil
	}
	return n.items
}

// one reads a key's value; def stands in for an absent or a bad one.
func one[T any](s *section, key string, def T, parse func(string) (T, error)) T {
	n := s.value(key)
	if n == nil {
		return def
	}
	if v, ok := scan(s, n, s.at(key), parse); ok {
		return v
	}
	return def
}

// many reads a list of values.
func many[T any](s *section, key string, parse func(string) (T, error)) []T {
	var all []T
	for i, n := range s.items(key) {
		if v, ok := scan(s, n, fmt.Sprintf("%s[%d]", s.at(key), i), parse); ok {
			all = append(all, v)
		}
	}
	return all
}

func scan[T any](s *section, n *node, key string, parse func(string) (T, error)) (T, bool) {
	var none T
	if n.kind != scalar {
		s.bad(n.line, key, "want one value, found %s", n.kind)
		return none, false
	}
	v, err := parse(n.text)
	if err != nil {
		s.bad(n.line, key, "%q: %v", n.text, err)
		return none, false
	}
	return v, true
}

// need tells when a key that has no default is absent.
func (s *section) need(key, want string) {
	given := slices.ContainsFunc(s.keys, func(e entry) bool { return e.name == key && e.value.kind != empty })
	if !given && !s.shapeless {
		s.bad(s.lineOf(key), s.at(key), "is missing: want %s", want)
	}
}

// done tells about keys that mean nothing here.
func (s *section) done() {
	for _, e := range s.keys {
		if !slices.Contains(s.known, e.name) {
			s.bad(e.line, "", "unknown key %q%s", s.at(e.name), hint(e.name, s.known))
		}
	}
}

func hint(name string, known []string) string {
	if best, distance := machine.Nearest(name, known); distance <= 3 {
		return "; did you mean " + best + "?"
	}
	return "; known here: " + strings.Join(known, ", ")
}

// plainPath leaves out indices: subnets[3].name is the key subnets.name.
func plainPath(path string) string {
	var b strings.Builder
	in := false
	for _, c := range path {
		switch {
		case c == '[':
			in = true
		case c == ']':
			in = false
		case !in:
			b.WriteRune(c)
		}
	}
	return b.String()
}
