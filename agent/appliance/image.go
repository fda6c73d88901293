package appliance

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ErrChanged says that an image is not the one whose first part was read.
type ErrChanged struct{ Was, Is string }

// Error implements error.
func (e *ErrChanged) Error() string {
	return fmt.Sprintf("the image changed while it was read: its ETag was %s and is %s", e.Was, e.Is)
}

// Image opens an image from offset on and returns its ETag. An offset above 0
// needs the ETag of the first answer: the appliance then sends the rest of that
// very image, or we get an ErrChanged (RFC 9110, 13.1.5 and 14.2).
func (c *Client) Image(ctx context.Context, path string, offset int64, etag string) (io.ReadCloser, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/"+strings.TrimLeft(path, "/"), nil)
	if err != nil {
		return nil, "", fmt.Errorf("open image: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.session)
	if offset > 0 {
		req.Header.Set("Range", "bytes="+strconv.FormatInt(offset, 10)+"-")
		req.Header.Set("If-Range", etag)
	}
	resp, err := c.images.Do(req)
	if err != nil {
		return nil, "", fmt.Errorf("open image: %w", err)
	}
	if err := check(resp, offset, etag); err != nil {
		resp.Body.Close()
		return nil, "", fmt.Errorf("open image: %w", err)
	}
	return resp.Body, resp.Header.Get("ETag"), nil
}

func check(resp *http.Response, offset int64, etag string) error {
	got := resp.Header.Get("ETag")
	switch {
	case resp.StatusCode/100 != 2:
		return refusal(resp)
	case offset == 0 && resp.StatusCode == http.StatusOK:
		return nil
	case resp.StatusCode == http.StatusOK: // If-Range did not hold
		return &ErrChanged{Was: etag, Is: got}
	case resp.StatusCode != http.StatusPartialContent:
		return fmt.Errorf("the answer to a range is %s", resp.Status)
	case got != etag:
		return &ErrChanged{Was: etag, Is: got}
	case !strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", offset)):
		return fmt.Errorf("asked for bytes from %d on and got %q", offset, resp.Header.Get("Content-Range"))
	}
	return nil
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
