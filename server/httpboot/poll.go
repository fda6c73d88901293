package httpboot

import (
	"net/http"
	"time"
)

const (
	longestPoll = time.Minute
	// lookAgain is how often a poll looks without a signal.
	lookAgain = 2 * time.Second
)

// order answers a long poll with what the agent shall do.
func (s *Server) order(w http.ResponseWriter, r *http.Request) error {
	m, err := s.agent(r)
	if err != nil {
		return err
	}
	wait, err := time.ParseDuration(r.URL.Query().Get("wait"))
	if err != nil || wait < 0 {
		wait = 0
	}
	until := s.Now().Add(min(wait, longestPoll))
	wake, done := s.wakeups.of(m.ID)
	defer done()
	for {
		s.Jobs.Heard(m)
		o, err := s.Jobs.Order(r.Context(), m, r.URL.Query().Get("seen"))
		switch {
		case err != nil:
			return err
		case o != nil:
			reply(w, http.StatusOK, o)
			return nil
		case !s.Now().Before(until):
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		switch s.pause(r, wake, min(lookAgain, until.Sub(s.Now()))) {
		case hungUp:
			return nil
		case ending:
			until = s.Now() // one last look, and the agent asks our next life
		case awake:
		}
		if m, err = s.agent(r); err != nil {
			return err
		}
	}
}

// pauseEnd is why a pause ended.
type pauseEnd int

const (
	awake  pauseEnd = iota // a signal, or the time is up
	hungUp                 // the agent went away
	ending                 // the appliance ends
)

// pause waits for a signal or a time.
func (s *Server) pause(r *http.Request, wake <-chan struct{}, d time.Duration) pauseEnd {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-r.Context().Done():
		return hungUp
	case <-s.closing:
		return ending
	case <-wake:
	case <-t.C:
	}
	return awake
}
