package web

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"firstlight/server/auth"
	"firstlight/server/auth/authtest"
)

const password = "four words for gates"

// bench is a site that serves canned data over TLS.
type bench struct {
	*httptest.Server
	t       *testing.T
	site    *Site
	canned  *canned
	people  *auth.Service
	client  *http.Client // follows no redirect
	log     *strings.Builder
	cookies map[auth.Role]string
}

func newBench(t *testing.T, c *canned) *bench {
	t.Helper()
	people, err := auth.New(auth.Config{Store: authtest.NewStore(), Random: rand.Reader, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, canned: c, people: people, log: &strings.Builder{}, cookies: map[auth.Role]string{}}
	b.site, err = New(Config{
		Data: c, Actions: c, Insight: c, States: c, People: people, PlanRole: planRole, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return cannedNow }, API: apiDocument(t), Site: "lon6", Version: "test", DNS: "10.80.12.1",
	})
	if err != nil {
		t.Fatal(err)
	}
	b.serve()
	return b
}

// serve puts the site behind HTTPS until the test ends.
func (b *bench) serve() {
	b.Server = httptest.NewTLSServer(b.site.Handler())
	b.t.Cleanup(func() {
		b.site.Close()
		b.Server.Close()
	})
	b.client = b.Server.Client()
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
}

// apiDocument is the document that server/api serves; a test there holds it so.
func apiDocument(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile("../server/api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// as gives the cookie of a new account with a role, in the team that owns the
// canned machines; "" for nobody.
func (b *bench) as(role auth.Role) string {
	b.t.Helper()
	if role == auth.Nobody {
		return ""
	}
	ctx, from := b.t.Context(), netip.MustParseAddr("192.0.2.1")
	empty, err := b.people.Empty(ctx)
	if err != nil {
		b.t.Fatal(err)
	}
	name := "root"
	var code string
	if empty {
		code, err = b.people.FirstCode(ctx)
	} else {
		name = string(role)
		code, err = b.people.Invite(ctx, auth.User{Name: "root", Role: auth.Admin}, name, role, []string{"search-infra"})
	}
	if err != nil {
		b.t.Fatal(err)
	}
	secret, err := b.people.Redeem(ctx, from, code, name, password)
	if err != nil {
		b.t.Fatal(err)
	}
	if name == "root" && role != auth.Admin {
		return b.as(role)
	}
	return secret
}

// reply is an answer read whole.
type reply struct {
	*http.Response
	body string
}

func (b *bench) send(ctx context.Context, method, path, cookie string, form url.Values, headers ...string) reply {
	b.t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, b.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if cookie != "" {
		r.AddCookie(&http.Cookie{Name: auth.Cookie, Value: cookie})
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return b.do(r)
}

func (b *bench) do(r *http.Request) reply {
	b.t.Helper()
	answer, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return reply{answer, string(body)}
}

func (b *bench) get(path, cookie string) reply {
	b.t.Helper()
	return b.send(b.t.Context(), http.MethodGet, path, cookie, nil)
}

func (b *bench) post(path, cookie string, form ...string) reply {
	b.t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	return b.send(b.t.Context(), http.MethodPost, path, cookie, values)
}
