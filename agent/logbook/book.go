package logbook

import (
	"crypto/rand"
	"strings"
	"sync"

	"firstlight/agent/report"
)

// kept is how many lines wait for an appliance that is away: an agent that tries
// again for days says little that is new.
const kept = 5 * report.MaxLines

// Book holds the lines of one life of an agent.
type Book struct {
	life    string
	news    chan struct{} // has a value while there may be lines
	telling chan struct{} // is full while somebody tells

	mu    sync.Mutex
	first int64 // number of the first line that is held
	lines []string
	lost  int64 // since the last part was taken
}

// New begins a book.
func New() *Book {
	return &Book{life: rand.Text(), news: make(chan struct{}, 1), telling: make(chan struct{}, 1)}
}

// Line keeps one line, over the oldest where there is no room.
func (b *Book) Line(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, short(text))
	if over := len(b.lines) - kept; over > 0 {
		b.lines = append(b.lines[:0], b.lines[over:]...)
		b.first, b.lost = b.first+int64(over), b.lost+int64(over)
	}
	select {
	case b.news <- struct{}{}:
	default:
	}
}

// short cuts a line to what one may have, and leaves it one line of text.
func short(text string) string {
	text = strings.Map(printable, strings.ToValidUTF8(text, "?"))
	if len(text) <= report.MaxLine {
		return text
	}
	const cut = "..."
	return strings.ToValidUTF8(text[:report.MaxLine-len(cut)], "") + cut
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7F {
		return ' '
	}
	return r
}

// part is what may be told next.
func (b *Book) part() (part report.Log, some bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(len(b.lines), report.MaxLines)
	return report.Log{Life: b.life, First: b.first, Lines: append([]string(nil), b.lines[:n]...), Lost: b.lost}, n > 0
}

// taken forgets a part that the appliance has. Some of it may have been let go
// meanwhile, which was no loss then.
func (b *Book) taken(part report.Log) {
	b.mu.Lock()
	defer b.mu.Unlock()
	end := part.First + int64(len(part.Lines))
	still := max(0, end-b.first)
	b.lost -= part.Lost + int64(len(part.Lines)) - still
	b.lines, b.first = b.lines[still:], b.first+still
}
