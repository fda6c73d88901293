package client

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// streaming answers a stream with text, and holds it open until the client goes
// where hold is set.
func streaming(w http.ResponseWriter, r *http.Request, text string, hold bool) {
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, text)
	w.(http.Flusher).Flush()
	if hold {
		<-r.Context().Done()
	}
}

func TestEventsAreRead(t *testing.T) {
	var asked string
	c := served(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.String() + " after " + r.Header.Get("Last-Event-ID") + " as " + r.Header.Get("Authorization")
		streaming(w, r, "retry: 2000\n\nid: 7\nevent: journal\ndata: {}\n\n: beat\n\nevent: machine\ndata: {}\ndata: {}\n\nevent: cut", false)
	})
	var got []Event
	err := c.events(t.Context(), "C0 MPUT3", "5", func(e Event) { got = append(got, e) })
	if err == nil {
		t.Error("events() ended without saying why")
	}
	want := []Event{{ID: "5"}, {ID: "7", Kind: "journal"}, {ID: "7", Kind: "machine"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events() told (-want +got):\n%s", diff)
	}
	if want := "/api/v1/events?machine=C0+MPUT3 after 5 as Bearer fl_token"; asked != want {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

// hints takes n hints, or fails.
func hints(t *testing.T, from <-chan struct{}, n int) {
	t.Helper()
	for range n {
		select {
		case <-from:
		case <-time.After(20 * time.Second):
			t.Fatal("no hint came")
		}
	}
}

func TestChangesComeBackAfterARestart(t *testing.T) {
	var streams atomic.Int32
	resumed := make(chan string, 1)
	c := served(t, func(w http.ResponseWriter, r *http.Request) {
		switch streams.Add(1) {
		case 1:
			streaming(w, r, "id: 42\nevent: journal\ndata: {}\n\n", false)
		case 2:
			http.Error(w, "not yet", http.StatusServiceUnavailable)
		default:
			select {
			case resumed <- r.Header.Get("Last-Event-ID"):
			default:
			}
			streaming(w, r, "", true)
		}
	})
	ctx, end := context.WithCancel(t.Context())
	defer end()
	changes := c.Changes(ctx, "")
	hints(t, changes, 3) // the first stream, the refusal, the next stream
	if got := <-resumed; got != "42" {
		t.Errorf("the stream was resumed after %q, want 42", got)
	}
	end()
	for range changes { // it ends with its context
	}
}

func TestWhereThereIsNoStreamTheClockHints(t *testing.T) {
	c := served(t, http.NotFound)
	ctx, end := context.WithCancel(t.Context())
	defer end()
	began := time.Now()
	hints(t, c.Changes(ctx, ""), 3)
	if took := time.Since(began); took < 2*pollEvery {
		t.Errorf("three hints within %s, want one in %s", took, pollEvery)
	}
}
