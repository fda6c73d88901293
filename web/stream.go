package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"firstlight/server/journal"
)

// Pace of a stream.
const (
	streamRoom     = 256                    // signals that may wait; more are one refresh anyway
	streamInterval = 200 * time.Millisecond // between two updates of one client
	streamCheck    = time.Second            // is the session still good?
	streamRefresh  = 5 * time.Second        // what no signal tells: health, leases, ages; and the proof of life
	streamWrite    = 10 * time.Second       // a client that takes longer is dropped
)

// stream sends the fragments of a view that change, until the client, the
// session or the server ends it. The first update holds all of them: whatever
// happened between the page and its stream is in it.
func (s *Site) stream(w http.ResponseWriter, r *http.Request, build func(*http.Request) (view, error)) error {
	v, err := build(r)
	if err != nil {
		return err
	}
	if len(v.fragments) == 0 {
		w.WriteHeader(http.StatusNoContent) // an EventSource does not come back after 204
		return nil
	}
	watcher := s.Data.Watch(streamRoom)
	defer watcher.Close()
	c := &client{site: s, w: w, asks: r, out: http.NewResponseController(w), sent: map[string]sent{}}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	if err := c.update(v); err != nil {
		return c.end(r, err)
	}
	return c.end(r, s.follow(c, r, watcher, build))
}

// follow updates the client until it ends; at most one update per interval.
func (s *Site) follow(c *client, r *http.Request, watcher *journal.Watcher, build func(*http.Request) (view, error)) error {
	check, refresh := time.NewTicker(streamCheck), time.NewTicker(streamRefresh)
	defer check.Stop()
	defer refresh.Stop()
	due := time.NewTimer(streamInterval)
	defer due.Stop()
	waiting := false
	for {
		select {
		case <-r.Context().Done():
			return nil
		case <-s.closing:
			return nil
		case signal := <-watcher.C:
			waiting = waiting || c.concerns(signal)
			continue
		case <-check.C:
			if _, err := s.People.Identify(r, false); err != nil {
				return c.send("bye", "null")
			}
			continue
		case <-refresh.C:
			if err := c.send("beat", "null"); err != nil {
				return err
			}
			waiting = true
			continue
		case <-due.C:
			due.Reset(streamInterval)
		}
		if !waiting {
			continue
		}
		waiting = false
		v, err := build(r)
		if err == nil {
			err = c.update(v)
		}
		if err != nil {
			return err
		}
	}
}

// client is one open stream.
type client struct {
	site *Site
	w    http.ResponseWriter
	out  *http.ResponseController
	asks *http.Request
	only string // machine id
	sent map[string]sent
}

// sent is what the client has of a fragment.
type sent struct {
	key  any
	html string
}

// patch replaces one element.
type patch struct {
	ID   string `json:"id"`
	HTML string `json:"html"`
}

func (c *client) concerns(s journal.Signal) bool {
	return c.only == "" || s.Missed || s.Machine == "" || s.Machine == c.only
}

func (c *client) update(v view) error {
	c.only = v.machine
	var patches []patch
	for _, f := range append(slices.Clip(v.fragments), c.nav()) {
		more, err := c.changed(f)
		if err != nil {
			return err
		}
		patches = append(patches, more...)
	}
	if len(patches) == 0 {
		return nil
	}
	b, err := json.Marshal(patches)
	if err != nil {
		return fmt.Errorf("encode update: %w", err)
	}
	return c.send("patch", string(b))
}

// nav is the side bar, whose counts move with every page.
func (c *client) nav() fragment {
	return fragment{id: "nav", template: "nav", data: c.site.nav(c.asks, userOf(c.asks))}
}

// changed gives the patches that bring the client's fragment up to date.
func (c *client) changed(f fragment) ([]patch, error) {
	old, known := c.sent[f.id]
	if f.key != nil && known && old.key == f.key {
		return c.changedParts(f.parts)
	}
	html, err := c.site.pages.text(f.template, f.data)
	if err != nil {
		return nil, err
	}
	now := sent{key: f.key}
	if f.key == nil {
		now.html = html
	}
	c.sent[f.id] = now
	for _, p := range f.parts { // they are inside
		c.sent[p.id] = sent{key: p.key}
	}
	if f.key == nil && known && old.html == html {
		return nil, nil
	}
	return []patch{{f.id, html}}, nil
}

func (c *client) changedParts(parts []fragment) ([]patch, error) {
	var patches []patch
	for _, p := range parts {
		more, err := c.changed(p)
		if err != nil {
			return nil, err
		}
		patches = append(patches, more...)
	}
	return patches, nil
}

func (c *client) send(event, data string) error {
	if err := c.out.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return fmt.Errorf("bound write: %w", err)
	}
	if _, err := fmt.Fprintf(c.w, "event: %s\ndata: %s\n\n", event, data); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return c.out.Flush()
}

// end logs what ended a stream unless it is the client's going. The answer has
// begun: there is nobody to show an error to.
func (c *client) end(r *http.Request, err error) error {
	if err != nil && r.Context().Err() == nil {
		c.site.Log.WarnContext(r.Context(), "event stream ended", "path", r.URL.Path, "error", err)
	}
	return nil
}
