package appliance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ErrChanged says that an image is not the one whose first part was read.
var ErrChanged = errors.New("the image changed while it was read")

// Stream is an image from some offset on.
type Stream struct {
	Body io.ReadCloser
	Size int64  // of the whole image
	ETag string // names these very bytes
}

// Image opens an image from offset on. An offset above 0 needs the ETag of the
// first answer: the appliance then sends the rest of that very image, or we get
// an error that is ErrChanged (RFC 9110, 13.1.5 and 14.2).
func (c *Client) Image(ctx context.Context, path string, offset int64, etag string) (Stream, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/"+strings.TrimLeft(path, "/"), nil)
	if err != nil {
		return Stream{}, fmt.Errorf("open image: %w", err)
	}
	if offset > 0 {
		req.Header.Set("Range", "bytes="+strconv.FormatInt(offset, 10)+"-")
		req.Header.Set("If-Range", etag)
	}
	resp, err := c.images.Do(req)
	if err != nil {
		return Stream{}, fmt.Errorf("open image: %w", err)
	}
	size, err := check(resp, offset, etag)
	if err != nil {
		resp.Body.Close()
		return Stream{}, fmt.Errorf("open image: %w", err)
	}
	return Stream{Body: resp.Body, Size: size, ETag: resp.Header.Get("ETag")}, nil
}

// check returns the size of the whole image if the answer is what was asked.
func check(resp *http.Response, offset int64, etag string) (int64, error) {
	switch {
	case resp.StatusCode/100 != 2:
		return 0, refusal(resp)
	case resp.Header.Get("ETag") == "":
		return 0, errors.New("the answer has no ETag, without which it could not be resumed")
	case resp.StatusCode == http.StatusOK && offset == 0:
		return resp.ContentLength, nil
	case resp.StatusCode == http.StatusOK || resp.Header.Get("ETag") != etag: // If-Range did not hold
		return 0, fmt.Errorf("%w: its ETag was %s and is %s", ErrChanged, etag, resp.Header.Get("ETag"))
	}
	var first, last, size int64
	_, err := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-%d/%d", &first, &last, &size)
	if err != nil || first != offset || last != size-1 {
		return 0, fmt.Errorf("asked for the bytes from %d on and got %q", offset, resp.Header.Get("Content-Range"))
	}
	return size, nil
}

// impatient dials connections that fail when nothing arrives for a while: an
// appliance that lost its power sends no farewell, and TCP alone waits for
// minutes.
func impatient(d *net.Dialer) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &watchedConn{conn}, nil
	}
}

type watchedConn struct{ net.Conn }

func (c *watchedConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(silence)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}
