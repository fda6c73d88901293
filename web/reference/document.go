package reference

import (
	"encoding/json"
	"strings"
)

// document is what an OpenAPI 3.1 document has that the page shows.
type document struct {
	OpenAPI    string
	Info       struct{ Title, Version, Description string }
	Servers    []struct{ URL string }
	Tags       []struct{ Name, Description string }
	Paths      map[string]pathItem
	Components struct {
		Schemas         map[string]*schema
		Responses       map[string]response
		Examples        map[string]example
		SecuritySchemes map[string]login
	}
}

// pathItem is the operations of one path, in the order in which people look for
// them.
type pathItem struct {
	Get, Head, Post, Put, Patch, Delete, Options, Trace *operation
}

func (i pathItem) each(do func(method string, o *operation)) {
	for _, m := range []struct {
		name string
		*operation
	}{
		{"GET", i.Get},
		{"HEAD", i.Head},
		{"POST", i.Post},
		{"PUT", i.Put},
		{"PATCH", i.Patch},
		{"DELETE", i.Delete},
		{"OPTIONS", i.Options},
		{"TRACE", i.Trace},
	} {
		if m.operation != nil {
			do(m.name, m.operation)
		}
	}
}

type login struct{ Type, Scheme, In, Name, Description string }

type operation struct {
	OperationID, Summary, Description string
	Tags                              []string
	Role                              string `json:"x-role"`
	Samples                           []struct {
		Source string
	} `json:"x-codeSamples"`
	Parameters  []parameter
	RequestBody *struct {
		Required bool
		Content  map[string]media
	}
	Responses map[string]response
}

type parameter struct {
	Name, In, Description string
	Required              bool
	Schema                *schema
}

type response struct {
	Ref         string `json:"$ref"`
	Description string
	Headers     map[string]parameter
	Content     map[string]media
}

type media struct {
	Schema   *schema
	Example  json.RawMessage
	Examples map[string]example
}

type example struct {
	Ref   string `json:"$ref"`
	Value json.RawMessage
}

// schema is the part of JSON Schema 2020-12 that documents from code have.
type schema struct {
	Ref                  string `json:"$ref"`
	Type                 types
	Format, Description  string
	Enum                 []any
	Examples             []json.RawMessage
	Default              json.RawMessage
	Minimum, Maximum     json.Number
	MinLength, MaxLength json.Number
	MinItems, MaxItems   json.Number
	Pattern              string
	Items                *schema
	OneOf, AnyOf         []*schema
	Properties           map[string]*schema
	Required             []string
	AdditionalProperties values
}

// types is one type or a list of them.
type types []string

func (t *types) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*t = types{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(t))
}

// values is the schema of an object's values, or nothing where additional ones
// are merely allowed or not.
type values struct{ *schema }

func (v *values) UnmarshalJSON(b []byte) error {
	var allowed bool
	if json.Unmarshal(b, &allowed) == nil {
		return nil
	}
	return json.Unmarshal(b, &v.schema)
}

// named is the last part of a reference within the document.
func named(ref string) string { return ref[strings.LastIndexByte(ref, '/')+1:] }
