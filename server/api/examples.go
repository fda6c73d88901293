package api

import (
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// exemplify gives each body of an operation an example, made of those of its
// fields, so that nobody has to imagine how they look together.
func (a *API) exemplify(op *huma.Operation) {
	if op.RequestBody != nil {
		for _, m := range op.RequestBody.Content {
			m.Example = a.example(m.Schema)
		}
	}
	for _, r := range op.Responses {
		if m := r.Content["application/json"]; m != nil && m.Schema.Ref != "" {
			m.Examples = map[string]*huma.Example{"whole": a.shareExample(m.Schema)}
		}
	}
}

// shareExample keeps an example among the components: machines are answered by
// many operations.
func (a *API) shareExample(s *huma.Schema) *huma.Example {
	name := s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	a.huma.OpenAPI().Components.Examples[name] = &huma.Example{Summary: name, Value: a.example(s)}
	return &huma.Example{Ref: "#/components/examples/" + name}
}

// example is a value that a schema allows: the schema's own example, or what
// its parts give.
func (a *API) example(s *huma.Schema) any {
	s = a.resolve(s)
	switch {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case s.Default != nil:
		return s.Default
	case len(s.Enum) > 0:
		return s.Enum[0]
	case s.Format == "date-time":
		return "2026-11-26T17:45:53Z"
	}
	switch s.Type {
	case huma.TypeObject:
		return a.exampleObject(s)
	case huma.TypeArray:
		return []any{a.example(s.Items)}
	case huma.TypeBoolean:
		return false
	case huma.TypeInteger, huma.TypeNumber:
		return 0
	default:
		return "…"
	}
}

// exampleObject has what must be there, and what may be where somebody wrote
// an example for it.
func (a *API) exampleObject(s *huma.Schema) map[string]any {
	o := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if p := s.Properties[name]; slices.Contains(s.Required, name) || len(a.resolve(p).Examples) > 0 {
			o[name] = a.example(p)
		}
	}
	return o
}
