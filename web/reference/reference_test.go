package reference

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const small = `{
  "openapi": "3.1.0", "info": {"title": "Small", "version": "1", "description": "Read ` + "`/api`" + `."},
  "servers": [{"url": "/api/v1"}],
  "tags": [{"name": "b", "description": "Second letter"}, {"name": "unused"}],
  "components": {
    "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "A token"}},
    "responses": {"NotFound": {"description": "Nothing there", "content": {"application/problem+json": {"schema": {"type": "object"}, "example": {"status": 404}}}}},
    "examples": {"Node": {"value": {"name": "x"}}},
    "schemas": {
      "Node": {"type": "object", "additionalProperties": false, "required": ["name"], "properties": {
        "children": {"type": ["array", "null"], "items": {"$ref": "#/components/schemas/Node"}, "maxItems": 4},
        "kind": {"type": "string", "enum": ["leaf", "root"], "default": "leaf"},
        "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        "name": {"type": "string", "minLength": 1, "maxLength": 63, "examples": ["n1"], "description": "Its name"},
        "size": {"type": "integer", "format": "int64", "maximum": 3.1536e+07},
        "when": {"type": "string", "format": "date-time"}}}}},
  "paths": {
    "/nodes": {
      "post": {"operationId": "make", "tags": ["b"], "summary": "Make one", "x-role": "admin",
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}},
        "responses": {"201": {"description": "Made", "headers": {"Location": {"description": "Of it", "schema": {"type": "string"}}}}}},
      "get": {"operationId": "list", "tags": ["a"], "x-codeSamples": [{"source": "curl /nodes"}],
        "parameters": [{"name": "limit", "in": "query", "description": "Rows", "schema": {"type": "integer", "default": 100, "minimum": 1}}],
        "responses": {"404": {"$ref": "#/components/responses/NotFound"},
          "200": {"description": "All", "content": {"text/event-stream": {"schema": {"oneOf": [{"$ref": "#/components/schemas/Node"}, {"type": "null"}]}, "examples": {"one": {"$ref": "#/components/examples/Node"}}}}}}}}}
}`

func read(t *testing.T) *Reference {
	t.Helper()
	r, err := New([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func words(runs []Run) string {
	var b strings.Builder
	for _, r := range runs {
		b.WriteString(r.Text)
	}
	return b.String()
}

func TestOperationsStandByTheirTags(t *testing.T) {
	r := read(t)
	var got []string
	for _, g := range r.Groups {
		for _, o := range g.Operations {
			got = append(got, g.Name+": "+o.Method+" "+o.Path+" "+o.ID+" "+o.Role)
		}
	}
	want := []string{"b: POST /api/v1/nodes make admin", "a: GET /api/v1/nodes list "} // a tag without a description comes last
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("operations (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Run{{Text: "Read "}, {Text: "/api", Code: true}, {Text: "."}}, r.About); diff != "" {
		t.Errorf("about (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]Login{{Name: "token", How: "Authorization: bearer", About: "A token"}}, r.Logins); diff != "" {
		t.Errorf("log-ins (-want +got):\n%s", diff)
	}
}

func TestAnOperationIsWhole(t *testing.T) {
	r := read(t)
	list, create := r.Groups[1].Operations[0], r.Groups[0].Operations[0]
	want := []Field{{Name: "limit", In: "query", Type: []Run{{Text: "integer"}}, About: []Run{{Text: "Rows"}}, Limits: []string{"at least 1", "default 100"}}}
	if diff := cmp.Diff(want, list.Parameters); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
	if a := list.Answers[0]; a.Status != "200" || a.Body.Media != "text/event-stream" || words(a.Body.Type) != "Node or null" || a.Body.Example != "{\n  \"name\": \"x\"\n}" {
		t.Errorf("answer = %+v with body %+v", a, a.Body)
	}
	if p := list.Problems[0]; p.Status != "404" || !p.Shared || words(p.About) != "Nothing there" || p.Body.Example == "" {
		t.Errorf("problem = %+v", p)
	}
	if diff := cmp.Diff(list.Problems, r.Problems); diff != "" {
		t.Errorf("problems of all (-of one +got):\n%s", diff)
	}
	if create.Body.Required || len(create.Body.Fields) != 6 || words(create.Answers[0].Headers[0].About) != "Of it" || create.Answers[0].Headers[0].Name != "Location" {
		t.Errorf("body %+v, headers %+v", create.Body, create.Answers[0].Headers)
	}
	if diff := cmp.Diff([]string{"curl /nodes"}, list.Commands); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

func TestFieldsAreInWords(t *testing.T) {
	var got []string
	for _, f := range read(t).Schemas[0].Fields {
		line := f.Name + ": " + words(f.Type) + "; " + strings.Join(append(f.Choices, f.Limits...), ", ") + "; " + f.Example
		if f.Required {
			line += " required"
		}
		got = append(got, line)
	}
	want := []string{
		"name: string; 1 to 63 characters; n1 required",
		"children: array of Node or null; at most 4 entries; ",
		"kind: string; leaf, root, default leaf; ",
		"labels: map of string; ; ",
		"size: integer; at most 31536000; ",
		"when: string, date-time; ; ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fields (-want +got):\n%s", diff)
	}
}

func TestWhatCannotBeReadIsSaid(t *testing.T) {
	for _, tt := range []struct{ name, old, now, says string }{
		{"no JSON", `{`, ``, "invalid character"},
		{"another version", `"3.1.0"`, `"3.0.3"`, `version "3.0.3"`},
		{"no paths", `"paths"`, `"no paths"`, "0 paths"},
		{"a schema that there is not", `"items": {"$ref": "#/components/schemas/Node"`, `"items": {"$ref": "#/components/schemas/Nodes"`, "#/components/schemas/Nodes"},
		{"a response that there is not", `{"$ref": "#/components/responses/NotFound"}`, `{"$ref": "#/components/responses/Gone"}`, "#/components/responses/Gone"},
		{"an example that there is not", `{"$ref": "#/components/examples/Node"}`, `{"$ref": "#/components/examples/None"}`, "#/components/examples/None"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(small, tt.old, tt.now, 1)
			if _, err := New([]byte(text)); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("New() = %v, want …%s…", err, tt.says)
			}
		})
	}
}

// TestACircleEnds: a reference that leads to itself has no fields.
func TestACircleEnds(t *testing.T) {
	text := strings.Replace(small, `"Node": {"type": "object", "additionalProperties": false,`, `"Loop": {"$ref": "#/components/schemas/Loop"}, "Node": {"type": "object",`, 1)
	r, err := New([]byte(text))
	if err != nil || r.Schemas[0].Name != "Loop" || r.Schemas[0].Fields != nil {
		t.Errorf("New() = %+v, %v", r, err)
	}
}
