package client

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"firstlight/server/api"
)

// Event is one of the appliance's stream. Its data is left alone: whoever
// watches reads the list again.
type Event struct{ ID, Kind string }

// streamIdle is how long a stream may be silent. A beat comes every 15 s.
const streamIdle = 45 * time.Second

// maxLine bounds a line of a stream: an event is a row of a timeline.
const maxLine = 1 << 20

var errSilent = errors.New("the appliance's stream of events fell silent")

// events follows the stream from after the event last, of one machine if machine
// names one. It tells that the stream is open by an event without a kind, then
// each event, and gives why the stream ended.
func (c *Client) events(ctx context.Context, machine, last string, tell func(Event)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := time.AfterFunc(streamIdle, func() { cancel(errSilent) })
	defer silent.Stop()
	res, err := c.openStream(ctx, machine, last)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // it was read
	tell(Event{ID: last})
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, maxLine)
	for e := (Event{ID: last}); lines.Scan(); {
		silent.Reset(streamIdle)
		e = e.read(lines.Text(), tell)
	}
	if err := lines.Err(); err != nil {
		return c.unreachable(ctx, err)
	}
	return c.unreachable(ctx, io.ErrUnexpectedEOF)
}

func (c *Client) openStream(ctx context.Context, machine, last string) (*http.Response, error) {
	address := c.base + api.Prefix + "/events"
	if machine != "" {
		address += "?" + url.Values{"machine": {machine}}.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	req.Header.Set("Accept", "text/event-stream")
	c.sign(req)
	stream := *c.http
	stream.Timeout = 0 // its beats tell whether it lives
	res, err := stream.Do(req)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	if res.StatusCode != http.StatusOK {
		defer res.Body.Close() //nolint:errcheck // it was read
		text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<16))
		return nil, c.problem(res, text)
	}
	return res, nil
}

// read takes one line (HTML, 9.2.6 Interpreting an event stream) and gives the
// event so far.
func (e Event) read(line string, tell func(Event)) Event {
	if line == "" {
		if e.Kind != "" {
			tell(e)
		}
		return Event{ID: e.ID}
	}
	field, value, _ := strings.Cut(line, ":")
	switch value = strings.TrimPrefix(value, " "); field {
	case "id":
		e.ID = value
	case "event":
		e.Kind = value
	}
	return e
}
