package appliance

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"firstlight/agent/identity"
)

// serve makes a client of an appliance that has one image.
func serve(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	c, err := New(server.URL, "token", identity.New(identity.NewSeed(), 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.images.CloseIdleConnections() })
	return c
}

// content answers as net/http does for a file.
func content(etag string, b []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" { // anybody may have an image, and the session is not for the wire
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if etag != "" {
			w.Header().Set("ETag", etag)
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
	}
}

func TestAnImageIsReadFromTheBeginningAndFromTheMiddle(t *testing.T) {
	c := serve(t, content(`"one"`, []byte("0123456789")))
	for _, test := range []struct {
		offset int64
		etag   string
		want   string
	}{{0, "", "0123456789"}, {4, `"one"`, "456789"}} {
		s, err := c.Image(t.Context(), "/i", test.offset, test.etag)
		if err != nil {
			t.Fatalf("Image from %d = %v", test.offset, err)
		}
		b, err := io.ReadAll(s.Body)
		s.Body.Close()
		if err != nil || string(b) != test.want || s.Size != 10 || s.ETag != `"one"` {
			t.Errorf("Image from %d = %q of %d bytes with ETag %s, %v; want %q of 10 with \"one\"", test.offset, b, s.Size, s.ETag, err, test.want)
		}
	}
}

func TestAnotherImageIsNotGoneOnWith(t *testing.T) {
	c := serve(t, content(`"two"`, []byte("9876543210")))
	if _, err := c.Image(t.Context(), "/i", 4, `"one"`); !errors.Is(err, ErrChanged) {
		t.Errorf("Image = %v, want %v", err, ErrChanged)
	}
}

func TestAnswersThatAreNoImage(t *testing.T) {
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		offset  int64
		refused bool
	}{
		{"it has no ETag", content("", []byte("0123456789")), 0, false},
		{"there is none", func(w http.ResponseWriter, _ *http.Request) { http.NotFound(w, nil) }, 0, true},
		{"the appliance is in trouble", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, 0, false},
		{"another range than was asked for", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("ETag", `"one"`)
			w.Header().Set("Content-Range", "bytes 5-9/10")
			w.WriteHeader(http.StatusPartialContent)
		}, 4, false},
		{"less than the rest", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("ETag", `"one"`)
			w.Header().Set("Content-Range", "bytes 4-7/10")
			w.WriteHeader(http.StatusPartialContent)
		}, 4, false},
		{"no range at all", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("ETag", `"one"`)
			w.WriteHeader(http.StatusPartialContent)
		}, 4, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := serve(t, test.handler).Image(t.Context(), "/i", test.offset, `"one"`)
			if err == nil {
				s.Body.Close()
				t.Fatal("Image took it")
			}
			if Refused(err) != test.refused {
				t.Errorf("Image = %v, refused for good: %v, want %v", err, Refused(err), test.refused)
			}
		})
	}
}
