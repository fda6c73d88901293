package virtualrack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"firstlight/server/virtualrack/netns"
)

// Appliance is the real binary in its namespace, on the rack's boot network.
type Appliance struct {
	rack *Rack
	box  *netns.Namespace

	mu  sync.Mutex
	cmd *exec.Cmd     // nil when it does not run
	end chan struct{} // closed when cmd has ended
	err error         // how it ended
}

// Bounds of starting and stopping.
const (
	boundReady = 60 * time.Second
	boundStop  = 10 * time.Second
)

// Start starts the appliance, on the state folder as it is, and returns when it
// says that it is ready.
func (a *Appliance) Start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, boundReady)
	defer cancel()
	ready, err := listenReady(a.rack.path("notify.sock"))
	if err != nil {
		return err
	}
	defer ready.close()
	if err := a.run(ready.path); err != nil {
		return err
	}
	select {
	case <-ready.said:
		return nil
	case <-a.Ended():
		return fmt.Errorf("the appliance ended at its start (%w) and said: %s", a.Err(), a.lastWords())
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("the appliance is not ready: %w; its last words: %s", context.Cause(ctx), a.lastWords()), a.Kill())
	}
}

func (a *Appliance) run(notify string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cmd != nil {
		return errors.New("start the appliance: it runs already")
	}
	record, err := os.OpenFile(a.rack.path("firstlight.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("start the appliance: %w", err)
	}
	defer record.Close() // the child has its own
	// Sockets are handed over as systemd does it (sd_listen_fds(3)), which wants
	// the receiver's own process id beside them; only a shell knows it in time.
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`, a.rack.spec.Program, "serve", "--config", a.rack.path("firstlight.yaml"))
	cmd.Env = append(os.Environ(), "LISTEN_FDS=1", "LISTEN_FDNAMES=people", "NOTIFY_SOCKET="+notify)
	cmd.Dir = a.rack.spec.Dir
	cmd.Stdout, cmd.Stderr = a.rack.spec.Out, record
	cmd.ExtraFiles = []*os.File{a.rack.people}
	// A terminal's Ctrl-C is for the rack, which stops the appliance after its machines.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := a.box.Start(cmd); err != nil {
		return fmt.Errorf("start the appliance: %w", err)
	}
	a.cmd, a.end = cmd, make(chan struct{})
	go a.reap(cmd, a.end)
	return nil
}

func (a *Appliance) reap(cmd *exec.Cmd, end chan struct{}) {
	err := cmd.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cmd, a.err = nil, err
	close(end)
}

// Ended is closed when the appliance does not run any more.
func (a *Appliance) Ended() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.end == nil {
		never := make(chan struct{})
		close(never)
		return never
	}
	return a.end
}

// Err is how it ended last; nil for an orderly end.
func (a *Appliance) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}

// PID is its process id, 0 when it does not run.
func (a *Appliance) PID() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cmd == nil {
		return 0
	}
	return a.cmd.Process.Pid
}

// Kill ends it with SIGKILL and returns when it is gone: a power cut.
func (a *Appliance) Kill() error { return a.signal(syscall.SIGKILL, boundStop) }

// Stop ends it in order and, where that takes too long, by force.
func (a *Appliance) Stop() error {
	if err := a.signal(syscall.SIGTERM, boundStop); err != nil {
		return errors.Join(err, a.Kill())
	}
	return nil
}

// Restart kills it and starts it again on the same state.
func (a *Appliance) Restart(ctx context.Context) error {
	if err := a.Kill(); err != nil {
		return err
	}
	return a.Start(ctx)
}

func (a *Appliance) signal(s syscall.Signal, bound time.Duration) error {
	a.mu.Lock()
	cmd, end := a.cmd, a.end
	a.mu.Unlock()
	if cmd == nil {
		return nil
	}
	_ = cmd.Process.Signal(s) // it may just have ended
	select {
	case <-end:
		return nil
	case <-time.After(bound):
		return fmt.Errorf("stop the appliance: still there %s after %s", bound, s)
	}
}

// Do calls f in the appliance's network namespace, for clients that must stand
// on the boot network.
func (a *Appliance) Do(f func() error) error { return a.box.Do(f) }

// lastWords are the end of its log.
func (a *Appliance) lastWords() string {
	b, err := os.ReadFile(a.rack.path("firstlight.log"))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}

// readiness is a socket on which a service says that it is ready (sd_notify(3)).
type readiness struct {
	path string
	conn *net.UnixConn
	said chan struct{}
}

func listenReady(path string) (*readiness, error) {
	_ = os.Remove(path) // of a start that was cut short
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return nil, fmt.Errorf("wait for the appliance: %w (the run folder's path may be too long for a socket)", err)
	}
	r := &readiness{path: path, conn: conn, said: make(chan struct{})}
	go r.read()
	return r, nil
}

func (r *readiness) read() {
	for b := make([]byte, 4096); ; {
		n, err := r.conn.Read(b)
		if err != nil {
			return
		}
		if bytes.Contains(b[:n], []byte("READY=1")) {
			close(r.said)
			return
		}
	}
}

func (r *readiness) close() {
	_ = r.conn.Close()
	_ = os.Remove(r.path)
}
