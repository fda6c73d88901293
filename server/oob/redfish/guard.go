package redfish

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"firstlight/server/oob"
)

// maxBody is far above any honest answer: the largest system resource seen is
// some 60 KB.
const maxBody = 4 << 20

var (
	errTooLong = errors.New("the answer is longer than 4 MiB")
	errForeign = errors.New("the answer links to another host, which is never followed")
	errSpent   = fmt.Errorf("%w: nothing more is sent after a 401, to keep the account from being locked", oob.ErrCredentials)
)

// guard stands between gofish and the network and enforces what gofish leaves
// to its caller: only this BMC, only so much, and nothing after a 401.
type guard struct {
	base    *url.URL
	next    http.RoundTripper
	pins    *pinner
	refused atomic.Bool
}

func newGuard(base *url.URL, cfg Config) *guard {
	g := &guard{base: base, next: cfg.Transport, pins: newPinner(cfg.Pin)}
	if g.next == nil {
		g.next = network(g.pins, cfg.Timeout)
	}
	return g
}

// network dials directly: a proxy has no business between us and a BMC.
// HTTP/1.1 only and no compression: older BMCs claim gzip and send none (moob's
// change log), and gzip changes the ETags of others.
func network(p *pinner, timeout time.Duration) *http.Transport {
	dialer := &net.Dialer{Timeout: timeout}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        p.tlsConfig(),
		TLSHandshakeTimeout:    timeout,
		Protocols:              protocols,
		DisableCompression:     true,
		MaxConnsPerHost:        1,
		IdleConnTimeout:        timeout,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// RoundTrip sends the request if it is for this BMC and no 401 came before.
func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != g.base.Scheme || r.URL.Host != g.base.Host || r.URL.User != nil {
		return nil, errForeign
	}
	if g.refused.Load() {
		return nil, errSpent
	}
	resp, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusUnauthorized {
		g.refused.Store(true)
	}
	resp.Body = &capped{ReadCloser: resp.Body, left: maxBody}
	return resp, nil
}

func (g *guard) closeIdle() {
	if t, ok := g.next.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

func (g *guard) seenPin() string { return g.pins.seen() }

// refuseRedirect makes a redirect an answer like any other, which then is an
// error: Redfish needs none, and one could lead the password elsewhere.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// capped fails a body that is too long; io.LimitReader would cut it silently.
type capped struct {
	io.ReadCloser
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTooLong
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.ReadCloser.Read(p)
	c.left -= int64(n)
	return n, err
}
