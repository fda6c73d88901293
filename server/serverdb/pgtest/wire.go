package pgtest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// Cut is when a wire breaks.
type Cut int

// Cuts, each at the next statement that has some text in it.
const (
	Never  Cut = iota
	Before     // the statement does not reach the server
	After      // the server gets it; its answer does not come back
	Silent     // as After, but nobody learns that the other one left
)

// Wire stands between a client and a server, so that a test can break it at a
// statement.
type Wire struct {
	dir    string
	server *Server
	mu     sync.Mutex
	text   []byte
	cut    Cut
	ended  chan struct{}
}

// Wire lays one to the server, until the test ends.
func (s *Server) Wire(t testing.TB) *Wire {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "firstlight-pg")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", socket(dir, s.port))
	if err != nil {
		t.Fatal(err)
	}
	w := &Wire{dir: dir, server: s, ended: make(chan struct{})}
	t.Cleanup(func() {
		close(w.ended)
		_ = l.Close()
		_ = os.RemoveAll(dir)
	})
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go w.pass(client)
		}
	}()
	return w
}

func socket(dir string, port int) string {
	return filepath.Join(dir, fmt.Sprintf(".s.PGSQL.%d", port))
}

// URL is that of a database through the wire.
func (w *Wire) URL(name string) string {
	q := url.Values{"host": {w.dir}, "port": {fmt.Sprint(w.server.port)}}
	return "postgres://" + User + "@/" + name + "?" + q.Encode()
}

// CutAt breaks the wire once, at the next statement with this text.
func (w *Wire) CutAt(text string, cut Cut) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text, w.cut = []byte(text), cut
}

// hit tells whether to break here, once.
func (w *Wire) hit(chunk []byte) Cut {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut == Never || !bytes.Contains(chunk, w.text) {
		return Never
	}
	cut := w.cut
	w.cut = Never
	return cut
}

func (w *Wire) pass(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("unix", socket(w.server.dir, w.server.port))
	if err != nil {
		return
	}
	defer server.Close()
	answers := make(chan struct{})
	deaf := make(chan struct{})
	go func() {
		defer close(answers)
		chunk := make([]byte, 1<<16)
		for {
			n, err := server.Read(chunk)
			select {
			case <-deaf:
			default:
				_, _ = client.Write(chunk[:n])
			}
			if err != nil {
				_ = client.Close()
				return
			}
		}
	}()
	chunk := make([]byte, 1<<16)
	for {
		n, err := client.Read(chunk)
		if err != nil {
			return
		}
		cut := w.hit(chunk[:n])
		if cut == Before {
			return
		}
		if cut != Never {
			close(deaf)
		}
		if _, err := server.Write(chunk[:n]); err != nil {
			return
		}
		switch cut {
		case After:
			// The statement is done when the server has read that we left.
			_ = server.(*net.UnixConn).CloseWrite()
			<-answers
			return
		case Silent:
			_, _ = io.Copy(io.Discard, client)
			<-w.ended
			return
		default: // whole, or cut before
		}
	}
}
