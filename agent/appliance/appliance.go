// Package appliance is the appliance as the agent sees it: the calls of its
// machines' door, and images in ranges. The first call of a boot is preceded by
// its enrolment, and each is signed with the key of the boot.
//
// It promises that every call ends when its context does, that an answer is
// read only as far as agent/report allows, and that a refusal (Refusal) can be
// told from an appliance that did not answer. It retries nothing: when to try
// again depends on what is at stake, which its callers know. Package
// agent/pid1 and the tests of agent import it, and agent/adopt and agent/crash for Refusal; it
// imports agent/identity and agent/report.
package appliance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"firstlight/agent/identity"
	"firstlight/agent/report"
)

// Bounds of waiting. A long poll is held by the appliance for pollWait, so its
// answer takes that long when all is well.
const (
	pollWait    = 55 * time.Second
	callTimeout = 15 * time.Second
	silence     = 30 * time.Second // on an image's stream, after which it is dead
)

// Refusal is an answer that says no.
type Refusal struct {
	Status  int
	Message string
}

// Error implements error.
func (r *Refusal) Error() string {
	return fmt.Sprintf("the appliance refuses (%d %s): %s", r.Status, http.StatusText(r.Status), r.Message)
}

// Refused says whether err is a refusal that stays one however often the same
// is asked; 5xx and 429 are an appliance in trouble.
func Refused(err error) bool {
	var r *Refusal
	return errors.As(err, &r) && r.Status/100 == 4 && r.Status != http.StatusTooManyRequests
}

// Unknown says whether err means that the appliance does not know our session.
func Unknown(err error) bool {
	var r *Refusal
	return errors.As(err, &r) && (r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden)
}

// Conflicts says whether err means that the appliance wants something else by now.
func Conflicts(err error) bool {
	var r *Refusal
	return errors.As(err, &r) && r.Status == http.StatusConflict
}

// Unwanted says whether err is a refusal of the message itself, whoever sends it
// and whenever, or by an appliance that is older than its kind.
func Unwanted(err error) bool {
	var r *Refusal
	if !errors.As(err, &r) {
		return false
	}
	switch r.Status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge:
		return true
	}
	return false
}

// Client calls one appliance for one boot of one machine.
type Client struct {
	base   string
	token  string
	key    *identity.Key
	calls  *http.Client
	images *http.Client

	mu      sync.Mutex
	session report.Enrolled // the zero value before the first call
}

// New makes a Client. base and the boot token are those that the kernel's command
// line gave, key is the one that this boot made.
func New(base, token string, key *identity.Key) (*Client, error) {
	return NewFrom(base, token, key, netip.Addr{})
}

// NewFrom is New for a host that has many machines' addresses: calls come from
// the given one. The zero Addr leaves the choice to the kernel.
func NewFrom(base, token string, key *identity.Key, from netip.Addr) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("the appliance's address %q is not of the form http://10.0.0.1:8080", base)
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 10 * time.Second}
	if from.IsValid() {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
	}
	return &Client{
		base: strings.TrimRight(base, "/"), token: token, key: key,
		calls:  &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, IdleConnTimeout: 2 * time.Minute}},
		images: &http.Client{Transport: &http.Transport{DialContext: impatient(dialer), DisableCompression: true}},
	}, nil
}

// Close lets go of connections that nobody uses at the moment.
func (c *Client) Close() {
	c.calls.CloseIdleConnections()
	c.images.CloseIdleConnections()
}

// Report says what the machine is.
func (c *Client) Report(ctx context.Context, r report.Report) (report.Welcome, error) {
	return call[report.Welcome](ctx, c, "report", r)
}

// Order waits for an order; nil is the answer "not yet". seen is the last
// order that was carried out, so that it is not given again.
func (c *Client) Order(ctx context.Context, seen string) (*report.Order, error) {
	ctx, cancel := context.WithTimeout(ctx, pollWait+callTimeout)
	defer cancel()
	q := url.Values{"wait": {pollWait.String()}, "seen": {seen}}
	resp, err := c.do(ctx, c.calls, http.MethodGet, "order?"+q.Encode(), nil)
	if err != nil {
		return nil, err
	}
	defer drop(resp)
	if resp.StatusCode == http.StatusNoContent {
		return nil, nil
	}
	o, err := report.DecodeMessage[report.Order](resp.Body)
	if err != nil {
		return nil, fmt.Errorf("wait for an order: %w", err)
	}
	return &o, nil
}

