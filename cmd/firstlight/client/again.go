package client

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"firstlight/server/api"
)

const (
	firstPause = 200 * time.Millisecond // before a write is sent again; it doubles
	lastPause  = 3 * time.Second        // a restart of the appliance is over after it
)

// again gives every write a key and sends it again where the connection broke
// and nobody knows whether it was carried out: the key lets the appliance answer
// as it did, or would have, the first time.
type again struct{ http.RoundTripper }

// RoundTrip is http.RoundTripper's.
func (t again) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodGet || !strings.HasPrefix(req.URL.Path, api.Prefix) {
		return t.RoundTripper.RoundTrip(req)
	}
	req = req.Clone(req.Context())
	req.Header.Set("Idempotency-Key", `"`+uuid.NewString()+`"`)
	res, err := t.RoundTripper.RoundTrip(req)
	for pause := firstPause; unsure(res, err) && pause <= lastPause; pause *= 2 {
		if !rewind(req) || !sleep(req.Context(), pause) {
			break
		}
		if res != nil {
			_ = res.Body.Close() // another one comes
		}
		if res, err = t.RoundTripper.RoundTrip(req); dialed(err) {
			err = errors.Join(errBroken, err) // it comes back
		}
	}
	return res, err
}

// errBroken marks the error of a repetition: the first time was sent.
var errBroken = errors.New("the connection broke")

// unsure tells whether a request may have been carried out without an answer, or
// is carried out still.
func unsure(res *http.Response, err error) bool {
	if err == nil {
		return res.StatusCode == http.StatusConflict && res.Header.Get("Retry-After") != ""
	}
	var trust *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	ended := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	return errors.Is(err, errBroken) || !dialed(err) && !ended && !errors.As(err, &trust) && !errors.As(err, &record)
}

// dialed tells whether there was no connection at all.
func dialed(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// rewind makes the body ready to be sent again.
func rewind(req *http.Request) bool {
	if req.Body == nil || req.Body == http.NoBody {
		return true
	}
	if req.GetBody == nil {
		return false
	}
	var err error
	var body io.ReadCloser
	if body, err = req.GetBody(); err == nil {
		req.Body = body
	}
	return err == nil
}

func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
