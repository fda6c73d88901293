package qemu

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is one QEMU, from one boot to its end.
type process struct {
	cmd    *exec.Cmd
	qmp    *qmp
	said   *tail // its stderr
	copied sync.WaitGroup
	ended  chan struct{} // closed when the process is gone and the console is read
}

// boundQuit is how long QEMU may take to close its files when asked; it is ended
// by force after that.
const boundQuit = 3 * time.Second

// start runs QEMU and returns once it answers on its monitor.
func start(ctx context.Context, program string, args []string, console io.Writer) (*process, error) {
	near, far, err := serialLine()
	if err != nil {
		return nil, err
	}
	defer far.Close()
	p := &process{cmd: exec.Command(program, args...), said: new(tail), ended: make(chan struct{})}
	p.cmd.Stderr = p.said
	p.cmd.ExtraFiles = []*os.File{far}
	// A terminal's Ctrl-C is for the rack, which powers its machines off itself.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	to, from, err := pipes(p.cmd)
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		_ = near.Close()
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	p.qmp = newQMP(to)
	p.copied.Go(func() { p.qmp.read(from) })
	p.copied.Go(func() { _, _ = io.Copy(console, near); _ = near.Close() })
	go p.reap()
	if err := p.qmp.ready(ctx, p.ended); err != nil {
		p.kill()
		return nil, fmt.Errorf("start %s: %w: it said %q", program, err, p.said)
	}
	return p, nil
}

func pipes(cmd *exec.Cmd) (io.WriteCloser, io.ReadCloser, error) {
	to, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	from, err := cmd.StdoutPipe()
	return to, from, err
}

// reap waits for the readers first: Wait closes the pipe that one of them reads.
func (p *process) reap() {
	p.copied.Wait()
	_ = p.cmd.Wait()
	close(p.ended)
}

// quit ends QEMU, politely if it listens.
func (p *process) quit() {
	p.qmp.send("quit")
	select {
	case <-p.ended:
	case <-time.After(boundQuit):
		p.kill()
	}
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// serialLine is a pair of connected sockets: a console needs no path, whose
// length would be limited, and no polling.
func serialLine() (near, far *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("make a serial line: %w", err)
	}
	if err := unix.SetNonblock(fds[0], true); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("make a serial line: %w", err), unix.Close(fds[0]), unix.Close(fds[1]))
	}
	return os.NewFile(uintptr(fds[0]), "console"), os.NewFile(uintptr(fds[1]), "serial"), nil
}

// tail keeps the last of what is written to it.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, b...)
	t.b = t.b[max(0, len(t.b)-2000):]
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.b))
}
