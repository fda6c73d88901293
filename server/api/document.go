package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Document is what the API does, as OpenAPI 3.1 in JSON. It must not be changed.
// It is written when it is first asked for: that takes longer than all of New.
func (a *API) Document() ([]byte, error) { return a.document() }

// writeDocument writes it; nothing of it changes after New.
func (a *API) writeDocument() ([]byte, error) {
	b, err := json.MarshalIndent(a.huma.OpenAPI(), "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the OpenAPI document: %w", err)
	}
	return append(b, '\n'), nil
}

// describe says of every operation what its registration leaves out.
func (a *API) describe() {
	d := a.huma.OpenAPI()
	d.Tags = tags
	d.Components.Responses = map[string]*huma.Response{}
	d.Components.Examples = map[string]*huma.Example{}
	for path, item := range d.Paths {
		for _, op := range operations(item) {
			a.shareProblems(op)
			a.exemplify(op)
			documentTags(op)
			a.documentFields(op)
			if op.RequestBody == nil {
				delete(op.Responses, strconv.Itoa(http.StatusUnsupportedMediaType))
			}
			sample(op, Prefix+path)
		}
	}
}

// documentTags says which answers have an ETag: those whose body has one.
func documentTags(op *huma.Operation) {
	for _, r := range op.Responses {
		m := r.Content["application/json"]
		if m != nil && taggedNames()[nameOf(m.Schema)] {
			r.Headers = map[string]*huma.Param{"ETag": {Description: "Of the state that is shown; send it as If-Match with a change", Schema: &huma.Schema{Type: huma.TypeString}}}
		}
	}
}

// operations are those of one path.
func operations(item *huma.PathItem) []*huma.Operation {
	all := []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete}
	return slices.DeleteFunc(all, func(op *huma.Operation) bool { return op == nil })
}

// document registers the document's own route.
func document(a *API, op huma.Operation) {
	op.Responses = map[string]*huma.Response{"200": {
		Description: "The document",
		Content:     map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: huma.TypeObject}}},
	}}
	huma.Register(a.huma, op, func(context.Context, *struct{}) (*huma.StreamResponse, error) {
		written, err := a.document()
		if err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(c huma.Context) {
			c.SetHeader("Content-Type", "application/json")
			c.SetStatus(http.StatusOK)
			_, _ = c.BodyWriter().Write(written) // the client may be gone
		}}, nil
	})
}

// answer documents a response with a body.
func answer[T any](a *API, says string) *huma.Response {
	t := reflect.TypeFor[T]()
	return &huma.Response{Description: says, Content: map[string]*huma.MediaType{
		"application/json": {Schema: a.huma.OpenAPI().Components.Schemas.Schema(t, true, t.Name())},
	}}
}

// tag groups routes by the first word of their path.
func (r route) tag() string {
	first, _, _ := strings.Cut(strings.TrimPrefix(r.path, "/"), "/")
	return strings.TrimSuffix(first, ".json")
}
