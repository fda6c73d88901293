package adopt

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"firstlight/agent/appliance"
	"firstlight/agent/report"
)

// ErrUnreachable means that no appliance answers, or none that can be trusted.
var ErrUnreachable = errors.New("no appliance answers")

// problem is a refusal in words (RFC 9457), with the fields that were wrong.
type problem struct {
	Detail string `json:"detail"`
	Errors []struct {
		Message  string `json:"message"`
		Location string `json:"location"`
	} `json:"errors"`
}

// sentence adds what the detail does not say itself.
func (p problem) sentence() string {
	said := p.Detail
	for _, e := range p.Errors {
		if !strings.Contains(said, e.Message) {
			said += "; " + strings.TrimPrefix(e.Location+": ", ": ") + e.Message
		}
	}
	return said
}

// refusal reads why the appliance says no, and what else may answer in its place.
func (d *Door) refusal(resp *http.Response) error {
	r := &appliance.Refusal{Status: resp.StatusCode}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	p, err := report.DecodeMessage[problem](resp.Body)
	if kind == "application/problem+json" && err == nil && p.Detail != "" {
		r.Message = p.sentence()
	} else {
		r.Message = fmt.Sprintf("%s has no %s: is it an appliance, and of this version?", d.host, path)
	}
	return r
}

// unreachable says in one sentence why nobody answered.
func (d *Door) unreachable(ctx context.Context, err error) error {
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &authority):
		return fmt.Errorf("%w at %s that is trusted here: give the appliance's ca.crt with --ca; nothing was sent", ErrUnreachable, d.host)
	case errors.As(err, &name):
		return fmt.Errorf("%w at %s under that name (%w): use a name of the certificate, or add it to people.names of the appliance", ErrUnreachable, d.host, name)
	}
	return fmt.Errorf("%w at %s: %w", ErrUnreachable, d.host, err)
}
