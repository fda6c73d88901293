package netns

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"

	vnetns "github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// ownNet is the calling thread's network namespace; a thread's may differ from
// its process's.
const ownNet = "/proc/thread-self/ns/net"

// Namespace is a second network namespace: the box at the far end of a cable.
type Namespace struct{ file *os.File }

// New makes a namespace with its loopback interface up.
func New() (*Namespace, error) {
	n := new(Namespace)
	err := away(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("make a network namespace: %w", err)
		}
		f, err := os.Open(ownNet)
		if err != nil {
			return fmt.Errorf("hold a network namespace: %w", err)
		}
		n.file = f
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := upLoopback(n); err != nil {
		_ = n.Close()
		return nil, err
	}
	return n, nil
}

// Do calls f on a thread that is in the namespace. What f creates there, a
// socket or a process, stays there; f must not start goroutines that count on it.
func (n *Namespace) Do(f func() error) error {
	return away(func() error {
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter a network namespace: %w", err)
		}
		return f()
	})
}

// Start starts cmd in the namespace.
func (n *Namespace) Start(cmd *exec.Cmd) error { return n.Do(cmd.Start) }

// Close lets go of the namespace, which ends with its last process and socket.
func (n *Namespace) Close() error { return n.file.Close() }

func (n *Namespace) nsHandle() vnetns.NsHandle { return vnetns.NsHandle(int(n.file.Fd())) }

// away runs f on a thread that may change its namespace, and brings the thread
// home afterwards. One that cannot go home is not unlocked, so that the runtime
// ends it with the goroutine instead of running others on it.
func away(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		home, err := os.Open(ownNet)
		if err != nil {
			runtime.UnlockOSThread()
			done <- fmt.Errorf("hold the own network namespace: %w", err)
			return
		}
		defer home.Close()
		err = f()
		if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}
