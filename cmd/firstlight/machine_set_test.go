package main

import (
	"net/http"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// TestMachineSetRestsOnWhatItRead: one named machine is changed in the state
// that was read and in no other.
func TestMachineSetRestsOnWhatItRead(t *testing.T) {
	var sent []string
	got := askOf(t, []string{"machine", "set", "FL1", "note=x"}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPatch {
			sent = append(sent, r.Header.Get("If-Match"))
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusPreconditionFailed)
			_, _ = w.Write([]byte(`{"detail": "machine FL1: it is \"v15\" by now"}`))
			return
		}
		w.Header().Set("ETag", `"v14"`)
		kept([]txtar.File{{Name: "GET /machines/FL1", Data: []byte(`{"name":"FL1","version":14}`)}}).ServeHTTP(w, r)
	}))
	if len(sent) != 1 || sent[0] != `"v14"` {
		t.Errorf("sent If-Match %q, want \"v14\" once", sent)
	}
	if !strings.Contains(got, "by now") || !strings.Contains(got, "exit code 4") {
		t.Errorf("it prints %q, want the refusal and its exit code", got)
	}
}
