package auth

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// Cookie is the session's. The prefix __Host- makes browsers refuse it without
// Secure, with a Domain, or with a path other than / (RFC 6265bis §4.1.3.2).
const Cookie = "__Host-firstlight"

type contextKey struct{}

// From gives the user of a request, when somebody is logged in.
func From(ctx context.Context) (User, bool) {
	u, ok := ctx.Value(contextKey{}).(User)
	return u, ok
}

// With puts a user into a context.
func With(ctx context.Context, u User) context.Context {
	return context.WithValue(ctx, contextKey{}, u)
}

// Middleware finds out who asks. It refuses nobody: Require and the routes do.
// A store that cannot be read is 503, never "not logged in".
func (s *Service) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, err := s.Identify(r, byHand(r))
		switch {
		case err == nil:
			r = r.WithContext(With(r.Context(), u))
		case !errors.Is(err, ErrNotFound):
			problem(w, http.StatusServiceUnavailable, "accounts cannot be read: try again")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// byHand tells a person's own request from those that the page makes by
// itself, which must not keep an abandoned session alive. Fetch Metadata says
// so: "empty" stands for fetch() and event streams.
func byHand(r *http.Request) bool { return r.Header.Get("Sec-Fetch-Dest") != "empty" }

// Identify finds the user of a request by its bearer token or cookie;
// ErrNotFound when there is none. With touch, the use is noted.
func (s *Service) Identify(r *http.Request, touch bool) (User, error) {
	from := ClientAddress(r)
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return s.byToken(r.Context(), from, bearer)
	}
	c, err := r.Cookie(Cookie)
	if err != nil || c.Value == "" {
		return User{}, ErrNotFound
	}
	return s.bySession(r.Context(), from, c.Value, touch)
}

func (s *Service) bySession(ctx context.Context, from netip.Addr, secret string, touch bool) (User, error) {
	d := digest(secret)
	session, err := s.Store.Session(ctx, d)
	if err != nil {
		return User{}, err
	}
	now := s.Now()
	if !session.Digest.Equal(d) || !now.Before(session.Expires) || now.Sub(session.SeenAt) >= s.Idle {
		return User{}, ErrNotFound
	}
	a, err := s.Store.Account(ctx, session.Account)
	if err != nil {
		return User{}, err
	}
	if a.Disabled {
		return User{}, ErrNotFound
	}
	if touch && now.Sub(session.SeenAt) >= touchEvery {
		if err := s.Store.TouchSession(ctx, d, now); err != nil && !errors.Is(err, ErrNotFound) {
			return User{}, err
		}
	}
	return User{Name: a.Name, Role: a.Role, Teams: a.Teams, Address: from.String()}, nil
}

func (s *Service) byToken(ctx context.Context, from netip.Addr, plain string) (User, error) {
	d := digest(plain)
	if !strings.HasPrefix(plain, TokenPrefix) {
		return User{}, ErrNotFound
	}
	t, err := s.Store.Token(ctx, d)
	if err != nil {
		return User{}, err
	}
	now := s.Now()
	if !t.Digest.Equal(d) || !now.Before(t.Expires) {
		return User{}, ErrNotFound
	}
	a, err := s.Store.Account(ctx, t.Account)
	if err != nil {
		return User{}, err
	}
	if a.Disabled {
		return User{}, ErrNotFound
	}
	if now.Sub(t.UsedAt) >= touchEvery {
		if err := s.Store.TouchToken(ctx, d, now); err != nil && !errors.Is(err, ErrNotFound) {
			return User{}, err
		}
	}
	return User{
		Name: a.Name, Role: weaker(a.Role, t.Role), Teams: narrowed(a.Teams, t.Teams), Token: t.ID, Address: from.String(),
	}, nil
}

// weaker is the smaller role: an account that lost a role takes it from its
// tokens too.
func weaker(a, b Role) Role {
	if a.Allows(b) {
		return b
	}
	return a
}

// Require refuses those whose role is too small, as problem+json (RFC 9457).
func Require(want Role) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			u, _ := From(r.Context())
			switch {
			case u.Role.Allows(want):
				next.ServeHTTP(w, r)
			case u.Role == Nobody:
				w.Header().Set("WWW-Authenticate", "Bearer")
				problem(w, http.StatusUnauthorized, "log in, or send an API token: Authorization: Bearer "+TokenPrefix+"…")
			default:
				problem(w, http.StatusForbidden, "this needs the role "+string(want)+"; you are "+string(u.Role))
			}
		})
	}
}

// SetCookie hands a session's secret to the browser.
func (s *Service) SetCookie(w http.ResponseWriter, secret string) {
	http.SetCookie(w, cookie(secret, s.Now().Add(s.Absolute)))
}

// ClearCookie takes it away.
func (s *Service) ClearCookie(w http.ResponseWriter) {
	http.SetCookie(w, cookie("", time.Unix(1, 0)))
}

func cookie(value string, end time.Time) *http.Cookie {
	return &http.Cookie{
		Name: Cookie, Value: value, Path: "/", Expires: end,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}

// ClientAddress is the address of the TCP connection: headers that a proxy may
// have set are not believed, any client can send them.
func ClientAddress(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}
