package httpboot

import (
	"crypto/rand"
	"net/http"
	"sync"
	"time"
)

// noise is what a stream repeats: no network card and no switch makes less of it.
var noise = sync.OnceValue(func() []byte {
	b := make([]byte, 1<<20)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return b
})

// stream sends bytes until the agent has enough of them, which measures the way
// between. The timeline gets no row of it: a check has its own.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.agent(r); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	c := &counted{ResponseWriter: w, status: http.StatusOK, stall: s.stall}
	defer func() {
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{}) // for the next request
		s.metrics.bytes.Add(float64(c.bytes))
	}()
	for c.err == nil {
		select {
		case <-s.closing:
			return nil
		default:
			_, _ = c.Write(noise()) // c remembers the error
		}
	}
	return nil
}
