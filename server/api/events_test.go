package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"firstlight/server/auth"
	"firstlight/server/journal"
	"firstlight/server/machine"
	"firstlight/server/serverdb"
)

// message is one server-sent event.
type message struct{ id, kind, data string }

// follower is a client of the stream over a real connection.
type follower struct {
	*bench
	messages chan message
	stop     context.CancelFunc
}

// follow opens the stream; it is there when follow returns.
func (b *bench) follow(query, last string) *follower {
	b.Helper()
	return b.followBy("", query, last)
}

// followBy opens the stream with a token, or as one who needs none.
func (b *bench) followBy(token, query, last string) *follower {
	b.Helper()
	door := b.people.Middleware(b.api)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token == "" {
			r = r.WithContext(auth.With(r.Context(), auth.User{Name: "ada", Role: auth.Viewer}))
		}
		door.ServeHTTP(w, r)
	}))
	b.Cleanup(server.Close)
	ctx, stop := context.WithCancel(b.Context())
	b.Cleanup(stop)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+Prefix+"/events"+query, nil)
	b.must(err)
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := server.Client().Do(r)
	b.must(err)
	if got := res.Header.Get("Content-Type"); got != "text/event-stream" {
		b.Fatalf("content type = %q, want text/event-stream", got)
	}
	f := &follower{b, make(chan message, 1000), stop}
	go func() {
		defer close(f.messages)
		defer res.Body.Close() //nolint:errcheck // read to its end
		read := bufio.NewScanner(res.Body)
		var m message
		for read.Scan() {
			field, value, _ := strings.Cut(read.Text(), ": ")
			switch field {
			case "id":
				m.id = value
			case "event":
				m.kind = value
			case "data":
				m.data = value
			case "":
				if m.kind != "" {
					f.messages <- m
				}
				m = message{}
			}
		}
	}()
	return f
}

// next waits for the next message of a kind.
func (f *follower) next(kind string) message {
	f.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case m, open := <-f.messages:
			if !open {
				f.Fatalf("the stream ended before an event %s", kind)
			}
			if m.kind == kind {
				return m
			}
		case <-late:
			f.Fatalf("no event %s within 10 s", kind)
		}
	}
}

// lockAs writes one row of a timeline.
func (b *bench) lockAs(name, note string) {
	b.Helper()
	read[Machine](b, b.post("/machines/"+name+"/lock", `{"note":"`+note+`"}`), http.StatusOK)
}

func decode[T any](f *follower, m message) (v T) {
	f.Helper()
	f.must(json.Unmarshal([]byte(m.data), &v))
	return v
}

func TestTheJournalAsItGrows(t *testing.T) {
	b := newBench(t)
	b.add(1)
	f := b.follow("", "")
	b.lockAs("FL1", "one")
	m := f.next("journal")
	e := decode[Event](f, m)
	if e.Text != "Locked: one" || e.Machine != "FL1" || strconv.FormatInt(e.ID, 10) != m.id {
		t.Errorf("event = %+v with id %s", e, m.id)
	}
	b.db.Observe(b.id("FL1"), func(o *machine.Observed) { o.Waits = "Writes the image" })
	for { // the lock changed the record too
		c := decode[MachineChanged](f, f.next("machine"))
		if c.Name == "FL1" && c.Status == "available" && c.Waits == "Writes the image" {
			break
		}
	}
}

func TestAStreamGoesOnWhereItEnded(t *testing.T) {
	b := newBench(t)
	b.add(1)
	f := b.follow("", "")
	b.lockAs("FL1", "one")
	seen := f.next("journal")
	f.stop()
	b.lockAs("FL1", "two")
	b.lockAs("FL1", "three")
	f = b.follow("", seen.id)
	b.lockAs("FL1", "four")
	for _, want := range []string{"Locked: two", "Locked: three", "Locked: four"} {
		if got := decode[Event](f, f.next("journal")).Text; got != want {
			t.Errorf("event = %q, want %q", got, want)
		}
	}
}

// TestAStreamGoesOnAfterARestart: ids are those of the journal on disk, and a
// write that was refused leaves no gap that would look like a loss.
func TestAStreamGoesOnAfterARestart(t *testing.T) {
	b := newBench(t)
	b.add(1)
	f := b.follow("", "")
	b.lockAs("FL1", "one")
	seen := f.next("journal")
	f.stop()
	refused := errors.New("refused")
	err := b.db.Do(t.Context(), func(w *serverdb.Write) error {
		return errors.Join(w.Event(journal.Event{Source: journal.People, Text: "never was"}), refused)
	})
	if !errors.Is(err, refused) {
		t.Fatalf("Do() = %v", err)
	}
	b.lockAs("FL1", "two")
	b.restart()
	b.lockAs("FL1", "three")
	f = b.follow("", seen.id)
	for _, want := range []string{"Locked: two", "Locked: three"} {
		for m := range f.messages {
			if m.kind == "missed" {
				t.Fatalf("it says that something was missed: %s", m.data)
			}
			if m.kind == "journal" {
				if got := decode[Event](f, m).Text; got != want {
					t.Errorf("event = %q, want %q", got, want)
				}
				break
			}
		}
	}
}

func TestAStreamOfOneMachine(t *testing.T) {
	b := newBench(t)
	b.add(1)
	b.add(2)
	f := b.follow("?machine=FL2", "")
	b.lockAs("FL1", "not this one")
	b.lockAs("FL2", "this one")
	if got := decode[Event](f, f.next("journal")); got.Machine != "FL2" {
		t.Errorf("event of %s, want FL2", got.Machine)
	}
}

func TestTooMuchToReplayIsMissed(t *testing.T) {
	b := newBench(t)
	b.add(1)
	b.api.replayed = 3
	for _, note := range []string{"one", "two", "three", "four"} {
		b.lockAs("FL1", note)
	}
	f := b.follow("", "1")
	if got := decode[Missed](f, f.next("missed")); !strings.Contains(got.Why, "more than 3 events since 1") {
		t.Errorf("missed = %+v", got)
	}
	b.lockAs("FL1", "then it goes on")
	if got := decode[Event](f, f.next("journal")); got.Text != "Locked: then it goes on" {
		t.Errorf("event = %+v, want the newest", got)
	}
}

// ends waits for the end of the stream.
func (f *follower) ends() {
	f.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case _, open := <-f.messages:
			if !open {
				return
			}
		case <-late:
			f.Fatal("the stream did not end within 10 s")
		}
	}
}

func TestAStreamEndsWithItsToken(t *testing.T) {
	b := newBench(t)
	b.account()
	b.add(1)
	b.api.checkEvery = 10 * time.Millisecond
	made := read[NewToken](b, b.post("/tokens", `{"label":"x","role":"viewer","lifetime_seconds":3600}`), http.StatusCreated)
	f := b.followBy(made.Secret, "", "")
	b.lockAs("FL1", "why")
	f.next("journal")
	b.as(auth.Admin, http.MethodDelete, "/tokens/"+made.ID, "")
	f.ends()
}

func TestCloseEndsStreams(t *testing.T) {
	b := newBench(t)
	f := b.follow("", "")
	b.api.Close()
	b.api.Close() // twice is once
	f.ends()
}

func TestALastEventIDThatIsNone(t *testing.T) {
	b := newBench(t)
	b.refuses(b.as(auth.Viewer, http.MethodGet, "/events", "", "Last-Event-ID", "yesterday"), http.StatusUnprocessableEntity, `Last-Event-ID "yesterday"`, "leave it out")
}
