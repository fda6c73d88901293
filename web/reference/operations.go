package reference

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// builder makes the parts of a Reference and notes references to nothing.
type builder struct {
	*document
	base    string
	missing map[string]bool
}

func (b *builder) miss(ref string) {
	if b.missing == nil {
		b.missing = map[string]bool{}
	}
	b.missing[ref] = true
}

func (b *builder) logins() []Login {
	var all []Login
	for _, name := range slices.Sorted(maps.Keys(b.Components.SecuritySchemes)) {
		l := b.Components.SecuritySchemes[name]
		how := l.In + " " + l.Name
		if l.Type == "http" {
			how = "Authorization: " + l.Scheme
		}
		all = append(all, Login{Name: name, How: how, About: l.Description})
	}
	return all
}

// groups are the document's tags in its order; tags that it does not describe
// come last.
func (b *builder) groups() []Group {
	var all []Group
	for _, t := range b.Tags {
		all = append(all, Group{Name: t.Name, About: prose(t.Description)})
	}
	for _, o := range b.operations() {
		tag := "other"
		if len(o.Tags) > 0 {
			tag = o.Tags[0]
		}
		i := slices.IndexFunc(all, func(g Group) bool { return g.Name == tag })
		if i < 0 {
			i, all = len(all), append(all, Group{Name: tag})
		}
		all[i].Operations = append(all[i].Operations, b.operation(o))
	}
	return slices.DeleteFunc(all, func(g Group) bool { return len(g.Operations) == 0 })
}

// placed is an operation with where it is.
type placed struct {
	*operation
	method, path string
}

func (b *builder) operations() []placed {
	var all []placed
	for _, path := range slices.Sorted(maps.Keys(b.Paths)) {
		b.Paths[path].each(func(method string, o *operation) { all = append(all, placed{o, method, path}) })
	}
	return all
}

func (b *builder) operation(p placed) Operation {
	o := Operation{
		ID: p.OperationID, Method: p.method, Path: b.base + p.path, Role: p.Role,
		Summary: p.Summary, About: prose(p.Description),
	}
	for _, x := range p.Parameters {
		o.Parameters = append(o.Parameters, b.parameter(x))
	}
	if p.RequestBody != nil {
		o.Body = b.body(p.RequestBody.Content)
		o.Body.Required = p.RequestBody.Required
	}
	for _, status := range slices.Sorted(maps.Keys(p.Responses)) {
		if a := b.answer(status, p.Responses[status]); status >= "400" && status < "600" {
			o.Problems = append(o.Problems, a)
		} else {
			o.Answers = append(o.Answers, a)
		}
	}
	for _, s := range p.Samples {
		o.Commands = append(o.Commands, s.Source)
	}
	return o
}

func (b *builder) parameter(p parameter) Field {
	f := b.field(p.Name, p.Schema)
	f.In, f.Required = p.In, p.Required
	if p.Description != "" {
		f.About = prose(p.Description)
	}
	return f
}

func (b *builder) answer(status string, r response) Answer {
	a := Answer{Status: status, Shared: r.Ref != ""}
	if a.Shared {
		shared, ok := b.Components.Responses[named(r.Ref)]
		if !ok {
			b.miss(r.Ref)
		}
		r = shared
	}
	a.About = prose(r.Description)
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		h := r.Headers[name]
		h.Name = name
		a.Headers = append(a.Headers, b.parameter(h))
	}
	if len(r.Content) > 0 {
		a.Body = b.body(r.Content)
	}
	return a
}

// body shows the first of the media types; what else is offered stands beside.
func (b *builder) body(content map[string]media) *Body {
	offered := slices.Sorted(maps.Keys(content))
	m := content[offered[0]]
	return &Body{
		Media: strings.Join(offered, " or "), Type: b.typeOf(m.Schema), Fields: b.fields(b.resolve(m.Schema)), Example: b.example(m),
	}
}

func (b *builder) example(m media) string {
	value := m.Example
	for _, name := range slices.Sorted(maps.Keys(m.Examples)) {
		e := m.Examples[name]
		if e.Ref != "" {
			shared, ok := b.Components.Examples[named(e.Ref)]
			if !ok {
				b.miss(e.Ref)
			}
			e = shared
		}
		value = e.Value
	}
	return indented(value)
}

func indented(value json.RawMessage) string {
	var out bytes.Buffer
	if len(value) == 0 || json.Indent(&out, value, "", "  ") != nil {
		return ""
	}
	return out.String()
}

// problems are the answers that operations share, by the statuses under which
// they are met.
func (b *builder) problems() []Answer {
	met := map[string]response{}
	for _, o := range b.operations() {
		for status, r := range o.Responses {
			if r.Ref != "" {
				met[status] = r
			}
		}
	}
	var all []Answer
	for _, status := range slices.Sorted(maps.Keys(met)) {
		all = append(all, b.answer(status, met[status]))
	}
	return all
}
