package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"firstlight/agent/report"
	"firstlight/server/delivery"
)

// Bounds of a request's body: what people ask for is small.
const (
	maxBody  = 64 << 10
	bodyTime = 10 * time.Second

	listTime = time.Minute // of a list of machines, which may be larger
)

// bounds are those of a route's body: lists of machines and reports of their
// hardware may be larger.
func bounds(pattern string) (size int64, within time.Duration) {
	switch {
	case strings.HasSuffix(pattern, Prefix+"/imports"):
		return delivery.MaxBytes, listTime
	case strings.HasSuffix(pattern, Prefix+"/adoptions"):
		return report.MaxBytes, bodyTime
	default:
		return maxBody, bodyTime
	}
}

// readBody reads the body before a handler begins: once it is read, net/http
// takes the deadline away, and a verb may wait for a BMC.
func readBody(w http.ResponseWriter, r *http.Request, pattern string) error {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	size, within := bounds(pattern)
	// A connection that knows no deadlines is one of a test or of a proxy in
	// this process; the bound of size holds there too.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(within))
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, size))
	var tooLarge *http.MaxBytesError
	var slow net.Error
	switch {
	case err == nil:
		r.Body = io.NopCloser(bytes.NewReader(b))
		return nil
	case errors.As(err, &tooLarge):
		return huma.Error413RequestEntityTooLarge(fmt.Sprintf("the body is larger than %d bytes: send less at once", tooLarge.Limit))
	case errors.As(err, &slow) && slow.Timeout():
		return huma.NewError(http.StatusRequestTimeout, fmt.Sprintf("the body did not arrive within %s: send it again", within))
	default:
		return huma.Error400BadRequest("the body broke off: send it again")
	}
}
