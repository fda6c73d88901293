package client

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"firstlight/server/api"
)

// Backup writes a backup to w and tells how many bytes of all are there.
func (c *Client) Backup(ctx context.Context, keys bool, w io.Writer, tell func(done, all int64)) error {
	address := c.base + api.Prefix + "/backup"
	if keys {
		address += "?keys=true"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	c.sign(req)
	long := *c.http
	long.Timeout = 0 // it takes as long as there is to send
	res, err := long.Do(req)
	if err != nil {
		return c.unreachable(ctx, err)
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<16))
		return c.problem(res, text)
	}
	n, err := io.Copy(io.MultiWriter(w, &meter{all: res.ContentLength, tell: tell}), res.Body)
	if err != nil {
		return fmt.Errorf("receive the backup after %d bytes: %w", n, err)
	}
	return nil
}

// meter tells what goes by.
type meter struct {
	done, all int64
	tell      func(done, all int64)
}

func (m *meter) Write(b []byte) (int, error) {
	m.done += int64(len(b))
	m.tell(m.done, m.all)
	return len(b), nil
}
