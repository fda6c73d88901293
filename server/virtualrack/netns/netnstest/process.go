package netnstest

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// Process is a tool that runs beside the test.
type Process struct {
	h     *Host
	cmd   *exec.Cmd
	lines chan string
	seen  []string
	once  sync.Once
	ended error
}

// Start starts a tool on the host. It ends with the test.
func (h *Host) Start(tool string, args ...string) *Process {
	h.t.Helper()
	out, in, err := os.Pipe()
	h.must(err)
	p := &Process{h: h, cmd: exec.Command(tool, args...), lines: make(chan string, 1024)} //nolint:gosec // tests name their tools
	p.cmd.Stdout, p.cmd.Stderr = in, in
	h.must(h.ns.Start(p.cmd))
	_ = in.Close()
	go p.read(out)
	h.t.Cleanup(p.end)
	return p
}

func (p *Process) read(out io.ReadCloser) {
	defer close(p.lines)
	defer func() { _ = out.Close() }()
	for s := bufio.NewScanner(out); s.Scan(); {
		p.lines <- s.Text()
	}
}

func (p *Process) end() {
	_ = p.cmd.Process.Kill()
	_ = p.wait()
}

func (p *Process) wait() error {
	p.once.Do(func() { p.ended = p.cmd.Wait() })
	return p.ended
}

// Rest waits for the tool's end and gives the lines that nobody awaited, and
// how it ended.
func (p *Process) Rest() (lines []string, err error) {
	for line := range p.lines {
		lines = append(lines, line)
	}
	return lines, p.wait()
}

// Signal sends a signal to the tool.
func (p *Process) Signal(s os.Signal) {
	p.h.t.Helper()
	p.h.must(p.cmd.Process.Signal(s))
}

// Await gives the next line that has the text in it.
func (p *Process) Await(text string) string {
	p.h.t.Helper()
	late := time.After(patience)
	for {
		select {
		case line, open := <-p.lines:
			if p.seen = append(p.seen, line); strings.Contains(line, text) {
				return line
			}
			if !open {
				p.h.t.Fatalf("%s ended and never said %q:\n%s", p.cmd.Path, text, strings.Join(p.seen, "\n"))
			}
		case <-late:
			p.h.t.Fatalf("%s did not say %q within %s:\n%s", p.cmd.Path, text, patience, strings.Join(p.seen, "\n"))
		}
	}
}
