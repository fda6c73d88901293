package client

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// served gives a client of a handler, over TLS, with its CA and a token.
func served(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	dir := t.TempDir()
	ca, token := filepath.Join(dir, "ca.crt"), filepath.Join(dir, "token")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := errors.Join(os.WriteFile(ca, text, 0o600), os.WriteFile(token, []byte("fl_token\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	c, err := Open(Place{URL: s.URL, CAFile: ca, TokenFile: token})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestProblems(t *testing.T) {
	for _, tt := range []struct {
		name, kind, body string
		status           int
		want             string
	}{
		{"a problem's detail is the error", "application/problem+json", `{"detail": "machine C0MPUT3 is locked: unlock it first"}`, 409, "machine C0MPUT3 is locked: unlock it first"},
		{"a list is named by its command", "application/problem+json", `{"detail": "rule \"x\": not found: list those that there are with GET /api/v1/rules"}`, 404, `rule "x": not found: firstlight rule ls lists those that there are`},
		{"with a guess before it", "application/problem+json", `{"detail": "rule \"x\": not found; did you mean y? List those that there are with GET /api/v1/rules"}`, 404, `did you mean y? firstlight rule ls lists those that there are`},
		{"a field has no place in a request", "application/problem+json", `{"detail": "body.mode \"body.x\": want a; query.status \"\": want b"}`, 422, `mode "body.x": want a; status "": want b`},
		{"with a charset too", "application/problem+json; charset=utf-8", `{"detail": "no"}`, 422, "no"},
		{"a token that is not good says so", "application/problem+json", `{"detail": "log in"}`, 401, "the token is not valid (any more): log in again with: firstlight login"},
		{"something else behind the address is guessed", "text/html", "<h1>nginx", 404, `answered "404 Not Found" to GET /api/v1/me: is it an appliance of another version?`},
		{"a problem without detail too", "application/problem+json", "{}", 500, "is it an appliance of another version?"},
		{"redirects are not followed", "text/html", "", 302, `answered "302 Found"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := served(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.kind)
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
			})
			_, err := c.Get(t.Context(), "/me", nil, nil)
			var got *Error
			if !errors.As(err, &got) || got.Status != tt.status || !strings.HasSuffix(got.Detail, tt.want) && !strings.Contains(got.Detail, tt.want) {
				t.Errorf("Get() = %v, want status %d and %q", err, tt.status, tt.want)
			}
		})
	}
}

func TestTheTokenIsSent(t *testing.T) {
	var got string
	c := served(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Authorization")
		_, _ = w.Write([]byte("{}"))
	})
	if _, err := c.Get(t.Context(), "/me", nil, &struct{}{}); err != nil || got != "Bearer fl_token" {
		t.Errorf("Get() = %v with Authorization %q", err, got)
	}
}

func TestAnAnswerThatIsNoJSONIsExplained(t *testing.T) {
	c := served(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) })
	if _, err := c.Get(t.Context(), "/me", nil, &struct{}{}); err == nil || !strings.Contains(err.Error(), "an appliance of another version") {
		t.Errorf("Get() = %v, want a guess", err)
	}
}

func TestPagedReadsAllPagesUpToALimit(t *testing.T) {
	var asked []string
	c := served(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RawQuery)
		if r.URL.Query().Get("cursor") == "" {
			_, _ = w.Write([]byte(`{"items": ["a", "b"], "next_cursor": "b"}`))
			return
		}
		_, _ = w.Write([]byte(`{"items": ["c"]}`))
	})
	all, err := Paged[string](t.Context(), c, "/x", nil, 0)
	if diff := cmp.Diff([]string{"a", "b", "c"}, all.Items); err != nil || diff != "" {
		t.Errorf("Paged() = %v (-want +got):\n%s", err, diff)
	}
	few, err := Paged[string](t.Context(), c, "/x", nil, 2)
	if diff := cmp.Diff([]string{"a", "b"}, few.Items); err != nil || diff != "" {
		t.Errorf("Paged() with a limit = %v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff([]string{"limit=1000", "cursor=b&limit=1000", "limit=2"}, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestAnAuthorityMustHaveSignedTheDoor(t *testing.T) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	// httptest's certificate stands alone: there is no CA to show.
	if ca, err := Authority(t.Context(), s.URL); err == nil || !strings.Contains(err.Error(), "--ca-file") {
		t.Errorf("Authority() = %v, %v, want a refusal", ca, err)
	}
	if _, err := authorityOf([]*x509.Certificate{s.Certificate(), s.Certificate()}, "elsewhere.invalid"); err == nil || !strings.Contains(err.Error(), "people.names") {
		t.Errorf("authorityOf() = %v, want a refusal of the name", err)
	}
	if _, err := Authority(t.Context(), "http://127.0.0.1"); err == nil {
		t.Error("Authority() accepts plain HTTP")
	}
}
