package netns

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// marker tells the second run of the program that it is the second.
const marker = "FIRSTLIGHT_RACK_NAMESPACES"

// Patience is how long an orderly stop may take before Reexec uses force.
const Patience = 10 * time.Second

// Inside tells whether this process is the first of namespaces that Reexec made.
func Inside() bool { return os.Getenv(marker) != "" && os.Getpid() == 1 }

// Reexec runs this program again, with the same arguments and standard streams,
// inside new namespaces, and returns the code that it ended with. The files
// become its descriptors from 3 on. When ctx ends it is asked to stop with
// SIGTERM, and ended by force after Patience.
func Reexec(ctx context.Context, files ...*os.File) (int, error) {
	type result struct {
		code int
		err  error
	}
	done := make(chan result, 1)
	go func() {
		// Pdeathsig counts from the end of the thread that started the child, not
		// of the process (golang/go#27505), so this thread is kept until the child
		// is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		code, err := run(ctx, files)
		done <- result{code, err}
	}()
	r := <-done
	return r.code, r.err
}

func run(ctx context.Context, files []*os.File) (int, error) {
	cmd := command(ctx, files, os.Geteuid() != 0)
	err := cmd.Start()
	// Root in a container may lack the right to namespaces that an ordinary user
	// has through a user namespace.
	if errors.Is(err, syscall.EPERM) && os.Geteuid() == 0 {
		cmd = command(ctx, files, true)
		err = cmd.Start()
	}
	if err != nil {
		return 0, refused(err)
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if err == nil || errors.As(err, &exit) || errors.Is(err, exec.ErrWaitDelay) || ctx.Err() != nil {
		return exitCode(cmd.ProcessState), nil
	}
	return 0, fmt.Errorf("run in namespaces: %w", err)
}

// exitCode follows the shell's habit for a process that a signal ended.
func exitCode(s *os.ProcessState) int {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal())
	}
	return s.ExitCode()
}

func command(ctx context.Context, files []*os.File, user bool) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), marker+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.ExtraFiles = files
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = Patience
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS,
		Pdeathsig:  syscall.SIGKILL,
		// A Ctrl-C at the terminal goes to its whole foreground group; the child
		// shall hear of it once, from us, and stop its own children in order.
		Setpgid: true,
	}
	if user {
		attr := cmd.SysProcAttr
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	return cmd
}

// refused says what to do where the kernel hands out no namespaces: EPERM and
// EACCES by a switch or a security module, ENOSPC and EUSERS by a limit of zero.
func refused(err error) error {
	for _, denial := range []error{syscall.EPERM, syscall.EACCES, syscall.ENOSPC, syscall.EUSERS} {
		if errors.Is(err, denial) {
			return fmt.Errorf("make the rack's namespaces: this system gives ordinary users none: run it as root, or allow them with "+
				"sysctl user.max_user_namespaces=10000 kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0 "+
				"(those of the three that exist): %w", err)
		}
	}
	return fmt.Errorf("make the rack's namespaces: %w", err)
}
