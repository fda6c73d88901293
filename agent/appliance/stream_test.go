package appliance

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"firstlight/agent/report"
)

func TestAStreamIsReadUntilItIsClosed(t *testing.T) {
	gone := make(chan struct{})
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/agent/v1/enrol":
			_ = json.NewEncoder(w).Encode(report.Enrolled{Session: "s3ssion", Challenge: "ch4llenge"})
		case "/agent/v1/stream":
			if r.Header.Get("Authorization") != report.SessionScheme+" s3ssion" || r.Header.Get(report.ProofHeader) == "" {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			defer close(gone)
			for r.Context().Err() == nil {
				_, _ = w.Write(make([]byte, 64<<10))
			}
		}
	})
	body, err := c.Stream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.CopyN(io.Discard, body, 4<<20); err != nil {
		t.Errorf("after %d bytes: %v", n, err)
	}
	body.Close()
	<-gone
}

func TestAStreamThatIsRefusedSaysSo(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/enrol") {
			_ = json.NewEncoder(w).Encode(report.Enrolled{Session: "s3ssion", Challenge: "ch4llenge"})
			return
		}
		w.WriteHeader(http.StatusNotFound)
	})
	_, err := c.Stream(t.Context())
	var refused *Refusal
	if !errors.As(err, &refused) || refused.Status != http.StatusNotFound {
		t.Errorf("Stream = %v, want a refusal", err)
	}
}
