package output

import (
	"fmt"
	"io"
	"time"
)

// Progress tells how far long work is. On a terminal it is one line that is
// written over; elsewhere a line now and then, so that a log shows life and is
// not filled.
type Progress struct {
	W     io.Writer
	T     *Terminal // of W, if it is one
	Now   func() time.Time
	shown bool      // a line stands on the terminal
	next  time.Time // when a log gets its next line
}

// progressEvery is how often a log is told.
const progressEvery = 10 * time.Second

// Tell says how far it is.
func (p *Progress) Tell(format string, args ...any) {
	text := Plain(fmt.Sprintf(format, args...))
	if p.T != nil {
		columns, _ := p.T.size()
		fmt.Fprint(p.W, "\r"+clipped(text, columns-1)+eraseLine) //nolint:errcheck // who does not see it misses nothing
		p.shown = true
		return
	}
	now := p.Now()
	if p.next.IsZero() { // what is over at once needs no line
		p.next = now.Add(progressEvery)
	}
	if !now.Before(p.next) {
		fmt.Fprintln(p.W, text) //nolint:errcheck // as above
		p.next = now.Add(progressEvery)
	}
}

// Clear takes the line away, before something else is printed and at the end.
func (p *Progress) Clear() {
	if p.shown {
		fmt.Fprint(p.W, "\r"+eraseLine) //nolint:errcheck // as above
		p.shown = false
	}
}
