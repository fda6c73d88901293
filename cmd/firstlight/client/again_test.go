package client

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
)

// flaky answers with a broken connection as often as it is told to, and
// remembers keys and bodies.
type flaky struct {
	breaks, waits int
	keys, bodies  []string
}

func (f *flaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // a test's own
	f.keys, f.bodies = append(f.keys, r.Header.Get("Idempotency-Key")), append(f.bodies, string(body))
	switch {
	case len(f.keys) <= f.breaks:
		panic(http.ErrAbortHandler)
	case len(f.keys) <= f.breaks+f.waits:
		w.Header().Set("Retry-After", "1")
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, `{"detail":"still carried out"}`) // as above
	default:
		_, _ = io.WriteString(w, `{}`) // as above
	}
}

func TestAWriteIsSentAgainWithItsKey(t *testing.T) {
	f := &flaky{breaks: 1, waits: 1}
	c := served(t, f.ServeHTTP)
	if _, err := c.Do(t.Context(), http.MethodPost, "/jobs", map[string]string{"target": "name=FL1"}, nil); err != nil {
		t.Fatalf("Do() = %v", err)
	}
	if len(f.keys) != 3 || len(f.keys[0]) != 38 || len(slices.Compact(f.keys)) != 1 || len(slices.Compact(f.bodies)) != 1 || f.bodies[0] != `{"target":"name=FL1"}` {
		t.Errorf("it was sent with keys %q and bodies %q, want three times the same", f.keys, f.bodies)
	}
	first := f.keys[0]
	*f = flaky{}
	if _, err := c.Do(t.Context(), http.MethodPost, "/jobs", nil, nil); err != nil || f.keys[0] == first {
		t.Errorf("Do() = %v with key %q, want another one", err, f.keys)
	}
}

func TestAReadHasNoKey(t *testing.T) {
	f := &flaky{}
	if _, err := served(t, f.ServeHTTP).Get(t.Context(), "/me", nil, nil); err != nil || f.keys[0] != "" {
		t.Errorf("Get() = %v with key %q", err, f.keys)
	}
}

func TestAWriteThatNobodyAnswersEnds(t *testing.T) {
	f := &flaky{breaks: 100}
	_, err := served(t, f.ServeHTTP).Do(t.Context(), http.MethodPost, "/jobs", nil, nil)
	if !errors.Is(err, ErrUnreachable) || len(f.keys) < 3 || len(f.keys) > 6 {
		t.Errorf("Do() = %v after %d times, want ErrUnreachable after some", err, len(f.keys))
	}
}
