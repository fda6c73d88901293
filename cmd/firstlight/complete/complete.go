package complete

import (
	"slices"
	"strings"
	"unicode"

	"github.com/alecthomas/kong"
)

// Candidate is one word that may stand there, and what it is.
type Candidate struct{ Value, Help string }

// Names gives the names of a kind that begin with prefix, such as machines;
// flags are those that were typed before, by their long names.
type Names func(kind, prefix string, flags map[string]string) []Candidate

// At gives what may stand at the end of a line whose first word is the program;
// files tells that a file may as well.
func At(root *kong.Node, l Line, names Names) (all []Candidate, files bool) {
	if len(l.Words) == 0 {
		return nil, false
	}
	p := place{node: root, flags: map[string]string{}}
	p.names = func(kind, prefix string) []Candidate { return slices.DeleteFunc(names(kind, prefix, p.flags), unsafe) }
	for _, word := range l.Words[1:] {
		p.pass(word)
	}
	all, files = p.candidates(l.Last)
	return beginning(all, l.Last), files
}

// beginning keeps those that go on from what was typed.
func beginning(all []Candidate, typed string) (some []Candidate) {
	for _, c := range all {
		if strings.HasPrefix(c.Value, typed) {
			some = append(some, c)
		}
	}
	return some
}

// place is where in the commands a line stands.
type place struct {
	node  *kong.Node
	value *kong.Flag // whose value comes next
	given int        // arguments
	only  bool       // arguments follow: -- was given
	flags map[string]string
	names func(kind, prefix string) []Candidate
}

// unsafe tells of a stranger's word whether a shell could take it for more than
// a word.
func unsafe(c Candidate) bool {
	return c.Value == "" || strings.ContainsFunc(c.Value, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_.:/+@", r)
	})
}

// pass goes on by one word.
func (p *place) pass(word string) {
	if p.value != nil {
		p.flags[p.value.Name] = word
		p.value = nil
		return
	}
	if !p.only && len(word) > 1 && word[0] == '-' {
		p.passFlag(word)
		return
	}
	for _, child := range p.node.Children {
		if child.Name == word && p.given == 0 {
			p.node = child
			return
		}
	}
	p.given++
}

func (p *place) passFlag(word string) {
	if word == "--" {
		p.only = true
		return
	}
	name, value, has := strings.Cut(word, "=")
	f := p.flag(name)
	switch {
	case f == nil || f.IsBool() || f.IsCounter():
	case has:
		p.flags[f.Name] = value
	case strings.HasPrefix(word, "--") || len(word) == 2:
		p.value = f
	default: // -ojson
		p.flags[f.Name] = word[2:]
	}
}

// flag finds a flag of the command or of those above it by how it was typed.
func (p *place) flag(typed string) *kong.Flag {
	for _, group := range p.node.AllFlags(true) {
		for _, f := range group {
			if typed == "--"+f.Name || !strings.HasPrefix(typed, "--") && len(typed) > 1 && f.Short != 0 && rune(typed[1]) == f.Short {
				return f
			}
		}
	}
	return nil
}

// candidates are all that may stand here, whether or not they go on from what
// was typed.
func (p *place) candidates(typed string) ([]Candidate, bool) {
	if p.value != nil {
		return p.values(p.value.Value, typed)
	}
	if name, value, has := strings.Cut(typed, "="); has && !p.only && strings.HasPrefix(name, "--") {
		f := p.flag(name)
		if f == nil {
			return nil, false
		}
		all, files := p.values(f.Value, value)
		for i := range all {
			all[i].Value = name + "=" + all[i].Value
		}
		return all, files
	}
	if strings.HasPrefix(typed, "-") && !p.only {
		return p.allFlags(), false
	}
	return p.words(typed)
}

func (p *place) allFlags() (all []Candidate) {
	for _, group := range p.node.AllFlags(true) {
		for _, f := range group {
			all = append(all, Candidate{"--" + f.Name, firstSentence(f.Help)})
		}
	}
	return all
}

// words are commands, and the values of the next argument.
func (p *place) words(typed string) (all []Candidate, files bool) {
	for _, child := range p.node.Children {
		if !child.Hidden && p.given == 0 {
			all = append(all, Candidate{child.Name, firstSentence(child.Help)})
		}
	}
	if next := p.node.Positional; p.given < len(next) {
		return p.values(next[p.given], typed)
	} else if n := len(next); n > 0 && next[n-1].IsCumulative() {
		return p.values(next[n-1], typed)
	}
	return all, false
}

// values are what a flag or an argument may be.
func (p *place) values(v *kong.Value, typed string) (all []Candidate, files bool) {
	kind := v.Tag.Get("complete")
	switch {
	case v.Enum != "":
		return fixed(v.Enum), false
	case kind == "file", v.Tag.PlaceHolder == "FILE", v.Tag.PlaceHolder == "DIR":
		return nil, true
	case kind == "":
		return nil, false
	case strings.Contains(kind, ","):
		return fixed(kind), false
	case kind == Selector:
		return selector(typed, p.names), false
	}
	return p.names(kind, typed), false
}

func fixed(words string) (all []Candidate) {
	for word := range strings.SplitSeq(words, ",") {
		all = append(all, Candidate{Value: word})
	}
	return all
}

// firstSentence fits beside a word.
func firstSentence(help string) string {
	text, _, _ := strings.Cut(help, ". ")
	text, _, _ = strings.Cut(text, "; ")
	return strings.TrimSuffix(text, ".")
}
