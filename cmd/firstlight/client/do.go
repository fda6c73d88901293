package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"

	"firstlight/server/api"
)

// maxBody bounds what is read of an answer: a thousand machines with all their
// facts are some ten megabytes.
const maxBody = 64 << 20

// Get reads path, such as "/machines", into out and gives the text as the API
// wrote it.
func (c *Client) Get(ctx context.Context, path string, query url.Values, out any) (json.RawMessage, error) {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return c.Do(ctx, http.MethodGet, path, nil, out)
}

// Tag reads path into out and gives its ETag, "" where it has none.
func (c *Client) Tag(ctx context.Context, path string, out any) (tag string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+api.Prefix+path, nil)
	if err != nil {
		return "", err
	}
	_, header, err := c.exchange(req, out)
	return header.Get("ETag"), err
}

// Do sends in as JSON, unless it is nil, and reads the answer into out, unless
// that is nil.
func (c *Client) Do(ctx context.Context, method, path string, in, out any) (json.RawMessage, error) {
	return c.Write(ctx, method, path, nil, in, out)
}

// Write is Do on conditions: headers that say over which state it may write.
func (c *Client) Write(ctx context.Context, method, path string, conditions http.Header, in, out any) (json.RawMessage, error) {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("write request: %w", err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+api.Prefix+path, body)
	if err != nil {
		return nil, err
	}
	maps.Copy(req.Header, conditions)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return c.send(req, out)
}

func (c *Client) send(req *http.Request, out any) (json.RawMessage, error) {
	text, _, err := c.exchange(req, out)
	return text, err
}

// exchange is send with the headers of the answer.
func (c *Client) exchange(req *http.Request, out any) (json.RawMessage, http.Header, error) {
	req.Header.Set("Accept", "application/json")
	c.sign(req)
	res, err := c.http.Do(req) //nolint:gosec // the person names the address
	if err != nil {
		return nil, nil, c.unreachable(req.Context(), err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	if err != nil {
		return nil, nil, c.unreachable(req.Context(), err)
	}
	if res.StatusCode >= 300 {
		return nil, nil, c.problem(res, text)
	}
	if out == nil {
		return text, res.Header, nil
	}
	if err := json.Unmarshal(text, out); err != nil {
		return nil, nil, fmt.Errorf("the answer of %s cannot be read (%w): is it an appliance of another version?", c.place, err)
	}
	return text, res.Header, nil
}

// sign says who asks.
func (c *Client) sign(req *http.Request) {
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.cookie != nil {
		req.AddCookie(c.cookie)
	}
}
