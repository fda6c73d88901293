package httpboot

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestAStreamGoesOnUntilSomebodyHasEnough(t *testing.T) {
	s, st := door(t)
	web := httptest.NewServer(s.Handler())
	defer web.Close()
	open := func() io.ReadCloser {
		c := call{method: http.MethodGet, target: "/agent/v1/stream"}.as(s, ours)
		r, err := http.NewRequestWithContext(t.Context(), c.method, web.URL+c.target, nil)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range c.header {
			r.Header.Set(k, v)
		}
		got, err := web.Client().Do(r)
		if err != nil || got.StatusCode != http.StatusOK {
			t.Fatalf("stream = %v, %v", got, err)
		}
		return got.Body
	}
	body, b := open(), make([]byte, 3<<20)
	if _, err := io.ReadFull(body, b); err != nil || bytes.Equal(b[:4096], b[4096:8192]) {
		t.Errorf("3 MiB of it: %v, or all blocks are alike", err)
	}
	body.Close()
	// The door closes while somebody reads.
	body = open()
	defer body.Close()
	close(s.closing)
	if _, err := io.Copy(io.Discard, body); err != nil {
		t.Errorf("its end is %v", err)
	}
	if rows := st.noted(); rows != "" {
		t.Errorf("the timeline has %q", rows)
	}
}
