package crash

import (
	"strings"
	"sync"

	"firstlight/agent/report"
)

// kept is how much of a life's words is held until its end: what a panic of one
// goroutine says is a few KiB, a fatal error tells of all of them.
const kept = 64 << 10

// Ring keeps the last that was written to it. Its zero value is ready, and its
// methods may be called by any goroutine.
type Ring struct {
	mu   sync.Mutex
	b    []byte
	lost int64
}

// Write implements io.Writer and never fails.
func (r *Ring) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.b = append(r.b, p...)
	if over := len(r.b) - kept; over > 0 {
		r.lost += int64(over)
		r.b = append(r.b[:0], r.b[over:]...)
	}
	return len(p), nil
}

// Tell puts into c what was written: from the line that says why the program
// ended, if there is one, and else the last of it.
func (r *Ring) Tell(c *report.Crash) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := strings.ToValidUTF8(string(r.b), "?")
	from, cause := why(text)
	out := text[from:]
	switch {
	case len(out) <= report.MaxOutput:
	case cause != "":
		out = out[:report.MaxOutput]
	default:
		out = out[len(out)-report.MaxOutput:]
	}
	c.Output, c.Cause = strings.ToValidUTF8(out, ""), cause
	c.Lost = r.lost + int64(len(text)-len(c.Output))
}

// words begin the line that says why: those of Go's runtime, then the agent's own.
var words = [][]string{{"panic: ", "fatal error: "}, {"firstlight-agent: "}}

// why finds the last line that says why a program ended. The line alone is cut to
// what may be told.
func why(text string) (from int, cause string) {
	for _, begin := range words {
		at, best := 0, -1
		for line := range strings.Lines(text) {
			for _, w := range begin {
				if strings.HasPrefix(line, w) {
					best, cause = at, line
				}
			}
			at += len(line)
		}
		if best >= 0 {
			return best, oneLine(cause)
		}
	}
	return 0, ""
}

func oneLine(s string) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s))
	return strings.ToValidUTF8(s[:min(len(s), report.MaxCause)], "")
}
