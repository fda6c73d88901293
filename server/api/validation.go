package api

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"firstlight/server/machine"
)

// Texts of huma that say too little.
const (
	unknownQuery = "unknown query parameter"
	noBody       = "request body is required"
)

// explainValidation makes the detail of a request that huma refused say which
// field is wrong, with which value, and what to do.
func (a *API) explainValidation(c huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*huma.ErrorModel)
	if !ok || c.Operation() == nil {
		return v, nil
	}
	if p.Detail == noBody {
		p.Detail = "body: is missing: send a JSON object with " + strings.Join(a.fields(c.Operation(), "body"), ", ")
	}
	if len(p.Errors) == 0 {
		return p, nil
	}
	var says []string
	for _, e := range p.Errors {
		if e.Message == validation.MsgUnexpectedProperty || e.Message == unknownQuery {
			e.Message, e.Value = a.unexpected(c.Operation(), e.Location), nil
		}
		if s := a.schemaAt(c.Operation(), e.Location); s != nil && (s.Format == "password" || s.Type == huma.TypeObject) {
			e.Value = nil // secrets are not echoed, nor what may hold one
		}
		e.Message = exponent.ReplaceAllStringFunc(e.Message, inFull)
		says = append(says, sentence(e))
	}
	if p.Detail == "" || p.Detail == "validation failed" {
		p.Detail = strings.Join(says, "; ")
	}
	return p, nil
}

// sentence names field, value and remedy.
func sentence(e *huma.ErrorDetail) string {
	switch value := e.Value.(type) {
	case nil, map[string]any, []any:
		return e.Location + ": " + e.Message
	case string:
		return fmt.Sprintf("%s %.80q: %s", e.Location, value, e.Message)
	default:
		return fmt.Sprintf("%s %s: %s", e.Location, inFull(fmt.Sprint(value)), e.Message)
	}
}

// exponent is how huma writes the larger bounds of numbers.
var exponent = regexp.MustCompile(`\b\d+(\.\d+)?e\+\d+\b`)

// inFull writes a number as people do.
func inFull(number string) string {
	f, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return number
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// unexpected says that there is no such field, and which was probably meant.
func (a *API) unexpected(op *huma.Operation, location string) string {
	where, name := location, ""
	if i := strings.LastIndexByte(location, '.'); i >= 0 {
		where, name = location[:i], location[i+1:]
	}
	known := a.fields(op, where)
	if len(known) == 0 {
		return "there is no such field: leave it out"
	}
	if best, distance := machine.Nearest(name, known); distance <= 3 {
		return "there is no such field: did you mean " + best + "?"
	}
	return "there is no such field: there are " + strings.Join(known, ", ")
}

// fields are the names that may stand at a place of a request.
func (a *API) fields(op *huma.Operation, where string) []string {
	if where == "query" {
		return queryNames(op)
	}
	s := a.schemaAt(op, where)
	if s == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(s.Properties))
}

// schemaAt describes a place in the body, such as body.ranges[0].first; nil
// where nothing does.
func (a *API) schemaAt(op *huma.Operation, where string) *huma.Schema {
	if op.RequestBody == nil || op.RequestBody.Content["application/json"] == nil || !strings.HasPrefix(where, "body") {
		return nil
	}
	s := a.resolve(op.RequestBody.Content["application/json"].Schema)
	for _, part := range strings.Split(where, ".")[1:] {
		if s == nil {
			return nil
		}
		name, _, listed := strings.Cut(part, "[")
		if s = a.resolve(s.Properties[name]); s != nil && listed {
			s = a.resolve(s.Items)
		}
	}
	return s
}

func queryNames(op *huma.Operation) (all []string) {
	for _, p := range op.Parameters {
		if p.In == "query" {
			all = append(all, p.Name)
		}
	}
	return all
}

func (a *API) resolve(s *huma.Schema) *huma.Schema {
	if s == nil || s.Ref == "" {
		return s
	}
	return a.huma.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
}
