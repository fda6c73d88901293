// Package pid1 makes the agent the first process of a machine: it mounts what
// the kernel offers, finds devices, gets an address, and runs package agent on
// the real machine.
//
// PID 1 itself only starts the agent as a child, collects dead children and
// starts it again when it ends: a panic, a fatal error of the runtime or the
// kernel's hunt for memory may end the agent, but never PID 1, whose end would
// be the kernel's. The command firstlight-agent alone imports this package.
package pid1

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Pauses between two lives of the agent.
const (
	firstPause = time.Second
	longPause  = 30 * time.Second
)

// Supervise is the life of PID 1. It does not return.
func Supervise(args []string) {
	out := os.Stdout // /dev/console, opened by the kernel
	if err := mount(); err != nil {
		fmt.Fprintln(out, "firstlight-agent:", err)
	}
	pause := firstPause
	for {
		began := sinceStart()
		err := live(args)
		fmt.Fprintf(out, "\r\nfirstlight-agent: the agent ended: %v; starts again in %v\r\n", err, pause)
		time.Sleep(pause)
		if sinceStart()-began > 10*time.Minute { // it had been well for long
			pause = firstPause
		}
		pause = min(2*pause, longPause)
	}
}

// live starts the agent and returns how it ended, collecting on the way every
// process that the kernel hands to PID 1.
func live(args []string) error {
	child, err := syscall.ForkExec("/proc/self/exe", args, &syscall.ProcAttr{
		Dir: "/", Env: os.Environ(), Files: []uintptr{0, 1, 2},
	})
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	for {
		var status unix.WaitStatus
		switch pid, err := unix.Wait4(-1, &status, 0, nil); {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return fmt.Errorf("wait: %w", err)
		case pid == child && status.Signaled():
			return fmt.Errorf("killed by %v", status.Signal())
		case pid == child:
			return fmt.Errorf("exit code %d", status.ExitStatus())
		}
	}
}

// sinceStart is the time since the kernel's start, as its own messages tell it.
func sinceStart() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
