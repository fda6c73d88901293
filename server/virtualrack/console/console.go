// Package console keeps what a machine says on its serial line: the last lines
// in memory, all of it in a file, and a way to wait for a line.
//
// It promises that a waiter misses nothing: a line that came before the wait
// counts too, from the mark that the waiter names. Only server/virtualrack, the
// packages below it and tests import it.
package console

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"sync"
)

// kept is how many lines stay in memory: several boots' worth.
const kept = 2000

// Mark is a place in what a console said; the zero Mark is its beginning.
type Mark int

// Console is an io.Writer that a serial line is copied into.
type Console struct {
	file io.Writer

	mu      sync.Mutex
	reader  reader
	lines   []string
	before  int           // lines that are no longer kept
	changed chan struct{} // closed at the next change
}

// New returns a console that also writes every byte to file, which may be nil.
func New(file io.Writer) *Console { return &Console{file: file, changed: make(chan struct{})} }

// Write takes bytes from the serial line. It fails only if the file does.
func (c *Console) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, c.reader.read(b)...)
	if extra := len(c.lines) - kept; extra > 0 {
		c.before += extra
		c.lines = append([]string(nil), c.lines[extra:]...)
	}
	close(c.changed)
	c.changed = make(chan struct{})
	if c.file != nil {
		return c.file.Write(b)
	}
	return len(b), nil
}

// Printf writes a line of its own, for machines whose console nobody else writes.
func (c *Console) Printf(format string, args ...any) {
	_, _ = fmt.Fprintf(c, format+"\r\n", args...)
}

// Mark returns the place that the console has come to.
func (c *Console) Mark() Mark {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Mark(c.before + len(c.lines))
}

// Lines returns the last n lines, the unfinished one included.
func (c *Console) Lines(n int) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := c.since(0)
	return all[max(0, len(all)-n):]
}

// Wait returns the first line since the mark that matches, and waits for one
// while there is none. Its error quotes the console's last lines.
func (c *Console) Wait(ctx context.Context, from Mark, pattern *regexp.Regexp) (string, error) {
	for {
		c.mu.Lock()
		lines, changed := c.since(from), c.changed
		c.mu.Unlock()
		for _, line := range lines {
			if pattern.MatchString(line) {
				return line, nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return "", fmt.Errorf("wait for %q on the console, whose last lines are %q: %w", pattern, c.Lines(8), context.Cause(ctx))
		}
	}
}

// since copies the lines after a mark, the unfinished one last.
func (c *Console) since(from Mark) []string {
	at := min(max(0, int(from)-c.before), len(c.lines))
	lines := append([]string(nil), c.lines[at:]...)
	if rest := c.reader.rest(); rest != "" {
		lines = append(lines, rest)
	}
	return lines
}
