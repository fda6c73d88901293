package main

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

// TestPrinting holds what commands print of kept answers of the API against
// golden texts. Each file of testdata/print has a command as its comment, one
// file for each answer, named by method and path, and out.
func TestPrinting(t *testing.T) {
	files, err := filepath.Glob("testdata/print/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("Glob() = %v, %v", files, err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			a, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			last := len(a.Files) - 1
			got := ask(t, strings.Fields(string(a.Comment)), a.Files[:last])
			if *update {
				a.Files[last].Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(a.Files[last].Data), got); diff != "" {
				t.Errorf("%s prints otherwise (-want +got):\n%s", strings.TrimSpace(string(a.Comment)), diff)
			}
		})
	}
}

// ask runs a command against kept answers and gives both its outputs, stderr
// marked, and its exit code when that is not 0. Answers to one path follow each
// other; the last one stays.
func ask(t *testing.T, args []string, answers []txtar.File) string {
	t.Helper()
	return askOf(t, args[1:], kept(answers))
}

// askOf runs a command against an API and gives what ask gives.
func askOf(t *testing.T, args []string, api http.Handler) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "socket")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: api, ReadHeaderTimeout: time.Second}
	go s.Serve(l)
	t.Cleanup(func() { _ = s.Close() })
	t.Setenv("FIRSTLIGHT_SOCKET", socket)
	t.Setenv("LC_ALL", "C")
	in, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out, failed bytes.Buffer
	now := func() time.Time { return time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC) }
	code := run(context.Background(), args, &host{in: in, out: &out, err: &failed, getenv: os.Getenv, now: now})
	text := out.String()
	for line := range strings.Lines(failed.String()) {
		text += "stderr: " + line
	}
	if code != exitOK {
		text += "exit code " + string(rune('0'+code)) + "\n"
	}
	return text
}

func kept(answers []txtar.File) http.Handler {
	told := map[string]int{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ask := r.Method + " " + strings.TrimPrefix(r.URL.RequestURI(), "/api/v1")
		var all []txtar.File
		for _, a := range answers {
			if a.Name == ask {
				all = append(all, a)
			}
		}
		if len(all) == 0 {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"detail": "no answer is kept to ` + ask + `"}`))
			return
		}
		n := min(told[ask], len(all)-1)
		told[ask]++
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(all[n].Data)
	})
}
