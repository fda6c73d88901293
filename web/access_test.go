package web

import (
	"net/http"
	"strings"
	"testing"

	"firstlight/server/auth"
)

func denied(r reply) bool {
	toLogin := r.StatusCode == http.StatusSeeOther && strings.HasPrefix(r.Header.Get("Location"), "/login?next=")
	return toLogin || r.StatusCode == http.StatusUnauthorized || r.StatusCode == http.StatusForbidden
}

func TestEveryAnswerCarriesThePolicy(t *testing.T) {
	b := newBench(t, full())
	cookie := b.as(auth.Viewer)
	for _, path := range []string{"/", "/login", "/nowhere", "/people", b.site.assets.address["app.js"], "/api/v1/openapi.json", "/api/v1/nothing"} {
		r := b.get(path, cookie)
		if got := r.Header.Get("Content-Security-Policy"); got != policy {
			t.Errorf("GET %s: policy %q, want %q", path, got, policy)
		}
		if r.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("GET %s lacks nosniff", path)
		}
	}
}

// W-05: a form of another site changes nothing.
func TestAnotherSiteCannotPost(t *testing.T) {
	c := full()
	b := newBench(t, c)
	cookie := b.as(auth.Admin)
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"},
	} {
		r := b.send(t.Context(), http.MethodPost, "/machines/MQ0009/recheck", cookie, nil, headers...)
		if r.StatusCode != http.StatusForbidden || len(c.asked) > 0 {
			t.Errorf("POST with %v = %d, asked %v, want 403 and nothing done", headers, r.StatusCode, c.asked)
		}
	}
}

func TestALinkFromElsewhereFindsTheSession(t *testing.T) {
	b := newBench(t, full())
	r := b.send(t.Context(), http.MethodGet, "/machines/MQ0001?source=dhcp", "", nil, "Sec-Fetch-Site", "cross-site")
	if got := r.Header.Get("Refresh"); r.StatusCode != http.StatusOK || got != "0; url=/machines/MQ0001?source=dhcp" {
		t.Errorf("GET from elsewhere = %d, Refresh %q, want the page asked for again", r.StatusCode, got)
	}
}

func TestLoggingIn(t *testing.T) {
	b := newBench(t, full())
	code, err := b.people.FirstCode(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if r := b.get("/login", ""); !strings.Contains(r.body, "Make the first admin") {
		t.Errorf("the first log-in page does not ask for the code: %s", r.body)
	}
	r := b.post("/login/code", "", "code", "AAAA-AAAA-AAAA-AAAA", "name", "root", "password", password)
	if r.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(r.body, "one-time code is wrong") || !strings.Contains(r.body, `value="root"`) {
		t.Errorf("wrong code = %d %s, want the form again with the reason and the name", r.StatusCode, r.body)
	}
	r = b.post("/login/code", "", "code", code, "name", "root", "password", password, "next", "/machines?q=x")
	cookie := sessionOf(t, r)
	if r.Header.Get("Location") != "/machines?q=x" {
		t.Errorf("Location = %q, want the page asked for", r.Header.Get("Location"))
	}
	if r := b.get("/", cookie); r.StatusCode != http.StatusOK {
		t.Errorf("GET / = %d, want 200", r.StatusCode)
	}
	if r := b.get("/login", ""); strings.Contains(r.body, "first admin") {
		t.Error("the log-in page still offers to make the first admin")
	}
	if r := b.post("/logout", cookie); r.StatusCode != http.StatusSeeOther {
		t.Errorf("log-out = %d, want 303", r.StatusCode)
	}
	if r := b.get("/", cookie); !denied(r) {
		t.Errorf("GET / after log-out = %d, want the log-in page", r.StatusCode)
	}
	if r := b.post("/login", "", "name", "root", "password", password); sessionOf(t, r) == cookie {
		t.Error("the session is the same after a new log-in")
	}
}

func sessionOf(t *testing.T, r reply) string {
	t.Helper()
	if r.StatusCode != http.StatusSeeOther {
		t.Fatalf("log-in = %d %s, want 303", r.StatusCode, r.body)
	}
	for _, c := range r.Cookies() {
		if c.Name == auth.Cookie && c.Secure && c.HttpOnly && c.SameSite == http.SameSiteStrictMode && c.Path == "/" && c.Domain == "" {
			return c.Value
		}
	}
	t.Fatalf("no strict session cookie in %v", r.Header["Set-Cookie"])
	return ""
}

func TestNextStaysHere(t *testing.T) {
	for in, want := range map[string]string{
		"/machines/A?x=1": "/machines/A?x=1", "": "/", "//evil.example": "/", "https://evil.example": "/",
		`/\evil.example`: "/", "/\t/evil.example": "/", "javascript:alert(1)": "/",
	} {
		if got := next(in); got != want {
			t.Errorf("next(%q) = %q, want %q", in, got, want)
		}
	}
}
