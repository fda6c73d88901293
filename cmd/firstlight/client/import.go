package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"firstlight/server/api"
)

// Import sends a list of machines and reads its verdict; progress is told how
// many lines of how many are written.
func (c *Client) Import(ctx context.Context, query url.Values, list []byte, progress func(done, total int), out *api.Import) (json.RawMessage, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+api.Prefix+"/imports?"+query.Encode(), bytes.NewReader(list))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "text/csv")
	req.Header.Set("Accept", "application/x-ndjson, application/json")
	c.sign(req)
	res, err := c.http.Do(req) //nolint:gosec // the person names the address
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	if res.StatusCode >= 300 {
		text, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
		if err != nil {
			return nil, c.unreachable(ctx, err)
		}
		return nil, c.problem(res, text)
	}
	return c.verdict(ctx, res.Body, progress, out)
}

// verdict reads lines of progress, and then the one that is the answer.
func (c *Client) verdict(ctx context.Context, body io.Reader, progress func(done, total int), out *api.Import) (json.RawMessage, error) {
	lines := bufio.NewReader(io.LimitReader(body, maxBody))
	for {
		text, err := lines.ReadBytes('\n')
		if err != nil && len(text) == 0 {
			return nil, c.unreachable(ctx, fmt.Errorf("the answer broke off: look whether the list was written: %w", err))
		}
		var line struct {
			api.ImportProgress
			Status int    // of a problem
			Detail string // as above
			Lines  json.RawMessage
		}
		if err := json.Unmarshal(text, &line); err != nil {
			return nil, fmt.Errorf("the answer of %s cannot be read (%w): is it an appliance of another version?", c.place, err)
		}
		switch {
		case line.Status != 0:
			return nil, &Error{Status: line.Status, Detail: line.Detail}
		case line.Lines != nil:
			return text, json.Unmarshal(text, out)
		default:
			progress(line.Done, line.Total)
		}
	}
}
