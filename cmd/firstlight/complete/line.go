package complete

import "strings"

// Line is a command line up to the cursor, as a shell reads it.
type Line struct {
	Words []string // that are finished, without their quotes
	Last  string   // that is being typed; empty after a blank
	Quote byte     // that is open around it; 0: none
}

// ParseLine reads a line as shells do, but for what they would replace.
func ParseLine(text string) Line {
	var l Line
	var word strings.Builder
	begun := false // also an empty pair of quotes is a word
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case l.Quote != 0 && c == l.Quote:
			l.Quote = 0
		case l.Quote == 0 && (c == '\'' || c == '"'):
			l.Quote, begun = c, true
		case c == '\\' && l.Quote != '\'' && i+1 < len(text):
			i++
			word.WriteByte(text[i])
			begun = true
		case l.Quote == 0 && (c == ' ' || c == '\t' || c == '\n'):
			if begun {
				l.Words = append(l.Words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	l.Last = word.String()
	return l
}
