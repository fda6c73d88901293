package auth_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"firstlight/server/auth"
)

// W-04: eight characters at least, 256 at most, and none of the most common.
func TestWhichPasswordsAreTaken(t *testing.T) {
	for _, tt := range []struct{ password, refusal string }{
		{"", "has 0 characters: want at least 8"},
		{"seven77", "has 7 characters: want at least 8"},
		{"péssssé", "has 7 characters"}, // characters, not bytes
		{"eight-88", ""},
		{"日本日本日本日本", ""},
		{"correct horse battery staple", ""},
		{strings.Repeat("Lang ", 13), ""},
		{strings.Repeat("x", 256), ""},
		{strings.Repeat("x", 257), "want at most 256"},
		{"eight\xff\xff88", "not valid UTF-8"},
		{"password", "most common"},
		{"1qaz2wsx", "most common"},
		{"PassWord", "most common"},
		{"first-admin", "is the name"},
		{"FIRST-admin", "is the name"},
	} {
		b := newBench(t)
		code, err := b.FirstCode(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = b.Redeem(t.Context(), here, code, "first-admin", tt.password)
		if tt.refusal != "" {
			b.refused("password "+tt.password, err, tt.refusal)
		} else if err != nil {
			t.Errorf("password %q = %v, want it taken", tt.password, err)
		}
	}
}

// TestAPasswordIsKeptAsArgon2id (W-04) holds what is kept against RFC 9106 and the
// first choice of OWASP: argon2id version 19, 19 MiB, two passes, one lane, 16
// bytes of salt and 32 of key.
func TestAPasswordIsKeptAsArgon2id(t *testing.T) {
	b := newBench(t)
	b.admin()
	b.member("anna", auth.Viewer)
	kept := map[string]bool{}
	for _, name := range []string{"root", "anna"} {
		a, err := b.store.Account(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		rest, ok := strings.CutPrefix(a.Password, "$argon2id$v=19$m=19456,t=2,p=1$")
		salt, key, _ := strings.Cut(rest, "$")
		if !ok || len(salt) != 22 || len(key) != 43 {
			t.Errorf("%s is kept as %q", name, a.Password)
		}
		kept[a.Password] = true
	}
	if len(kept) != 2 {
		t.Error("one password of two accounts has one hash: the salt is not random")
	}
}

func TestChangingAPassword(t *testing.T) {
	b := newBench(t)
	secret := b.admin()
	other, err := b.Login(t.Context(), here, "root", good)
	if err != nil {
		t.Fatal(err)
	}
	u, err := b.who(secret)
	if err != nil {
		t.Fatal(err)
	}
	const next = "four other words for gates"
	for old, password := range map[string]string{"a wrong password": next, strings.Repeat("x", 300): next} {
		_, err = b.ChangePassword(t.Context(), u, here, old, password)
		b.refused("ChangePassword", err, "old password is wrong")
	}
	_, err = b.ChangePassword(t.Context(), u, here, good, "password1")
	b.refused("ChangePassword(common)", err, "most common")
	_, err = b.ChangePassword(t.Context(), auth.User{Name: "root", Token: "ci"}, here, good, next)
	b.refused("ChangePassword by token", err, "log in")
	renewed, err := b.ChangePassword(t.Context(), u, here, good, next)
	if err != nil {
		t.Fatal(err)
	}
	for _, ended := range []string{secret, other} {
		if _, err := b.who(ended); !errors.Is(err, auth.ErrNotFound) {
			t.Errorf("a session of before = %v, want it ended", err)
		}
	}
	if _, err := b.who(renewed); err != nil {
		t.Errorf("the new session = %v", err)
	}
	_, err = b.Login(t.Context(), here, "root", good)
	b.refused("Login with the old one", err, "wrong")
	if _, err := b.Login(t.Context(), here, "root", next); err != nil {
		t.Errorf("Login with the new one = %v", err)
	}
	for range 5 {
		_, _ = b.ChangePassword(t.Context(), u, here, "guess", next)
	}
	_, err = b.ChangePassword(t.Context(), u, here, next, good)
	b.refused("ChangePassword after five guesses", err, "too many failed log-ins")
}

// TestTheCookie (W-05) reads what a browser reads (RFC 6265bis §4.1.3.2 for __Host-).
func TestTheCookie(t *testing.T) {
	b := newBench(t)
	secret := b.admin()
	w := httptest.NewRecorder()
	b.SetCookie(w, secret)
	c := w.Result().Cookies()[0]
	if c.Name != "__Host-firstlight" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("cookie = %+v", c)
	}
	if life := c.Expires.Sub(b.clock); life != 12*time.Hour {
		t.Errorf("the cookie lives for %s, want 12 h", life)
	}
	if len(secret) != 43 { // 256 bits in base64
		t.Errorf("the secret has %d characters, want 43", len(secret))
	}
	again, err := b.Login(t.Context(), here, "root", good)
	if err != nil || again == secret {
		t.Errorf("Login() = the same secret or %v, want another one each time", err)
	}
	w = httptest.NewRecorder()
	b.ClearCookie(w)
	if gone := w.Result().Cookies()[0]; gone.Value != "" || gone.Expires.After(b.clock) || gone.Name != c.Name || gone.Path != "/" || !gone.Secure {
		t.Errorf("cleared cookie = %+v", gone)
	}
}

// TestAShutOutEndsEverythingAtOnce (W-05, W-06) has no time between the shut-out and the end.
func TestAShutOutEndsEverythingAtOnce(t *testing.T) {
	b := newBench(t)
	b.admin()
	secret := b.member("anna", auth.Engineer)
	anna, _ := b.who(secret)
	token, _, err := b.NewToken(t.Context(), anna, "ci", auth.Viewer, nil, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	code, err := b.NewCode(t.Context(), root, "anna")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.SetDisabled(t.Context(), root, "anna", true); err != nil {
		t.Fatal(err)
	}
	_, bySession := b.who(secret)
	_, byToken := b.bearer(token)
	if !errors.Is(bySession, auth.ErrNotFound) || !errors.Is(byToken, auth.ErrNotFound) {
		t.Errorf("session: %v, token: %v; want both ended", bySession, byToken)
	}
	_, err = b.Redeem(t.Context(), here, code, "anna", good)
	b.refused("Redeem by somebody who is shut out", err, "one-time code")
	_, err = b.Login(t.Context(), here, "anna", good)
	b.refused("Login by somebody who is shut out", err, "name or password is wrong")
	_, err = b.NewCode(t.Context(), root, "anna")
	b.refused("NewCode for somebody who is shut out", err, "let it in again first")
}
