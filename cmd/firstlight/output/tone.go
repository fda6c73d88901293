package output

// Tone is what a word means to whoever looks at many of them. It only ever
// accompanies the word. The groups are those of the pages.
type Tone int

// Tones of words.
const (
	None   Tone = iota
	Rest        // as it should be
	Work        // it goes on by itself
	Seen        // it is being looked at
	Held        // it waits for a person
	Broken      // it failed
	Absent      // over, or not begun
)

// escapes are of the eight colours (ECMA-48 8.3.117) that every terminal has and
// lets its owner choose.
var escapes = map[Tone]string{
	Rest: "\x1b[32m", Work: "\x1b[35m", Seen: "\x1b[36m", Held: "\x1b[33m", Broken: "\x1b[31m", Absent: "\x1b[2m",
}

const plainAgain = "\x1b[0m"

func painted(c cell, colour bool) string {
	if !colour || escapes[c.tone] == "" {
		return c.text
	}
	return escapes[c.tone] + c.text + plainAgain
}

// Painted gives a word for a line that is made elsewhere.
func (p Printer) Painted(w Word) string { return painted(shown(w, p.Now), p.Colour) }
