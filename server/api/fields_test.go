package api

import (
	"net/http"
	"strings"
	"testing"
)

func TestFieldsAreChosen(t *testing.T) {
	b := newBench(t)
	b.add(1)
	b.add(2)
	b.post("/machines/FL1/lock", `{"note":"why"}`)
	for _, tt := range []struct{ path, want string }{
		{"/machines?fields=status,name", `{"items":[{"status":"available","name":"FL1"},{"status":"available","name":"FL2"}],"total":2}`},
		{"/machines?fields=name&limit=1", `{"items":[{"name":"FL1"}],"total":2,"next_cursor":"FL1"}`},
		{"/machines?selector=name=FL1&fields=name,flags.locked,flags.lock_note,nics.mac", `{"items":[{"name":"FL1","flags":{"locked":true,"lock_note":"why"},"nics":[{"mac":"52:54:00:00:00:01"}]}],"total":1}`},
		{"/machines?selector=name=FL1&fields=facts.platform", `{"items":[{"facts":{"platform":"bios"}}],"total":1}`}, // as facts=true
		{"/machines/FL1?fields=name,hostname,flags.locked", `{"name":"FL1","flags":{"locked":true}}`},                // what is absent stays absent
		{"/machines/FL1?fields=flags.locked&fields=name", `{"flags":{"locked":true},"name":"FL1"}`},
		{"/machines/FL1/history?fields=to", `{"items":[{"to":"registered"},{"to":"available"}],"total":2}`},
		{"/subnets/lab?fields=policy", `{"policy":"register"}`},
		{"/racks?fields=name", `{"items":[{"name":"r1"}],"total":1}`},
	} {
		if got := b.get(tt.path); got.StatusCode != http.StatusOK || strings.TrimSpace(got.body) != tt.want {
			t.Errorf("GET %s = %d\n%s, want\n%s", tt.path, got.StatusCode, got.body, tt.want)
		}
	}
	if got, want := b.get("/machines/FL1?fields=name").Header.Get("ETag"), b.get("/machines/FL1").Header.Get("ETag"); got != want || got == "" {
		t.Errorf("ETag = %q with fields, %q without", got, want)
	}
}

func TestFieldsThatThereAreNot(t *testing.T) {
	b := newBench(t)
	b.add(1)
	for path, says := range map[string]string{
		"/machines?fields=name,stauts":         `query.fields "stauts": there is no field stauts: did you mean status?`,
		"/machines/FL1?fields=flags.loked":     "did you mean locked?",
		"/machines/FL1?fields=name.first":      "there is no field first: leave it out",
		"/machines/FL1?fields=bmc.credentials": "there are address, factory, failed, firmware",
		"/machines?fields=":                    "want 1 to 64",
	} {
		p := b.refuses(b.get(path), http.StatusBadRequest, says)
		if len(p.Errors) > 0 && p.Errors[0].Location != "query.fields" {
			t.Errorf("%s: location %q", path, p.Errors[0].Location)
		}
	}
	b.refuses(b.get("/health?fields=state"), http.StatusUnprocessableEntity, "query.fields")
}

// TestEveryListLetsFieldsBeChosen, and every thing that can be read singly.
func TestEveryListLetsFieldsBeChosen(t *testing.T) {
	b := newBench(t)
	d, _ := readDocument(t)
	for path, methods := range d.Paths {
		op, ok := methods["get"]
		if !ok {
			continue
		}
		takes := false
		for _, p := range op.Parameters {
			takes = takes || p.Name == fieldsParam
		}
		_, list := b.api.rowOf(b.api.huma.OpenAPI().Paths[path].Get)
		if want := list || op.Responses["200"].Headers["ETag"] != nil; takes != want {
			t.Errorf("GET %s takes fields: %v, want %v", path, takes, want)
		}
	}
}
