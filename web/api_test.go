package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"firstlight/server/auth"
)

// apiPage is the API's page with its elements by id.
func apiPage(t *testing.T) (elements map[string]*html.Node, page *html.Node) {
	t.Helper()
	b := newBench(t, full())
	r := b.get("/api", b.as(auth.Viewer))
	if r.StatusCode != http.StatusOK {
		t.Fatalf("GET /api = %d: %s", r.StatusCode, r.body)
	}
	page, err := html.Parse(strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	elements = map[string]*html.Node{}
	for n := range page.Descendants() {
		if id := attr(n, "id"); id != "" {
			elements[id] = n
		}
	}
	return elements, page
}

// shown is the parts of the document that the page must have, read here a
// second time and otherwise.
type shown struct {
	Paths map[string]map[string]struct {
		ID          string `json:"operationId"`
		Summary     string
		Role        string `json:"x-role"`
		Parameters  []struct{ Name, Description string }
		RequestBody struct {
			Content map[string]struct {
				Schema struct {
					Ref string `json:"$ref"`
				}
			}
		}
		Responses map[string]any
		Samples   []struct{ Source string } `json:"x-codeSamples"`
	}
	Components struct {
		Schemas map[string]struct {
			Properties map[string]struct{ Description string }
		}
		Responses map[string]struct{ Description string }
	}
}

func readShown(t *testing.T) (d shown) {
	t.Helper()
	if err := json.Unmarshal(apiDocument(t), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Paths) == 0 || len(d.Components.Schemas) == 0 {
		t.Fatal("the document has no paths or no schemas")
	}
	return d
}

// TestTheAPIsPageHasEveryOperation: what the document says of an operation
// stands where its anchor is.
func TestTheAPIsPageHasEveryOperation(t *testing.T) {
	elements, _ := apiPage(t)
	d := readShown(t)
	for path, methods := range d.Paths {
		for method, op := range methods {
			where := strings.ToUpper(method) + " " + path
			n := elements["op-"+op.ID]
			if n == nil {
				t.Errorf("%s: the page has no #op-%s", where, op.ID)
				continue
			}
			wants := []string{strings.ToUpper(method), "/api/v1" + path, op.Summary, "needs " + op.Role}
			for _, p := range op.Parameters {
				wants = append(wants, p.Name, p.Description)
			}
			for _, m := range op.RequestBody.Content {
				for field := range d.Components.Schemas[m.Schema.Ref[strings.LastIndexByte(m.Schema.Ref, '/')+1:]].Properties {
					wants = append(wants, field)
				}
			}
			for status := range op.Responses {
				wants = append(wants, status)
			}
			for _, s := range op.Samples {
				wants = append(wants, s.Source)
			}
			contains(t, where, textOf(n), wants)
		}
	}
}

func TestTheAPIsPageHasEverySchema(t *testing.T) {
	elements, page := apiPage(t)
	d := readShown(t)
	for name, s := range d.Components.Schemas {
		n := elements["schema-"+name]
		if n == nil {
			t.Errorf("the page has no #schema-%s", name)
			continue
		}
		for field, p := range s.Properties {
			contains(t, "schema "+name, textOf(n), []string{field, strings.ReplaceAll(p.Description, "`", "")})
		}
	}
	for _, r := range d.Components.Responses {
		contains(t, "errors", textOf(elements["errors"]), []string{r.Description})
	}
	for n := range page.Descendants() {
		if to, local := strings.CutPrefix(attr(n, "href"), "#"); local && elements[to] == nil {
			t.Errorf("a link leads to #%s, which there is not", to)
		}
	}
}

func contains(t *testing.T, where, text string, wants []string) {
	t.Helper()
	for _, want := range slices.Compact(wants) {
		if !strings.Contains(text, want) {
			t.Errorf("%s: the page does not say %q", where, want)
		}
	}
}

// TestTheAPIsPageIsReached from the side bar and from the document.
func TestTheAPIsPageIsReached(t *testing.T) {
	b := newBench(t, full())
	cookie := b.as(auth.Viewer)
	if r := b.get("/", cookie); !strings.Contains(r.body, `href="/api"`) {
		t.Error("the side bar does not lead to /api")
	}
	var d struct{ Info struct{ Description string } }
	if err := json.Unmarshal(apiDocument(t), &d); err != nil || !strings.Contains(d.Info.Description, "`/api`") {
		t.Errorf("the document does not lead to /api: %q, %v", d.Info.Description, err)
	}
	u, err := url.Parse(b.URL)
	if err != nil {
		t.Fatal(err)
	}
	if r := b.get("/api", cookie); !strings.Contains(r.body, "FIRSTLIGHT_URL=https://"+u.Host) || !strings.Contains(r.body, `href="/api/v1/openapi.json"`) {
		t.Error("the page does not say by which address the API is reached, or where its document is")
	}
}
