package netnstest

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
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
	return h.start(exec.Command(tool, args...)) //nolint:gosec // tests name their tools
}

// apart readies a mount namespace for a tool that takes the whole machine for
// its own. /sys is read-only, so that no udev is waited for.
const apart = `mount --make-rprivate / && mount -t proc proc /proc && mount -t sysfs -o ro sysfs /sys && mount -t tmpfs tmpfs /run && `

// StartApart is Start for a tool that forks and keeps its files at places of
// its own choice: it has a fresh /run, which the shell command prepare may fill,
// and is the first of its process namespace, so that none of it stays behind.
func (h *Host) StartApart(prepare, tool string, args ...string) *Process {
	h.t.Helper()
	//nolint:gosec // tests name their tools
	cmd := exec.Command("sh", append([]string{"-c", apart + prepare + ` && exec "$0" "$@"`, tool}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID}
	return h.start(cmd)
}

func (h *Host) start(cmd *exec.Cmd) *Process {
	h.t.Helper()
	out, in, err := os.Pipe()
	h.must(err)
	p := &Process{h: h, cmd: cmd, lines: make(chan string, 1024)}
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
