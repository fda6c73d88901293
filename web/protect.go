package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"firstlight/server/auth"
)

// policy lets a page load what this server serves and nothing else: no inline
// script, no inline style, no frame around it, no form to elsewhere.
const policy = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

// Bounds of what people send. API bodies are small documents.
const (
	maxBody = 1 << 20
)

// wrap puts around the router what every request goes through, outermost last.
func (s *Site) wrap(h http.Handler) http.Handler {
	h = s.People.Middleware(h)
	h = http.NewCrossOriginProtection().Handler(h)
	h = bounded(h)
	return s.survive(headers(h))
}

// bounded limits what forms may send. The API has bounds of its own, by route.
func bounded(next http.Handler) http.Handler {
	forms, lists := http.MaxBytesHandler(next, maxBody), http.MaxBytesHandler(next, maxList)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			next.ServeHTTP(w, r)
			return
		}
		if strings.HasPrefix(r.URL.Path, "/deliveries") {
			lists.ServeHTTP(w, r)
			return
		}
		forms.ServeHTTP(w, r)
	})
}

func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// No Strict-Transport-Security: on a loopback port it would bind every
		// other service of that host to HTTPS too (RFC 6797 §8.2 knows no ports).
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// survive turns a panic of one request into its 500.
func (s *Site) survive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			s.Log.ErrorContext(r.Context(), "request panicked", "path", r.URL.Path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			http.Error(w, "internal error", http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}

// deny answers those whose role is too small: the log-in page for people who
// are not logged in, a sentence for the others.
func (s *Site) deny(want auth.Role) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, _ := auth.From(r.Context())
		switch {
		case u.Role != auth.Nobody:
			s.fail(w, r, http.StatusForbidden, fmt.Sprintf("This needs the role %s; you are %s.", want, u.Role))
		case r.Method != http.MethodGet || !wantsPage(r):
			http.Error(w, "log in first", http.StatusUnauthorized)
		case r.Header.Get("Sec-Fetch-Site") == "cross-site":
			// A link from elsewhere comes without the strict cookie. Ask for
			// the page again from here: then the browser sends it.
			w.Header().Set("Refresh", "0; url="+r.URL.RequestURI())
			w.WriteHeader(http.StatusOK)
		default:
			http.Redirect(w, r, "/login?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
		}
	})
}

func wantsPage(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }
