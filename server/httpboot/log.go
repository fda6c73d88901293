package httpboot

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"firstlight/agent/report"
	"firstlight/server/discovery"
	"firstlight/server/journal"
)

// The journal keeps so much of a machine's log a minute; a program that turns in
// circles says much, and little that is new.
const (
	logBytes = 64 << 10
	logEvery = time.Minute
)

// logs is how far agents told their logs in this life of ours.
type logs struct {
	mu sync.Mutex
	of map[string]*told // by machine
}

// told is that of one machine's agent.
type told struct {
	life   string
	next   int64 // number of the line that is expected
	since  time.Time
	room   int   // bytes that the journal takes until a minute after since
	missed int64 // lines that it did not take
}

func newLogs() *logs { return &logs{of: map[string]*told{}} }

// add takes a part and gives what is new of it, and how many lines before it are
// missing in the journal; nothing where there is no room for it there.
func (l *logs) add(id string, part report.Log, now time.Time) (fresh []string, missed int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.of[id]
	if t == nil {
		t = &told{}
		l.of[id] = t
	}
	if t.life != part.Life {
		t.life, t.next = part.Life, part.First
	}
	end := part.First + int64(len(part.Lines))
	if end <= t.next {
		return nil, 0 // it came before, and the answer was lost
	}
	fresh = part.Lines[max(0, t.next-part.First):]
	t.next, t.missed = end, t.missed+part.Lost
	if !t.fits(fresh, now) {
		t.missed += int64(len(fresh))
		return nil, 0
	}
	missed, t.missed = t.missed, 0
	return fresh, missed
}

func (t *told) fits(lines []string, now time.Time) bool {
	if now.Sub(t.since) >= logEvery {
		t.since, t.room = now, logBytes
	}
	for _, line := range lines {
		t.room -= len(line) + 1
	}
	return t.room >= 0
}

// log takes a part of an agent's log. What was taken is a row of the timeline.
func (s *Server) log(w http.ResponseWriter, r *http.Request) error {
	m, err := s.agent(r)
	if err != nil {
		return err
	}
	part, err := report.DecodeLog(r.Body)
	if err != nil {
		return malformed(err)
	}
	s.Jobs.Heard(m)
	fresh, missed := s.logs.add(m.ID, part, s.Now())
	s.metrics.logged.Add(float64(len(fresh)))
	if len(fresh) > 0 {
		s.Records.Note(logRow(m.ID, fresh, missed))
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func logRow(id string, fresh []string, missed int64) journal.Event {
	e := journal.Event{Machine: id, Source: journal.Log, Text: discovery.Clean("The agent's log: " + telling(fresh))}
	e.Details = map[string]string{journal.DetailLog: lines(strings.Join(fresh, "\n")), "lines": fmt.Sprint(len(fresh))}
	if missed > 0 {
		e.Details["missing before"] = fmt.Sprintf("%d lines", missed)
	}
	return e
}

// telling is the line that says most: the first that warns, else the last.
func telling(lines []string) string {
	for _, line := range lines {
		if text := unstamped(line); strings.HasPrefix(text, "warn: ") || strings.HasPrefix(text, "error: ") {
			return text
		}
	}
	return unstamped(lines[len(lines)-1])
}

// unstamped cuts the time since the kernel's start off a line.
func unstamped(line string) string {
	if at, text, ok := strings.Cut(line, "] "); ok && strings.HasPrefix(at, "[") {
		return text
	}
	return line
}
