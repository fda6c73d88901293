package machine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// tree is a selector as the test makes it: its text, and whether it picks the
// specimen by the test's own reckoning.
type tree struct {
	text  string
	picks bool
}

// leaves are comparisons whose truth for the specimen is plain.
var leaves = []tree{
	{"rack=r12", true},
	{"rack=r13", false},
	{"rack!=r13", true},
	{"role=web,db", true},
	{"pool", false},
	{"hostname", true},
	{"cores>=32", true},
	{"cores>32", false},
	{`vendor="Dell Inc."`, true},
	{"name=X*", false},
}

var spaces = rapid.SampledFrom([]string{" ", "  ", "\t", "\n"})

func grow(t *rapid.T, depth int) tree {
	shape := "leaf"
	if depth > 0 {
		shape = rapid.SampledFrom([]string{"leaf", "and", "beside", "or", "not", "mark"}).Draw(t, "shape")
	}
	if shape == "leaf" {
		return rapid.SampledFrom(leaves).Draw(t, "leaf")
	}
	a, sp := grow(t, depth-1), spaces.Draw(t, "space")
	switch shape {
	case "not":
		return tree{"not" + sp + "(" + a.text + ")", !a.picks}
	case "mark":
		return tree{"!(" + sp + a.text + ")", !a.picks}
	}
	b := grow(t, depth-1)
	join := map[string]string{"and": sp + "and" + sp, "beside": sp, "or": sp + "OR" + sp}[shape]
	text := "(" + a.text + ")" + join + "(" + b.text + ")"
	if shape == "or" {
		return tree{text, a.picks || b.picks}
	}
	return tree{text, a.picks && b.picks}
}

func TestASelectorMeansWhatItSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := grow(t, 4)
		s, err := ParseSelector(want.text)
		if len(want.text) > maxSelector {
			t.Skip("too long")
		}
		if err != nil {
			t.Fatal(err)
		}
		if s.Match(specimen()) != want.picks {
			t.Fatalf("%q picks the specimen: %v, want %v", want.text, !want.picks, want.picks)
		}
		again, err := ParseSelector(s.String())
		if err != nil || again.Match(specimen()) != want.picks || again.String() != s.String() {
			t.Fatalf("%q does not survive its own spelling: %v", want.text, err)
		}
	})
}

func FuzzParseSelector(f *testing.F) {
	for _, seed := range []string{
		"", "status=available rack=r1* cores>=32 (role=db or pool=a) !hostname", `name="a b"`, "rack=r12..r14", "rack=a,b,c",
		"not not rack", "((((rack))))", "owner=\xc3\xa0", "name='", "memory>=64GiB and disks!=0", "x\x00y", "a=*?*?*?*?*b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSelector(text)
		if err != nil {
			var e *SelectorError
			if !errors.As(err, &e) || e.Column < 1 || e.Column > utf8.RuneCountInString(text)+1 || e.Reason == "" {
				t.Fatalf("ParseSelector(%q) = %v: want a reason and a column of the text", text, err)
			}
			return
		}
		picked := s.Match(specimen())
		if s.Match(&Machine{}); s.String() != text {
			t.Fatalf("String() = %q, want %q", s, text)
		}
		not, err := ParseSelector("!(" + text + ")")
		if strings.TrimSpace(text) != "" && len(text)+3 <= maxSelector && err == nil && not.Match(specimen()) == picked {
			t.Fatalf("%q and its negation agree", text)
		}
	})
}

// A pattern of a stranger must not take long, however it is made.
func TestWildcardsAreNotSlow(t *testing.T) {
	text := strings.Repeat("a", 1000)
	pattern := strings.Repeat("*a", 100) + "*b"
	s, err := ParseSelector("name=" + pattern)
	if err != nil {
		t.Fatal(err)
	}
	if s.Match(&Machine{Name: text}) {
		t.Error("it matches")
	}
}

func TestWildIsTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.StringMatching(`[ab]{0,7}`).Draw(t, "value")
		p := rapid.StringMatching(`[ab*?]{0,5}`).Draw(t, "pattern")
		if got, want := Wild(v, p), defined(v, p); got != want {
			t.Fatal(fmt.Sprintf("Wild(%q, %q) = %v, want %v", v, p, got, want))
		}
	})
}

// defined is the meaning of a pattern, as slow as it is plain.
func defined(v, p string) bool {
	switch {
	case p == "":
		return v == ""
	case p[0] == '*':
		return defined(v, p[1:]) || v != "" && defined(v[1:], p)
	default:
		return v != "" && (p[0] == '?' || p[0] == v[0]) && defined(v[1:], p[1:])
	}
}
