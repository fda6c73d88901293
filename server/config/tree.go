package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// node is a piece of the file with its line. Scalars keep the text that was
// written: whether 0x50 is a port is decided where a port is read.
type node struct {
	line  int
	kind  kind
	text  string  // of a scalar
	items []*node // of a list
	keys  []entry // of a mapping, in the order written
}

type entry struct {
	name  string
	line  int
	value *node
}

type kind string

const (
	empty   kind = "nothing"
	scalar  kind = "one value"
	list    kind = "a list"
	mapping kind = "keys"
)

// maxText bounds a configuration; 12,000 machines are not configured here.
const maxText = 1 << 20

// maxDepth is deeper than any key of ours lies.
const maxDepth = 16

// parse reads the text into a tree. It knows the part of YAML that people
// write: no anchors, aliases and tags, which would let one line of the file
// change another, and one document.
func parse(file string, text []byte) (root *node, err error) {
	if len(text) > maxText {
		return nil, Problems{{File: file, Text: fmt.Sprintf("has %d bytes: want at most %d", len(text), maxText)}}
	}
	// The parser is somebody else's and has panicked on odd input before
	// (goccy/go-yaml#439, #479): odd input is the user's to mend, not ours to die of.
	defer func() {
		if p := recover(); p != nil {
			root, err = nil, Problems{{File: file, Text: fmt.Sprintf("is not YAML that can be read: %v", p)}}
		}
	}()
	f, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, syntax(file, err)
	}
	switch {
	case len(f.Docs) > 1:
		line := f.Docs[1].GetToken().Position.Line
		return nil, Problems{{File: file, Line: line, Text: "a second document begins here: keep one"}}
	case len(f.Docs) == 0 || f.Docs[0].Body == nil:
		return &node{line: 1, kind: empty}, nil
	}
	t := treeMaker{file: file}
	root = t.make(f.Docs[0].Body, 0)
	return root, t.problems.orNil()
}

func syntax(file string, err error) error {
	p := Problem{File: file, Text: "is not YAML: " + err.Error()}
	if s, ok := errors.AsType[*yaml.SyntaxError](err); ok {
		p.Text = "is not YAML: " + s.Message
		if s.Token != nil && s.Token.Position != nil {
			p.Line = s.Token.Position.Line
		}
	}
	return Problems{p}
}

type treeMaker struct {
	file     string
	problems Problems
}

func (t *treeMaker) make(n ast.Node, depth int) *node {
	out := &node{kind: empty}
	if n == nil {
		return out
	}
	out.line = line(n)
	if depth > maxDepth {
		return t.bad(out, "is nested too deeply")
	}
	switch n := n.(type) {
	case *ast.NullNode:
	case *ast.MappingNode:
		out.kind = mapping
		for _, v := range n.Values {
			t.entry(out, v, depth)
		}
	case *ast.MappingValueNode:
		out.kind = mapping
		t.entry(out, n, depth)
	case *ast.SequenceNode:
		out.kind = list
		for _, v := range n.Values {
			out.items = append(out.items, t.make(v, depth+1))
		}
	case *ast.StringNode:
		out.kind, out.text = scalar, n.Value
	case *ast.LiteralNode:
		out.kind, out.text = scalar, strings.TrimRight(n.Value.Value, "\n")
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		out.kind, out.text = scalar, n.GetToken().Value
	default:
		return t.bad(out, fmt.Sprintf("%s: write the value itself; anchors, aliases, tags and merges are not read here", n.Type()))
	}
	return out
}

func (t *treeMaker) entry(into *node, v *ast.MappingValueNode, depth int) {
	key, ok := v.Key.(ast.Node).(ast.ScalarNode)
	if !ok || key.GetToken() == nil {
		t.bad(&node{line: line(v)}, "want a plain word as key")
		return
	}
	e := entry{name: key.GetToken().Value, line: line(v.Key), value: t.make(v.Value, depth+1)}
	if e.value.line == 0 {
		e.value.line = e.line
	}
	into.keys = append(into.keys, e)
}

func (t *treeMaker) bad(n *node, text string) *node {
	t.problems = append(t.problems, Problem{File: t.file, Line: n.line, Text: text})
	return n
}

func line(n ast.Node) int {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
		return line(m.Values[0]) // the mapping's own token is its first colon
	}
	if v, ok := n.(*ast.MappingValueNode); ok {
		return line(v.Key)
	}
	if tok := n.GetToken(); tok != nil && tok.Position != nil {
		return tok.Position.Line
	}
	return 0
}
