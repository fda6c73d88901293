// Package pid1 makes the agent the first process of a machine: it mounts what
// the kernel offers, finds devices, gets an address, and runs package agent on
// the real machine.
//
// PID 1 itself only starts the agent as a child, collects dead children and
// starts it again when it ends: a panic, a fatal error of the runtime or the
// kernel's hunt for memory may end the agent, but never PID 1, whose end would
// be the kernel's. What the agent says at its end is kept for the appliance
// (package crash), and a watchdog starts the machine anew where the agent hangs
// and PID 1 cannot help (package watchdog). The command firstlight-agent imports
// this package, and the virtual rack.
package pid1

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"firstlight/agent/crash"
	"firstlight/agent/identity"
	"firstlight/agent/report"

	"golang.org/x/sys/unix"
)

// Pauses between two lives of the agent.
const (
	firstPause = time.Second
	longPause  = 30 * time.Second
)

// crashes are those of this boot that the appliance was not told of yet.
const crashes = crash.Dir("/run/firstlight/crashes")

// Supervise is the life of PID 1. It does not return.
func Supervise(version string, args []string) {
	out := os.Stdout // /dev/console, opened by the kernel
	if err := mount(); err != nil {
		fmt.Fprintln(out, "firstlight-agent:", err)
	}
	pause, seed := firstPause, identity.NewSeed()
	for life := 1; ; life++ {
		began := sinceStart()
		end := live(args, seed, out)
		now := sinceStart()
		end.Boot, end.Agent, end.Life = bootID(), version, life
		end.Uptime, end.Lived = now.Seconds(), (now - began).Seconds()
		if err := crashes.Keep(end); err != nil {
			fmt.Fprintf(out, "\r\nfirstlight-agent: %v\r\n", err)
		}
		fmt.Fprintf(out, "\r\nfirstlight-agent: the agent ended: %v; starts again in %v\r\n", end.End, pause)
		time.Sleep(pause)
		if now-began > 10*time.Minute { // it had been well for long
			pause = firstPause
		}
		pause = min(2*pause, longPause)
	}
}

func bootID() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}

// live starts the agent, shows what it writes to stderr on the console and keeps
// the last of it, and returns how it ended.
func live(args []string, seed identity.Seed, console io.Writer) (end report.Crash) {
	var words crash.Ring
	stderr, drained := listen(&words, console)
	child, err := start(args, seed, stderr)
	if stderr != syscall.Stderr {
		_ = syscall.Close(stderr) // the child has its own
	}
	if err == nil {
		end.End = wait(child)
	} else {
		end.End = fmt.Sprintf("start: %v", err)
	}
	drained()
	words.Tell(&end)
	return end
}

// start starts a child that gets the key of this boot.
func start(args []string, seed identity.Seed, stderr int) (child int, err error) {
	key, err := handKey(seed)
	if err != nil {
		return 0, err
	}
	defer func() { _ = syscall.Close(key) }()
	return syscall.ForkExec("/proc/self/exe", args, &syscall.ProcAttr{
		Dir: "/", Env: append(os.Environ(), keyFDEnv+"="+strconv.Itoa(keyFD)), Files: []uintptr{0, 1, uintptr(stderr), uintptr(key)},
	})
}

// wait returns how the child ended, collecting on the way every process that the
// kernel hands to PID 1.
func wait(child int) string {
	for {
		var status unix.WaitStatus
		switch pid, err := unix.Wait4(-1, &status, 0, nil); {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return fmt.Sprintf("wait: %v", err)
		case pid == child && status.Signaled():
			return "killed by " + unix.SignalName(status.Signal())
		case pid == child:
			return fmt.Sprintf("exit code %d", status.ExitStatus())
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
