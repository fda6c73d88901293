package boottest

import (
	"context"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"firstlight/ipxe"
)

// patience is how long a machine may take: four times what it takes emulated on
// two busy cores.
const patience = 2 * time.Minute

// packing is how long a program may take: what packs a boot image takes minutes
// where it finds nothing of an older one.
const packing = 10 * time.Minute

// needs skips where a boot test cannot run, and fails at once where a machine
// could only wait for what was never built.
func needs(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("boots a machine on emulated firmware, which takes up to a minute; -short was given")
	}
	for _, tool := range []string{"qemu-system-x86_64", "sfdisk", "mkfs.vfat", "mmd", "mcopy"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED, %v: run make deps", err)
		}
	}
	if _, err := os.Stat(ovmf + "OVMF_CODE_4M.fd"); err != nil {
		t.Skipf("SKIPPED, %v: run make deps", err)
	}
	for _, loader := range []string{ipxe.UndionlyKPXE, ipxe.SNPOnlyEFI, ipxe.AMD64EFI} {
		if _, err := fs.Stat(ipxe.Loaders(), loader); err != nil {
			t.Fatalf("the loader %s is not in this binary: run ipxe/fetch", loader)
		}
	}
}

// bounded ends a little before go test ends the whole program, so that the test
// can still say what it waited for, and no child outlives it.
func bounded(t *testing.T) context.Context {
	t.Helper()
	deadline, ok := t.Deadline()
	if !ok {
		return t.Context()
	}
	ctx, cancel := context.WithDeadline(t.Context(), deadline.Add(-10*time.Second))
	t.Cleanup(cancel)
	return ctx
}

// child is a command that ends with its whole process group when ctx ends, and
// with this program when that is killed.
func child(ctx context.Context, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = 5 * time.Second // a grandchild that left the group may hold the pipes
	return c
}

// run runs a command to its end.
func run(t *testing.T, name string, args ...string) {
	t.Helper()
	runWith(t, nil, name, args...)
}

func runWith(t *testing.T, in io.Reader, name string, args ...string) {
	t.Helper()
	// The kernel counts Pdeathsig from the end of the thread, not of the program
	// (golang/go#27505).
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ctx, cancel := context.WithTimeout(bounded(t), packing)
	defer cancel()
	c := child(ctx, name, args...)
	c.Stdin = in
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v (time was up: %v)\n%s", c, err, ctx.Err() != nil, out)
	}
}
