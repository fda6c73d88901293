// Package console is what a person standing before the machine sees: its name
// in large letters, one sentence of what it waits for, the way to its page as
// a QR code, a bar while an image is written, and the agent's log.
//
// It promises to print only when something changed, and never to make anybody
// wait: a serial line takes as long as it takes, and what does not fit into its
// queue is dropped. Package agent and agent/pid1 import it; it imports nothing
// of ours.
package console

import (
	"io"
	"slices"
	"strings"
	"sync"
)

// View is what the card shows.
type View struct {
	Name     string // of the machine; before it is known, what stands for it
	Sentence string
	Page     string // "" for no QR code
}

// Output is one device to print on. A screen is drawn over in place; a line
// printer, such as a serial line whose output somebody records, only ever
// gets more lines.
type Output struct {
	io.Writer
	Rows    int // of a screen; 0 for a line printer
	Columns int // of a screen
}

// kept bounds the log lines that are held for a screen: more than it has rows.
const kept = 200

// Console draws on several outputs. Its methods may be called from anywhere.
type Console struct {
	mu      sync.Mutex
	view    View
	bar     string
	open    bool // a bar stands on the line printers' current line
	percent int64
	recent  []string // log lines, oldest first
	queues  []queue
}

// queue is an output with what waits to be written to it.
type queue struct {
	size
	text chan string
}

// New returns a Console on outputs, each of which is written by a goroutine of
// its own for as long as the process lives.
func New(outputs ...Output) *Console {
	c := &Console{percent: -1}
	for _, o := range outputs {
		q := queue{size: size{max(width, o.Columns), o.Rows}, text: make(chan string, 256)}
		c.queues = append(c.queues, q)
		go func() {
			for s := range q.text {
				_, _ = io.WriteString(o, s) // a console that fails has no console to say so
			}
		}()
	}
	return c
}

// Show changes the card. The same view again prints nothing, and on a line
// printer a new sentence is printed without the letters and the code.
func (c *Console) Show(v View) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v == c.view {
		return
	}
	changed := strings.Join(card(v, size{columns: width}), "\n") + "\n"
	if v.Name == c.view.Name && v.Page == c.view.Page {
		changed = v.Sentence + "\n"
	}
	c.view = v
	c.bar, c.percent = "", -1
	c.each(changed)
}

// Progress draws a bar; it moves when a whole percent is reached.
func (c *Console) Progress(label string, done, total int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	percent := int64(0)
	if total > 0 {
		percent = min(100, done*100/total)
	}
	if percent == c.percent {
		return
	}
	c.percent, c.bar = percent, bar(percent, label)
	changed := "\r" + c.bar
	if percent == 100 {
		changed += "\n"
	}
	c.each(changed)
	c.open = percent < 100
}

// Line prints one line of log.
func (c *Console) Line(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text = strings.Map(printable, text)
	c.recent = last(append(c.recent, text), kept)
	c.each(text + "\n")
}

// each prints on line printers what changed, and draws screens anew.
func (c *Console) each(changed string) {
	if c.open && !strings.HasPrefix(changed, "\r") {
		changed, c.open = "\n"+changed, false
	}
	for _, q := range c.queues {
		text := strings.ReplaceAll(changed, "\n", "\r\n")
		if q.rows > 0 {
			text = c.screen(q.size)
		}
		select {
		case q.text <- text:
		default:
		}
	}
}

// screen draws from the top without clearing, which would flicker: card, bar,
// and as much of the log as there is room for.
func (c *Console) screen(s size) string {
	lines := card(c.view, s)
	if c.bar != "" {
		lines = append(lines, c.bar)
	}
	const home, clearLine, clearRest = "\x1b[H", "\x1b[K\r\n", "\x1b[J"
	const bright, plain = "\x1b[1m", "\x1b[0m" // a phone reads the code by its contrast
	log := last(slices.Clone(c.recent), max(0, s.rows-1-len(lines)))
	var b strings.Builder
	b.WriteString(home + bright)
	for _, line := range lines {
		b.WriteString(clip(line, s.columns) + clearLine)
	}
	b.WriteString(plain)
	for _, line := range log {
		b.WriteString(clip(line, s.columns) + clearLine)
	}
	return b.String() + clearRest
}

// clip cuts a line to what fits: a longer one would take two lines, and push
// the name off the screen.
func clip(line string, columns int) string {
	if runes := []rune(line); len(runes) >= columns {
		return string(runes[:columns-4]) + "..."
	}
	return line
}

func last(lines []string, n int) []string { return lines[max(0, len(lines)-n):] }

// printable keeps a line one line, whatever firmware put into its strings.
func printable(r rune) rune {
	if r < ' ' || r == 0x7F {
		return ' '
	}
	return r
}
