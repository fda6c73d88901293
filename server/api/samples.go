package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// sample adds a command to an operation that asks for it with curl. A shell
// that has FIRSTLIGHT_URL and TOKEN runs it as it stands.
func sample(op *huma.Operation, path string) {
	words := []string{`curl --cacert ca.crt -H "Authorization: Bearer $TOKEN"`}
	add := func(format string, args ...any) { words = append(words, fmt.Sprintf(format, args...)) }
	if op.Method != http.MethodGet && (op.Method != http.MethodPost || op.RequestBody == nil) {
		add("-X %s", op.Method)
	}
	var query []string
	inURL := url.Values{}
	for _, p := range op.Parameters {
		value := fmt.Sprint(first(p.Schema))
		switch {
		case p.In == "path":
			path = strings.Replace(path, "{"+p.Name+"}", url.PathEscape(value), 1)
		case value == "" || p.Name == "cursor": // a cursor comes from an answer
		case p.In == "header":
			add("-H %s", quote(p.Name+": "+value))
		case p.In == "query":
			inURL.Set(p.Name, value)
			query = append(query, "--data-urlencode "+quote(p.Name+"="+value))
		}
	}
	list := op.RequestBody != nil && op.RequestBody.Content["text/csv"] != nil
	if list { // --get would send the list in the address
		path += "?" + inURL.Encode()
	}
	add(`"$FIRSTLIGHT_URL%s"`, path)
	if len(query) > 0 && !list {
		add("--get %s", strings.Join(query, " "))
	}
	if b := op.RequestBody; b != nil {
		for kind, m := range b.Content {
			if text, ok := m.Example.(string); ok && kind == "text/csv" {
				add("-H 'Content-Type: text/csv' --data-binary %s", quote(text))
				continue
			}
			add("--json %s", quote(compact(m.Example)))
		}
	}
	for _, r := range op.Responses {
		if r.Content["text/event-stream"] != nil {
			add("--no-buffer")
		}
	}
	op.Extensions["x-codeSamples"] = []any{map[string]any{"lang": "Shell", "label": "curl", "source": strings.Join(words, " \\\n  ")}}
}

// first is the example of a schema; empty where it has none.
func first(s *huma.Schema) any {
	if len(s.Examples) == 0 {
		return ""
	}
	return s.Examples[0]
}

// quote makes one word of a POSIX shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// compact is a value in JSON on one line, without the escapes that HTML needs.
func compact(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // it came out of JSON
	return strings.TrimSuffix(b.String(), "\n")
}