// Redeem trades an order's token for its plan, once.
func (c *Client) Redeem(ctx context.Context, r report.Redeem) (report.Plan, error) {
	return call[report.Plan](ctx, c, "redeem", r)
}

// RedeemErase is Redeem for an order to erase.
func (c *Client) RedeemErase(ctx context.Context, r report.Redeem) (report.ErasePlan, error) {
	return call[report.ErasePlan](ctx, c, "redeem", r)
}

// RedeemBMC is Redeem for an order about the BMC.
func (c *Client) RedeemBMC(ctx context.Context, r report.Redeem) (report.BMCPlan, error) {
	return call[report.BMCPlan](ctx, c, "redeem", r)
}

// Progress tells how an order is getting on.
func (c *Client) Progress(ctx context.Context, p report.Progress) error {
	return c.tell(ctx, "progress", p)
}

// Result ends an order.
func (c *Client) Result(ctx context.Context, r report.Result) error {
	return c.tell(ctx, "result", r)
}

// Stream reads bytes from the appliance that mean nothing, and have no end: by them
// the way between is measured.
func (c *Client) Stream(ctx context.Context) (io.ReadCloser, error) {
	resp, err := c.do(ctx, c.images, http.MethodGet, "stream", nil)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// Crash tells how a life of the agent ended that should not have.
func (c *Client) Crash(ctx context.Context, crash report.Crash) error {
	return c.tell(ctx, "crash", crash)
}

// Log tells a part of the agent's log.
func (c *Client) Log(ctx context.Context, l report.Log) error {
	return c.tell(ctx, "log", l)
}

func call[T any](ctx context.Context, c *Client, what string, body any) (T, error) {
	var zero T
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	resp, err := c.post(ctx, what, body)
	if err != nil {
		return zero, err
	}
	defer drop(resp)
	answer, err := report.DecodeMessage[T](resp.Body)
	if err != nil {
		return zero, fmt.Errorf("%s: %w", what, err)
	}
	return answer, nil
}

func (c *Client) tell(ctx context.Context, what string, body any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	resp, err := c.post(ctx, what, body)
	if err != nil {
		return err
	}
	drop(resp)
	return nil
}

func (c *Client) post(ctx context.Context, what string, body any) (*http.Response, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return c.do(ctx, c.calls, http.MethodPost, what, b)
}

func (c *Client) do(ctx context.Context, by *http.Client, method, what string, body []byte) (*http.Response, error) {
	for {
		e, err := c.enrolled(ctx)
		if err != nil {
			return nil, err
		}
		resp, err := c.once(ctx, by, e, method, what, body)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode/100 == 2 {
			return resp, nil
		}
		again := c.challenged(resp, e.Challenge)
		refused := refusal(resp)
		drop(resp)
		if !again || ctx.Err() != nil {
			return nil, refused
		}
	}
}

// once makes one call, signed.
func (c *Client) once(ctx context.Context, by *http.Client, e report.Enrolled, method, what string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+"/agent/v1/"+what, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", report.SessionScheme+" "+e.Session)
	req.Header.Set(report.ProofHeader, c.key.Sign(e.Challenge, e.Session, method, req.URL.RequestURI(), body).String())
	return by.Do(req)
}

// refusal reads why. An appliance always says; what stands before it may not.
func refusal(resp *http.Response) *Refusal {
	r := &Refusal{Status: resp.StatusCode}
	b, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if e, err := report.DecodeMessage[report.Error](bytes.NewReader(b)); err == nil && e.Error != "" {
		r.Message = e.Error
	} else {
		r.Message = strings.TrimSpace(string(b))
	}
	return r
}

// drop reads the little that may be left, so that the connection is used again.
func drop(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	resp.Body.Close()
}
