package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Client asks one appliance.
type Client struct {
	place  string // for people
	base   string // before the API's prefix
	token  string
	cookie *http.Cookie // of a session, instead of a token
	http   *http.Client
}

// A BMC may take half a minute to show a change of power; everything else
// answers at once.
const patience = 2 * time.Minute

// Open prepares to ask the appliance at p. It does not connect yet.
func Open(p Place) (*Client, error) {
	if p.Socket != "" {
		return overSocket(p.Socket), nil
	}
	u, err := url.Parse(p.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && !onLoopback(u) {
		return nil, fmt.Errorf("url %q: want https://HOST:PORT, such as https://127.0.0.1:8443", p.URL)
	}
	c := &Client{place: u.Host, base: strings.TrimSuffix(u.String(), "/")}
	if c.token, err = readToken(p.TokenFile); err != nil {
		return nil, err
	}
	t := newTransport()
	if p.CAFile != "" {
		roots, err := readCA(p.CAFile)
		if err != nil {
			return nil, err
		}
		t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	}
	c.http = newHTTP(t)
	return c, nil
}

// overSocket asks an appliance on this host.
func overSocket(path string) *Client {
	t := newTransport()
	t.Proxy = nil
	t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}
	return &Client{place: path, base: "http://firstlight", http: newHTTP(t)}
}

func newTransport() *http.Transport {
	return &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second}
}

// newHTTP follows no redirect: the API has none, and a token must not follow.
func newHTTP(t *http.Transport) *http.Client {
	return &http.Client{
		Transport: again{t}, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// onLoopback allows plain HTTP where nobody can listen in.
func onLoopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "http" && (ip.IsLoopback() || u.Hostname() == "localhost")
}

func readToken(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read token: %w; make one with: firstlight login", err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" || strings.ContainsAny(token, " \r\n\t") {
		return "", fmt.Errorf("token file %s: want one token on one line; make one with: firstlight login", path)
	}
	return token, nil
}

func readCA(path string) (*x509.CertPool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read CA: %w; copy ca.crt from the appliance's state folder", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("CA file %s holds no certificate in PEM: copy ca.crt from the appliance's state folder", path)
	}
	return roots, nil
}

// writable tells whether this user may connect to a socket.
func writable(path string) bool { return path != "" && unix.Access(path, unix.W_OK) == nil }
