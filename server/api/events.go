package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"firstlight/server/journal"
)

// Pace of a stream.
const (
	streamRoom   = 256                    // signals that may wait; when more do, some are missed
	streamGather = 200 * time.Millisecond // changes of one machine within it are told once
	streamBeat   = 15 * time.Second       // a comment that keeps proxies from hanging up
	streamWrite  = 10 * time.Second       // a client that takes longer is dropped
	streamRetry  = 2 * time.Second        // after which a client comes back
)

type eventsInput struct {
	Machine string `query:"machine" maxLength:"200" doc:"Name, id, MAC or host name; absent: of all, and of interfaces that nobody knows" example:"C0MPUT3"`
	Last    string `header:"Last-Event-ID" maxLength:"20" doc:"Id of the last event that was seen: the stream begins after it. Absent: it begins now" example:"90125"`
}

// streamEvents documents and registers the stream.
func streamEvents(a *API, op huma.Operation) {
	var kinds []*huma.Schema
	for _, r := range []*huma.Response{answer[Event](a, ""), answer[MachineChanged](a, ""), answer[Missed](a, "")} {
		kinds = append(kinds, r.Content["application/json"].Schema)
	}
	op.Responses = map[string]*huma.Response{"200": {
		Description: "Server-sent events; the schema is that of their data",
		Content:     map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{OneOf: kinds}}},
	}}
	huma.Register(a.huma, op, func(ctx context.Context, in *eventsInput) (*huma.StreamResponse, error) {
		s, err := a.newStream(in)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return &huma.StreamResponse{Body: func(c huma.Context) {
			r, w := humago.Unwrap(c)
			s.w, s.out = w, http.NewResponseController(w)
			s.run(r)
		}}, nil
	})
}

// stream is one client that follows the journal.
type stream struct {
	*API
	w       http.ResponseWriter
	out     *http.ResponseController
	only    string // machine id; empty: all
	last    int64  // id of the last event that the client has
	changed map[string]bool
}

func (a *API) newStream(in *eventsInput) (*stream, error) {
	s := &stream{API: a, changed: map[string]bool{}}
	if in.Machine != "" {
		m, err := a.DB.Machine(in.Machine)
		if err != nil {
			return nil, err
		}
		s.only = m.ID
	}
	if in.Last == "" {
		return s, nil
	}
	var err error
	if s.last, err = strconv.ParseInt(in.Last, 10, 64); err != nil || s.last < 0 {
		return nil, at("header.Last-Event-ID", in.Last, fmt.Errorf("header.Last-Event-ID %.20q: is not an id: send that of the last event, or leave it out", in.Last))
	}
	return s, nil
}

// run sends until the client, its log-in or the server ends it.
func (s *stream) run(r *http.Request) {
	watcher := s.DB.Watch(streamRoom) // before the replay: nothing may fall between
	defer watcher.Close()
	s.w.Header().Set("Content-Type", "text/event-stream")
	s.w.Header().Set("Cache-Control", "no-store")
	s.w.Header().Set("X-Accel-Buffering", "no")
	s.w.WriteHeader(http.StatusOK)
	err := s.send("retry: %d\n\n", streamRetry.Milliseconds())
	if err == nil {
		err = s.replay(r.Context())
	}
	if err == nil {
		err = s.follow(r, watcher)
	}
	if err != nil && r.Context().Err() == nil {
		s.Log.WarnContext(r.Context(), "event stream ended", "error", err)
	}
}

// replay sends what happened while the client was away.
func (s *stream) replay(ctx context.Context) error {
	if s.last == 0 {
		return nil
	}
	events, err := s.DB.EventsAfter(ctx, s.last, s.replayed+1)
	if err != nil {
		return err
	}
	since := s.last
	s.last = 0 // of this stream: a database that was restored counts anew
	if len(events) > s.replayed {
		s.last = events[len(events)-1].ID
		return s.event("missed", 0, Missed{fmt.Sprintf("more than %d events since %d", s.replayed, since)})
	}
	if len(events) > 0 && events[0].ID > since+1 {
		if err := s.event("missed", 0, Missed{fmt.Sprintf("events after %d are not kept any more", since)}); err != nil {
			return err
		}
	}
	for i := range events {
		if err := s.journal(&events[i]); err != nil {
			return err
		}
	}
	return nil
}

// follow sends what happens now.
func (s *stream) follow(r *http.Request, watcher *journal.Watcher) error {
	_, err := s.People.Identify(r, false)
	loggedIn := err == nil // and not brought by the socket, which cannot log out
	gather, beat, check := time.NewTicker(streamGather), time.NewTicker(streamBeat), time.NewTicker(s.checkEvery)
	defer gather.Stop()
	defer beat.Stop()
	defer check.Stop()
	for {
		var err error
		select {
		case <-r.Context().Done():
			return nil
		case <-s.closing:
			return nil
		case signal := <-watcher.C:
			err = s.signal(signal)
		case <-gather.C:
			err = s.changes()
		case <-beat.C:
			err = s.send(": beat\n\n")
		case <-check.C:
			if _, bad := s.People.Identify(r, false); loggedIn && bad != nil {
				return nil
			}
		}
		if err != nil {
			return err
		}
	}
}

func (s *stream) signal(g journal.Signal) error {
	if g.Missed {
		if err := s.event("missed", 0, Missed{"the stream was too slow"}); err != nil {
			return err
		}
	}
	if g.Event != nil {
		return s.journal(g.Event)
	}
	if g.Machine != "" && (s.only == "" || s.only == g.Machine) {
		s.changed[g.Machine] = true
	}
	return nil
}

// journal sends a row that concerns the client and that it does not have.
func (s *stream) journal(e *journal.Event) error {
	if e.ID <= s.last {
		return nil
	}
	s.last = e.ID
	if s.only != "" && s.only != e.Machine {
		return nil
	}
	return s.event("journal", e.ID, s.showEvent(e))
}

// changes tells which records changed since the last time.
func (s *stream) changes() error {
	for id := range s.changed {
		delete(s.changed, id)
		m, err := s.DB.Machine(id)
		if err != nil {
			continue // it is gone
		}
		if err := s.event("machine", 0, MachineChanged{ID: m.ID, Name: m.Name, Status: string(m.Status), Waits: m.Observed.Waits}); err != nil {
			return err
		}
	}
	return nil
}

func (s *stream) event(kind string, id int64, data any) error {
	b, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	if id > 0 {
		return s.send("id: %d\nevent: %s\ndata: %s\n\n", id, kind, b)
	}
	return s.send("event: %s\ndata: %s\n\n", kind, b)
}

func (s *stream) send(format string, args ...any) error {
	// A connection without deadlines is one of a test: the client's going ends it.
	_ = s.out.SetWriteDeadline(time.Now().Add(streamWrite))
	if _, err := fmt.Fprintf(s.w, format, args...); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return s.out.Flush()
}
