package client

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"strings"
	"syscall"
)

// Error is the appliance's refusal.
type Error struct {
	Status int // of HTTP
	Detail string
}

func (e *Error) Error() string { return e.Detail }

// ErrUnreachable means that no appliance answers.
var ErrUnreachable = errors.New("no appliance answers")

// problem reads a problem (RFC 9457), and what else an HTTP server may say.
func (c *Client) problem(res *http.Response, body []byte) error {
	var p struct {
		Detail string
		Errors []struct{ Message, Location string }
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if kind != "application/problem+json" || json.Unmarshal(body, &p) != nil || p.Detail == "" {
		return &Error{res.StatusCode, fmt.Sprintf("%s answered %q to %s %s: is it an appliance of another version?",
			c.place, res.Status, res.Request.Method, res.Request.URL.Path)}
	}
	if res.StatusCode == http.StatusUnauthorized && c.token != "" {
		p.Detail = "the token is not valid (any more): log in again with: firstlight login"
	}
	for _, e := range p.Errors {
		if strings.HasPrefix(e.Location, "machines.") { // one of many
			p.Detail += "\n  " + e.Message
		}
	}
	return &Error{res.StatusCode, InCommands(p.Detail)}
}

// unreachable says in one sentence why nobody answered.
func (c *Client) unreachable(ctx context.Context, err error) error {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &authority):
		return fmt.Errorf("%w at %s that this host trusts: give its ca.crt with --ca-file, or log in again with: firstlight login", ErrUnreachable, c.place)
	case errors.As(err, &name):
		return fmt.Errorf("%w at %s under that name (%w): use a name of the certificate, or add it to people.names of the appliance", ErrUnreachable, c.place, name)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: this user may not use the socket %s; join its group, or log in with: firstlight login --url https://HOST:8443", ErrUnreachable, c.place)
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w at %s: start it (firstlight serve, or make run in a checkout), or name another with --url", ErrUnreachable, c.place)
	}
	return fmt.Errorf("%w at %s: %w", ErrUnreachable, c.place, err)
}
