package output

import (
	"fmt"
	"strings"
)

// Screen draws the same thing again and again in one place.
type Screen struct {
	T             *Terminal
	drawn         int // lines of the last drawing
	columns, rows int // of the terminal then
}

// Escapes of ECMA-48 that every terminal since the VT100 knows.
const (
	cursorUp   = "\x1b[%dA\r"
	eraseLine  = "\x1b[K"
	eraseBelow = "\x1b[J"
	eraseAll   = "\x1b[H\x1b[2J"
)

// Draw replaces what was drawn before by lines; those that do not fit are
// counted. All goes out in one write, so that nothing flickers.
func (s *Screen) Draw(all []string) error {
	columns, rows := s.T.size()
	if room := rows - 1; len(all) > room { // the cursor stands below
		all = append(all[:max(0, room-1):max(0, room-1)], fmt.Sprintf("… and %d more", len(all)-max(0, room-1)))
	}
	var b strings.Builder
	switch {
	case s.drawn > 0 && (columns != s.columns || rows != s.rows):
		b.WriteString(eraseAll) // a terminal that changed its size moved our lines
	case s.drawn > 0:
		fmt.Fprintf(&b, cursorUp, s.drawn)
	}
	for _, line := range all {
		b.WriteString(clipped(line, columns) + eraseLine + "\n")
	}
	b.WriteString(eraseBelow)
	s.drawn, s.columns, s.rows = len(all), columns, rows
	_, err := s.T.file.WriteString(b.String())
	return err
}
