package api

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"firstlight/server/machine"
)

// rowOf is what fields of an operation's answer may be chosen of: the rows of a
// list, or a thing that has an ETag; nil where there is no choice.
func (a *API) rowOf(op *huma.Operation) (row *huma.Schema, list bool) {
	r := op.Responses["200"]
	if op.Method != http.MethodGet || r == nil || r.Content["application/json"] == nil {
		return nil, false
	}
	s := r.Content["application/json"].Schema
	if whole := a.resolve(s); whole.Properties["items"] != nil {
		return a.resolve(whole.Properties["items"].Items), true
	}
	if taggedNames()[nameOf(s)] {
		return a.resolve(s), false
	}
	return nil, false
}

// nameOf is the name of a schema that operations share.
func nameOf(s *huma.Schema) string { return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:] }

// choose reads which fields are asked for, and hides that from the handler.
func (a *API) choose(c huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(c)
	query := r.URL.Query()
	row, list := a.rowOf(c.Operation())
	if row == nil || !query.Has(fieldsParam) {
		next(c)
		return
	}
	picked, err := a.chosen(row, query[fieldsParam])
	if err != nil {
		a.write(w, r, err)
		return
	}
	if list {
		picked = choice{{"items", picked}, {name: "total"}, {name: "next_cursor"}}
	}
	r = r.Clone(context.WithValue(r.Context(), choiceKey{}, picked))
	query.Del(fieldsParam)
	r.URL.RawQuery = query.Encode()
	next(humago.NewContext(c.Operation(), r, w))
}

// chosen reads names between commas; a dot leads into a field.
func (a *API) chosen(row *huma.Schema, given []string) (picked choice, err error) {
	all := strings.FieldsFunc(strings.Join(given, ","), func(r rune) bool { return r == ',' || r == ' ' })
	if len(all) == 0 || len(all) > maxFields {
		return nil, huma.Error400BadRequest(fmt.Sprintf("query.fields names %d fields: want 1 to %d with commas between, such as name,status", len(all), maxFields))
	}
	for _, path := range all {
		parts := strings.Split(path, ".")
		if why := a.unknownField(row, parts); why != "" {
			e := &huma.ErrorDetail{Message: why, Location: "query." + fieldsParam, Value: path}
			return nil, huma.Error400BadRequest(sentence(e), e)
		}
		picked = picked.add(parts)
	}
	return picked, nil
}

// unknownField says why a path leads nowhere, and where it might have.
func (a *API) unknownField(s *huma.Schema, path []string) string {
	for _, name := range path {
		for s.Items != nil {
			s = a.resolve(s.Items)
		}
		if more, ok := s.AdditionalProperties.(*huma.Schema); ok { // a map: every name may be there
			s = a.resolve(more)
			continue
		}
		known := slices.Sorted(maps.Keys(s.Properties))
		if s = a.resolve(s.Properties[name]); s != nil {
			continue
		}
		if best, distance := machine.Nearest(name, known); distance <= 3 {
			return "there is no field " + name + ": did you mean " + best + "?"
		}
		if len(known) == 0 {
			return "there is no field " + name + ": leave it out"
		}
		return "there is no field " + name + ": there are " + strings.Join(known, ", ")
	}
	return ""
}

// documentFields says that fields may be chosen.
func (a *API) documentFields(op *huma.Operation) {
	if row, _ := a.rowOf(op); row != nil {
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: fieldsParam, In: "query", Schema: &huma.Schema{Type: huma.TypeString},
			Description: "Fields to send, with commas between; a dot leads into one, such as flags.locked. Absent: all",
		})
	}
}
