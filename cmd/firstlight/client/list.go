package client

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strconv"

	"firstlight/server/api"
)

// rowsPerPage is the most that the API gives at once.
const rowsPerPage = 1000

// Rows is a list that was read whole: its rows, and what the API wrote.
type Rows[T any] struct {
	Items []T
	Text  []json.RawMessage
}

// Whole reads a list that has one page.
func Whole[T any](ctx context.Context, c *Client, path string, query url.Values) (Rows[T], error) {
	var all Rows[T]
	_, err := all.read(ctx, c, path, query)
	return all, err
}

// Paged reads a list page by page, at most limit rows where limit is not 0.
func Paged[T any](ctx context.Context, c *Client, path string, query url.Values, limit int) (Rows[T], error) {
	var all Rows[T]
	q := url.Values{}
	maps.Copy(q, query)
	for {
		size := rowsPerPage
		if limit > 0 {
			size = min(size, limit-len(all.Items))
		}
		q.Set("limit", strconv.Itoa(size))
		next, err := all.read(ctx, c, path, q)
		if err != nil || next == "" || limit > 0 && len(all.Items) >= limit {
			return all, err
		}
		q.Set("cursor", next)
	}
}

// read adds one page and gives the cursor of the next one.
func (r *Rows[T]) read(ctx context.Context, c *Client, path string, query url.Values) (next string, err error) {
	var page api.List[json.RawMessage]
	if _, err := c.Get(ctx, path, query, &page); err != nil {
		return "", err
	}
	for _, text := range page.Items {
		var one T
		if err := json.Unmarshal(text, &one); err != nil {
			return "", fmt.Errorf("a row of %s cannot be read (%w): is %s an appliance of another version?", path, err, c.place)
		}
		r.Items, r.Text = append(r.Items, one), append(r.Text, text)
	}
	return page.NextCursor, nil
}
