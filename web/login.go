package web

import (
	"errors"
	"net/http"
	"strings"

	"firstlight/server/auth"
)

// loginData is the log-in page.
type loginData struct {
	First bool // no account exists: the code makes the first admin
	Code  bool // the form for a one-time code is open
	Next  string
	Name  string
	Error string
}

func (s *Site) showLogin(w http.ResponseWriter, r *http.Request) error {
	if u, ok := auth.From(r.Context()); ok && u.Role != auth.Nobody {
		http.Redirect(w, r, next(r.URL.Query().Get("next")), http.StatusSeeOther)
		return nil
	}
	return s.loginPage(w, r, http.StatusOK, loginData{Next: r.URL.Query().Get("next"), Code: r.URL.Query().Has("code")})
}

func (s *Site) loginPage(w http.ResponseWriter, r *http.Request, status int, d loginData) error {
	var err error
	if d.First, err = s.People.Empty(r.Context()); err != nil {
		return err
	}
	d.Code = d.Code || d.First
	return s.render(w, r, status, view{title: "Log in", template: "login", data: d})
}

// next keeps a redirect on this site: one slash, then no slash or backslash,
// which browsers would read as another host.
func next(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/"
	}
	return path
}

func (s *Site) login(w http.ResponseWriter, r *http.Request) error {
	name := r.PostFormValue("name")
	secret, err := s.People.Login(r.Context(), auth.ClientAddress(r), name, r.PostFormValue("password"))
	return s.enter(w, r, secret, err, loginData{Name: name})
}

func (s *Site) redeem(w http.ResponseWriter, r *http.Request) error {
	name := r.PostFormValue("name")
	secret, err := s.People.Redeem(r.Context(), auth.ClientAddress(r), r.PostFormValue("code"), name, r.PostFormValue("password"))
	return s.enter(w, r, secret, err, loginData{Name: name, Code: true})
}

// enter hands out the session, or shows the form again with the reason.
func (s *Site) enter(w http.ResponseWriter, r *http.Request, secret string, err error, form loginData) error {
	form.Next = r.PostFormValue("next")
	var refusal *auth.Refusal
	switch {
	case errors.As(err, &refusal) && !wantsPage(r):
		return err // a program shows the sentence itself
	case errors.As(err, &refusal):
		form.Error = sentence(refusal.Error())
		return s.loginPage(w, r, http.StatusUnprocessableEntity, form)
	case err != nil:
		return err
	}
	if err := s.leave(r); err != nil {
		return err
	}
	s.People.SetCookie(w, secret)
	http.Redirect(w, r, next(form.Next), http.StatusSeeOther)
	return nil
}

// leave ends the session that the browser had, if any.
func (s *Site) leave(r *http.Request) error {
	u, ok := auth.From(r.Context())
	c, err := r.Cookie(auth.Cookie)
	if !ok || err != nil {
		return nil //nolint:nilerr // no cookie, no session to end
	}
	return s.People.Logout(r.Context(), u, c.Value)
}

func (s *Site) logout(w http.ResponseWriter, r *http.Request) error {
	if err := s.leave(r); err != nil {
		return err
	}
	s.People.ClearCookie(w)
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}
