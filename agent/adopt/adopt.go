// Package adopt hands the report of a machine that is in use to an appliance, at
// the people's door, with the token of somebody who may adopt machines.
//
// It promises that a token leaves over TLS only, to a server whose certificate is
// good for the address that was named, and follows no redirect; that every wait
// ends; and that an answer is read only as far as agent/report allows. It tries
// once: whether to try again is a person's to say. The command firstlight-agent
// imports it; it imports agent/report, and agent/appliance for its word for a
// refusal.
package adopt

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"firstlight/agent/report"
)

// Bounds of waiting, for the connection and for the whole call.
const (
	connectTimeout = 10 * time.Second
	callTimeout    = time.Minute
)

const path = "/api/v1/adoptions"

// Place is an appliance and what to show it.
type Place struct {
	URL       string // https://HOST:8443
	TokenFile string // holds one API token
	CAFile    string // certificates to trust, in PEM; "" for those that this host trusts
}

// Door is an appliance's door for people.
type Door struct {
	host  string
	url   string
	token string
	http  *http.Client
}

// Open prepares to ask; it does not connect yet. Its errors are of what the
// person gave.
func Open(p Place) (*Door, error) {
	u, err := url.Parse(p.URL)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, fmt.Errorf("--to %q: want the appliance as https://HOST:8443", p.URL)
	}
	token, err := readToken(p.TokenFile)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSHandshakeTimeout: connectTimeout, DisableKeepAlives: true,
		DialContext:     (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
	}
	if p.CAFile != "" {
		if t.TLSClientConfig.RootCAs, err = readCA(p.CAFile); err != nil {
			return nil, err
		}
	}
	return &Door{host: u.Host, url: "https://" + u.Host + path, token: token, http: &http.Client{
		Transport: t, Timeout: callTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func readToken(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w; an admin makes a token with: firstlight token create", err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" || strings.ContainsAny(token, " \r\n\t") {
		return "", fmt.Errorf("--token-file %s: want one token on one line; an admin makes one with: firstlight token create", file)
	}
	return token, nil
}

func readCA(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--ca: %w; copy ca.crt from the appliance's state folder", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("--ca %s: it holds no certificate in PEM: copy ca.crt from the appliance's state folder", file)
	}
	return roots, nil
}

// Adopt asks the appliance to take the machine over as it is. Its errors are an
// appliance.Refusal, or wrap ErrUnreachable or the context's.
func (d *Door) Adopt(ctx context.Context, a report.Adoption) (report.Welcome, error) {
	body, err := json.Marshal(a)
	if err != nil {
		return report.Welcome{}, fmt.Errorf("adopt: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(body))
	if err != nil {
		return report.Welcome{}, fmt.Errorf("adopt: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+d.token)
	resp, err := d.http.Do(req)
	if err != nil {
		return report.Welcome{}, d.unreachable(ctx, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		return report.Welcome{}, d.refusal(resp)
	}
	w, err := report.DecodeMessage[report.Welcome](resp.Body)
	if err != nil {
		return report.Welcome{}, fmt.Errorf("the answer of %s cannot be read (%w): look there whether the machine is adopted", d.host, err)
	}
	return w, nil
}
