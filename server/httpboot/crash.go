package httpboot

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"firstlight/agent/report"
	"firstlight/server/discovery"
	"firstlight/server/journal"
	"firstlight/server/machine"
)

// outputEvery bounds the last words that are kept: one machine's agent may end
// again and again, and say much each time.
const outputEvery = time.Minute

// crash takes word of a life of the agent that ended by an error, from the one
// that was started after it.
func (s *Server) crash(w http.ResponseWriter, r *http.Request) error {
	m, err := s.agent(r)
	if err != nil {
		return err
	}
	c, err := report.DecodeCrash(r.Body)
	if err != nil {
		return malformed(err)
	}
	s.Jobs.Heard(m)
	news, room := false, false
	s.Records.Observe(m.ID, func(o *machine.Observed) {
		if o.Crash.Boot == c.Boot && c.Life <= o.Crash.Life {
			return // it was told before, and the answer lost
		}
		news, room = true, s.Now().Sub(o.Crash.At) >= outputEvery
		o.Crash = machine.Crash{At: s.Now(), Boot: c.Boot, Life: c.Life, Agent: c.Agent, End: c.End, Cause: discovery.Clean(c.Cause)}
	})
	if news {
		s.metrics.crashes.Inc()
		s.Records.Note(crashRow(m, c, room))
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// crashRow is the row of the timeline. Where there is no room the trace is left
// out: the one that was told last says as much.
func crashRow(m *machine.Machine, c report.Crash, room bool) journal.Event {
	why := c.End
	if c.Cause != "" {
		why = c.Cause
	}
	seconds := func(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) + " s" }
	e := journal.Event{Machine: m.ID, Source: journal.Agent, Details: map[string]string{
		"end": discovery.Clean(c.End), "agent": discovery.Clean(c.Agent), "of boot": discovery.Clean(c.Boot), "life": strconv.Itoa(c.Life),
		"after kernel start": seconds(c.Uptime),
	}}
	e.Text = discovery.Clean(fmt.Sprintf("The agent crashed %s ago, after %s, and was started again: %s", seconds(c.Ago), seconds(c.Lived), why))
	if room && c.Output != "" {
		e.Details[journal.DetailOutput] = lines(c.Output)
		if c.Lost > 0 {
			e.Details["left out"] = fmt.Sprintf("%d bytes", c.Lost)
		}
	}
	return e
}

// lines leaves of a stranger's text what is text, and its lines.
func lines(s string) string {
	return strings.TrimRight(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if r < ' ' || r == 0x7f || r == 0xfffd || r >= 0x2028 && r <= 0x2029 {
			return -1
		}
		return r
	}, s), "\n")
}
