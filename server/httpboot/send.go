package httpboot

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"net/http"
	"time"

	"firstlight/server/journal"
)

const (
	// piece is how much of a file is sent before the clock of a stalled reader
	// starts anew.
	piece = 8 << 20
	// stallLimit is how long a reader may take for a piece: at less than 35 KB/s
	// it holds a descriptor and boots nothing.
	stallLimit = 4 * time.Minute
)

// send serves a file with ranges (RFC 9110 §13, §14) and notes what left. It tells
// whether all of the file did.
func (s *Server) send(w http.ResponseWriter, r *http.Request, name, etag string, f io.ReadSeeker) (whole bool) {
	w.Header().Set("ETag", etag)
	w.Header().Set("Content-Type", "application/octet-stream")
	began := s.Now()
	id, mac := s.Inventory.WhoIs(source(r)) // UEFI gives an address of DHCPv6 back with the last byte
	c := &counted{ResponseWriter: w, status: http.StatusOK, stall: s.stall}
	http.ServeContent(c, r, name, time.Time{}, f)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // for the next request
	s.metrics.bytes.Add(float64(c.bytes))
	if r.Method == http.MethodHead || c.status >= 300 {
		return false
	}
	e := s.transfer(r, name, c, s.Now().Sub(began))
	e.Machine, e.MAC = id, mac
	s.Records.Note(e)
	return c.status == http.StatusOK && c.err == nil
}

func (s *Server) transfer(r *http.Request, name string, c *counted, took time.Duration) journal.Event {
	text := fmt.Sprintf("GET %s → %d", name, c.status)
	if rng := r.Header.Get("Range"); rng != "" && c.status == http.StatusPartialContent {
		text += " " + short(rng)
	}
	came := journal.Sent
	if c.err != nil {
		came = journal.BrokenOff
		text += ", broken off"
	}
	return journal.Event{
		At: s.Now().Add(-took), Source: journal.Files, Text: text, Bytes: c.bytes, Duration: took,
		Details: map[string]string{journal.DetailOutcome: string(came), journal.DetailFile: name},
	}
}

// counted counts what a response sends without losing sendfile, and gives up
// on a reader that stalls.
type counted struct {
	http.ResponseWriter
	stall  time.Duration
	status int
	bytes  int64
	err    error
}

func (c *counted) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *counted) Write(b []byte) (int, error) {
	c.hurry()
	n, err := c.ResponseWriter.Write(b)
	c.bytes, c.err = c.bytes+int64(n), cmp.Or(c.err, err)
	return n, err
}

// ReadFrom lets net/http hand the file to the kernel, piece by piece.
func (c *counted) ReadFrom(r io.Reader) (sent int64, err error) {
	all, ok := r.(*io.LimitedReader)
	if !ok {
		all = &io.LimitedReader{R: r, N: math.MaxInt64}
	}
	for n := int64(1); n > 0 && all.N > 0 && err == nil; {
		c.hurry()
		n, err = io.Copy(c.ResponseWriter, &io.LimitedReader{R: all.R, N: min(all.N, piece)})
		all.N -= n
		sent += n
	}
	c.bytes, c.err = c.bytes+sent, cmp.Or(c.err, err)
	return sent, err
}

// hurry gives the reader time for one piece. Where the connection has no
// deadlines, there is none to set.
func (c *counted) hurry() {
	_ = http.NewResponseController(c.ResponseWriter).SetWriteDeadline(time.Now().Add(c.stall))
}
