package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Bounds of a request's body: what people ask for is small.
const (
	maxBody  = 64 << 10
	bodyTime = 10 * time.Second
)

// readBody reads the body before a handler begins. The deadline must be gone by
// then: net/http takes one that passes later for a client that hung up.
func readBody(w http.ResponseWriter, r *http.Request) error {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	c := http.NewResponseController(w)
	// A connection that knows no deadlines is one of a test or of a proxy in
	// this process; the bound of size holds there too.
	_ = c.SetReadDeadline(time.Now().Add(bodyTime))
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	_ = c.SetReadDeadline(time.Time{})
	var tooLarge *http.MaxBytesError
	var slow net.Error
	switch {
	case err == nil:
		r.Body = io.NopCloser(bytes.NewReader(b))
		return nil
	case errors.As(err, &tooLarge):
		return huma.Error413RequestEntityTooLarge(fmt.Sprintf("the body is larger than %d bytes: send less at once", tooLarge.Limit))
	case errors.As(err, &slow) && slow.Timeout():
		return huma.NewError(http.StatusRequestTimeout, fmt.Sprintf("the body did not arrive within %s: send it again", bodyTime))
	default:
		return huma.Error400BadRequest("the body broke off: send it again")
	}
}
