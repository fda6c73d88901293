package output

import (
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// Terminal is what a person looks at. A nil one is none: a file, a pipe, or a
// terminal that cannot move its cursor.
type Terminal struct{ file *os.File }

// TerminalOf gives the terminal that w writes to, if it is one. A TERM of dumb
// prints lines and nothing else.
func TerminalOf(w io.Writer, term string) *Terminal {
	f, ok := w.(*os.File)
	if !ok || term == "dumb" {
		return nil
	}
	if _, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS); err != nil {
		return nil
	}
	return &Terminal{f}
}

// size is what it shows; one that does not know is as the first ones were.
func (t *Terminal) size() (columns, rows int) {
	s, err := unix.IoctlGetWinsize(int(t.file.Fd()), unix.TIOCGWINSZ)
	if err != nil || s.Col == 0 || s.Row == 0 {
		return 80, 24
	}
	return int(s.Col), int(s.Row)
}

// clipped keeps a line to a width, so that it takes one row of the terminal.
// Escapes of colours take no room.
func clipped(line string, width int) string {
	seen := 0
	for i, r := range line {
		if r == '\x1b' {
			seen -= strings.IndexByte(line[i:], 'm') + 1
		}
		if seen++; seen > width {
			return line[:i] + plainAgain
		}
	}
	return line
}
