package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"
)

//go:generate go test -run TestDocumentIsTheGoldenOne -update

var update = flag.Bool("update", false, "write openapi.json anew")

const golden = "openapi.json"

// TestDocumentIsTheGoldenOne shows every change of the API in review.
func TestDocumentIsTheGoldenOne(t *testing.T) {
	r := newBench(t).get("/openapi.json")
	if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("GET /openapi.json = %d %s", r.StatusCode, r.Header.Get("Content-Type"))
	}
	if *update {
		if err := os.WriteFile(golden, []byte(r.body), 0o644); err != nil { //nolint:gosec // a file of the tree
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), r.body); diff != "" {
		t.Errorf("the API changed (-openapi.json +served); if it should, run go generate ./server/api\n%s", diff)
	}
}

// document is what an OpenAPI 3.1 document has that clients rest on.
type openAPI struct {
	OpenAPI    string
	Info       struct{ Title, Version string }
	Servers    []struct{ URL string }
	Paths      map[string]map[string]operation
	Tags       []struct{ Name, Description string }
	Components struct {
		Schemas         map[string]schema
		Responses       map[string]response
		SecuritySchemes map[string]struct{ Type string }
	}
	Security []map[string][]string
}

type operation struct {
	OperationID string
	Summary     string
	Tags        []string
	Role        string `json:"x-role"`
	Parameters  []struct {
		Name, In, Description string
		Required              bool
		Schema                schema
		Example               any
	}
	RequestBody struct{ Content map[string]media }
	Responses   map[string]response
	Samples     []struct{ Lang, Source string } `json:"x-codeSamples"`
}

type response struct {
	Ref         string `json:"$ref"`
	Description string
	Headers     map[string]any
	Content     map[string]media
}

// response follows a reference to a response that operations share.
func (d openAPI) response(r response) response {
	if name, ok := strings.CutPrefix(r.Ref, "#/components/responses/"); ok {
		return d.Components.Responses[name]
	}
	return r
}

type media struct {
	Schema struct {
		Ref string `json:"$ref"`
	}
	Example  any
	Examples map[string]struct {
		Ref string `json:"$ref"`
	}
}

type schema struct {
	Type        any
	Ref         string `json:"$ref"`
	Description string
	Format      string
	Examples    []any
	Enum        []any
	Items       *schema
	Properties  map[string]schema
	Additional  any `json:"additionalProperties"`
}

func readDocument(t *testing.T) (openAPI, []byte) {
	t.Helper()
	text := []byte(newBench(t).get("/openapi.json").body)
	var d openAPI
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d, text
}

func TestDocumentIsOpenAPI31(t *testing.T) {
	d, text := readDocument(t)
	if !strings.HasPrefix(d.OpenAPI, "3.1.") || d.Info.Title == "" || d.Info.Version == "" || len(d.Paths) == 0 {
		t.Errorf("document begins with %q, %+v and %d paths", d.OpenAPI, d.Info, len(d.Paths))
	}
	if len(d.Servers) != 1 || d.Servers[0].URL != Prefix {
		t.Errorf("servers = %v, want %s", d.Servers, Prefix)
	}
	for _, ref := range regexp.MustCompile(`"\$ref": "#/components/schemas/([^"]+)"`).FindAllSubmatch(text, -1) {
		if _, ok := d.Components.Schemas[string(ref[1])]; !ok {
			t.Errorf("reference to the schema %s, which is not there", ref[1])
		}
	}
	for _, need := range d.Security {
		for name := range need {
			if d.Components.SecuritySchemes[name].Type == "" {
				t.Errorf("security %q has no scheme", name)
			}
		}
	}
	if bytes.Contains(text, []byte("$schema")) {
		t.Error("the document promises links to schemas that are not served")
	}
}

func TestEveryOperationIsComplete(t *testing.T) {
	d, _ := readDocument(t)
	ids, unused := map[string]bool{}, map[string]bool{}
	for _, tag := range d.Tags {
		unused[tag.Name] = true
	}
	for path, methods := range d.Paths {
		for method, op := range methods {
			where := strings.ToUpper(method) + " " + path
			if op.OperationID == "" || ids[op.OperationID] {
				t.Errorf("%s: operation id %q is empty or taken", where, op.OperationID)
			}
			ids[op.OperationID] = true
			if op.Summary == "" || op.Role == "" && op.OperationID != answerWait || len(op.Samples) != 1 {
				t.Errorf("%s: summary %q, role %q, samples %v", where, op.Summary, op.Role, op.Samples)
			}
			if descriptions()[op.OperationID] == "" || len(op.Tags) != 1 || !slices.ContainsFunc(tags, func(g *huma.Tag) bool { return g.Name == op.Tags[0] && g.Description != "" }) {
				t.Errorf("%s: operation %s or its tag %v has no description: add it in descriptions.go", where, op.OperationID, op.Tags)
			}
			good := false
			for status, r := range op.Responses {
				r = d.response(r)
				good = good || strings.HasPrefix(status, "2")
				if r.Description == "" || status >= "400" && len(strings.Fields(r.Description)) < 4 {
					t.Errorf("%s: response %s is described as %q: say what it means here in problem_document.go", where, status, r.Description)
				}
				if _, problem := r.Content["application/problem+json"]; status >= "400" && !problem {
					t.Errorf("%s: response %s is not a problem", where, status)
				}
			}
			if !good {
				t.Errorf("%s: no response tells of success", where)
			}
			inPath(t, where, path, op)
			delete(unused, op.Tags[0])
		}
	}
	for id := range descriptions() {
		if !ids[id] {
			t.Errorf("descriptions.go describes the operation %s, which there is not", id)
		}
	}
	for name := range unused {
		t.Errorf("descriptions.go describes the tag %s, which no operation has", name)
	}
}

// inPath checks that the parameters in a path are those of its template.
func inPath(t *testing.T, where, path string, op operation) {
	t.Helper()
	var want, got []string
	for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(path, -1) {
		want = append(want, m[1])
	}
	for _, p := range op.Parameters {
		if p.Description == "" {
			t.Errorf("%s: parameter %s has no description", where, p.Name)
		}
		if p.In != "path" {
			continue
		}
		got = append(got, p.Name)
		if !p.Required {
			t.Errorf("%s: parameter %s of the path is not required", where, p.Name)
		}
	}
	if !slices.Equal(want, got) {
		t.Errorf("%s: parameters of the path are %v, want %v", where, got, want)
	}
}

// TestEveryFieldIsExplained wants of each property what a reader needs: words,
// values to choose from, or an example; and of each request that it is strict.
func TestEveryFieldIsExplained(t *testing.T) {
	d, _ := readDocument(t)
	for name, s := range d.Components.Schemas {
		if name != "ErrorModel" && s.Additional != false {
			t.Errorf("schema %s lets unknown fields pass", name)
		}
		for field, p := range s.Properties {
			if !explained(p) {
				t.Errorf("%s.%s has neither description, enum nor example", name, field)
			}
		}
	}
}

func explained(p schema) bool {
	plain := fmt.Sprint(p.Type)
	return p.Description != "" || len(p.Enum) > 0 || len(p.Examples) > 0 || p.Ref != "" ||
		p.Format == "date-time" || plain == "boolean" || p.Items != nil && p.Items.Ref != ""
}
