// Package reference turns an OpenAPI 3.1 document into what a page shows of it:
// operations by tag, their parameters, bodies, answers and commands, and the
// schemas behind them.
//
// It promises that whatever operation, parameter, answer or schema the document
// has is in the Reference, and that a document that cannot be read whole is an
// error. It writes no HTML and does no I/O. Package web imports it.
package reference

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Reference is a document in the order in which people read it.
type Reference struct {
	Title, Version string
	About          []Run
	Base           string // the path below which all operations are
	Logins         []Login
	Groups         []Group
	Problems       []Answer // that operations share, by status
	Schemas        []Schema // by name
}

// Login is one way to say who asks.
type Login struct{ Name, How, About string }

// Group is the operations of one tag.
type Group struct {
	Name       string
	About      []Run
	Operations []Operation
}

// Operation is what one method does at one path.
type Operation struct {
	ID, Method, Path, Role, Summary string
	About                           []Run
	Parameters                      []Field
	Body                            *Body
	Answers                         []Answer // that are no problems
	Problems                        []Answer // 4xx and 5xx
	Commands                        []string // for a shell
}

// Body is what a request or an answer carries.
type Body struct {
	Media    string // such as application/json
	Required bool
	Type     []Run
	Fields   []Field // where it is an object; those of a reference too
	Example  string  // indented JSON; empty where there is none
}

// Answer is one status of an operation.
type Answer struct {
	Status  string
	About   []Run
	Shared  bool // it stands in Reference.Problems
	Headers []Field
	Body    *Body
}

// Schema is a named object.
type Schema struct {
	Name    string
	Fields  []Field
	Example string
}

// Field is a parameter, a header, or one property of an object.
type Field struct {
	Name     string
	In       string // of a parameter: path, query, header or cookie
	Required bool
	Type     []Run
	About    []Run
	Choices  []string // the values that it may have, where they are named
	Limits   []string // such as "at most 200 characters"
	Example  string   // in JSON, but texts without their quotes
}

// Run is a piece of a text: words, code, or the name of a schema.
type Run struct {
	Text   string
	Code   bool
	Schema string // to be linked to; empty: none
}

// New reads a document.
func New(text []byte) (*Reference, error) {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("read the OpenAPI document: %w", err)
	}
	if !strings.HasPrefix(d.OpenAPI, "3.1.") || len(d.Paths) == 0 {
		return nil, fmt.Errorf("read the OpenAPI document: version %q with %d paths, want 3.1 with some", d.OpenAPI, len(d.Paths))
	}
	r := &Reference{Title: d.Info.Title, Version: d.Info.Version, About: prose(d.Info.Description)}
	if len(d.Servers) > 0 {
		r.Base = d.Servers[0].URL
	}
	b := builder{document: &d, base: r.Base}
	r.Logins, r.Groups, r.Problems, r.Schemas = b.logins(), b.groups(), b.problems(), b.schemas()
	if len(b.missing) > 0 {
		return nil, fmt.Errorf("read the OpenAPI document: nothing is at %s", strings.Join(slices.Sorted(maps.Keys(b.missing)), ", "))
	}
	return r, nil
}

// prose splits a text at its backticks.
func prose(s string) []Run {
	var all []Run
	for i, part := range strings.Split(s, "`") {
		if part != "" {
			all = append(all, Run{Text: part, Code: i%2 == 1})
		}
	}
	return all
}
