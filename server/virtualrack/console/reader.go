package console

import "strings"

// maxLine cuts a line that never ends, such as noise on the wire.
const maxLine = 1000

// reader makes lines of a terminal's bytes. Firmware draws: it moves the cursor
// with escape sequences (ECMA-48 §5.4) and comes back over a line with a
// carriage return. Both end a line here, colours and the like do not.
type reader struct {
	line    strings.Builder
	escape  escape
	skipped int // bytes of the escape sequence so far
}

type escape byte

const (
	none escape = iota
	begun
	control // after ESC [
)

func (r *reader) read(b []byte) (lines []string) {
	for _, c := range b {
		if r.take(c) && r.line.Len() > 0 {
			lines = append(lines, r.rest())
			r.line.Reset()
		}
	}
	return lines
}

// rest is the line that has not ended yet.
func (r *reader) rest() string { return strings.TrimRight(r.line.String(), " ") }

// take reads one byte and tells whether it ends the line.
func (r *reader) take(c byte) bool {
	switch {
	case c == 0x1b:
		r.escape = begun
	case r.escape == begun && c == '[':
		r.escape, r.skipped = control, 0
	case r.escape == begun:
		r.escape = none // a sequence of two bytes
	case r.escape == control:
		return r.inControl(c)
	case c == '\n' || c == '\r':
		return true
	case c == '\b' && r.line.Len() > 0:
		s := r.line.String()
		r.line.Reset()
		r.line.WriteString(s[:len(s)-1])
	case c == '\t' || c >= 0x20 && c != 0x7f:
		r.line.WriteByte(c)
	}
	return r.line.Len() >= maxLine
}

// inControl reads a byte of a control sequence, which ends with one of
// 0x40–0x7e. Cursor moves and erasures start a new line.
func (r *reader) inControl(c byte) bool {
	if r.skipped++; r.skipped > 32 {
		r.escape = none
	}
	if c < 0x40 || c > 0x7e {
		return false
	}
	r.escape = none
	return strings.IndexByte("ABCDEFGHJKf", c) >= 0
}
