package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"firstlight/server/api"
	"firstlight/server/auth"
)

// Who is a person who logs in. With a one-time code, the password is the one
// that the account shall have from now on.
type Who struct{ Name, Password, Code string }

// Session is a person's log-in. It lives for what a token may not do.
type Session struct {
	*Client
	cookie *http.Cookie
}

// Login opens a session through the same door as the log-in page.
func (c *Client) Login(ctx context.Context, who Who) (*Session, error) {
	path, form := "/login", url.Values{"name": {who.Name}, "password": {who.Password}}
	if who.Code != "" {
		path = "/login/code"
		form.Set("code", who.Code)
	}
	res, err := c.post(ctx, path, form, nil)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	for _, cookie := range res.Cookies() {
		if cookie.Name == auth.Cookie && cookie.Value != "" {
			return &Session{c, cookie}, nil
		}
	}
	return nil, c.loginRefused(res)
}

func (c *Client) post(ctx context.Context, path string, form url.Values, cookie *http.Cookie) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "text/plain")
	if cookie != nil {
		req.AddCookie(cookie)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	return res, nil
}

// loginRefused takes the page's sentence; whoever wants no page gets it plain.
func (c *Client) loginRefused(res *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(res.Body, 4096))
	sentence := strings.TrimSpace(string(text))
	if err != nil || res.StatusCode != http.StatusUnprocessableEntity || sentence == "" || strings.HasPrefix(sentence, "<") {
		return fmt.Errorf("%s answered %q to the log-in: is it an appliance of another version?", c.place, res.Status)
	}
	return &Error{http.StatusUnauthorized, sentence}
}

// Do is Client.Do as the person who logged in, with no token.
func (s *Session) Do(ctx context.Context, method, path string, in, out any) (json.RawMessage, error) {
	one := *s.Client
	one.token, one.cookie = "", s.cookie
	return one.Do(ctx, method, path, in, out)
}

// End logs out.
func (s *Session) End(ctx context.Context) {
	if res, err := s.post(context.WithoutCancel(ctx), "/logout", nil, s.cookie); err == nil {
		_ = res.Body.Close() // a session that stays ends by itself
	}
}

// NewToken makes a token and ends the session.
func (s *Session) NewToken(ctx context.Context, order api.TokenOrder) (api.NewToken, error) {
	defer s.End(ctx)
	var made api.NewToken
	if order.Role == "" {
		var me api.Me
		if _, err := s.Do(ctx, http.MethodGet, "/me", nil, &me); err != nil {
			return made, err
		}
		order.Role = me.Role
	}
	_, err := s.Do(ctx, http.MethodPost, "/tokens", order, &made)
	return made, err
}
