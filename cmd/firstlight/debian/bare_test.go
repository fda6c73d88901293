package debian_test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"firstlight/server/virtualrack/netns/netnstest"
)

// bare is a Debian system without anything, on a host of its own.
type bare struct {
	*netnstest.Host
	t    *testing.T
	root string
}

// newBare unpacks one. Nothing of it is mounted on this machine: every command
// gets its /proc in a mount namespace that ends with it.
func newBare(t *testing.T, host *netnstest.Host) *bare {
	t.Helper()
	tar := script(t, "./root")
	// Not t.TempDir: a socket's path is short, and other users pass through here.
	root, err := os.MkdirTemp("", "deb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(root); err != nil {
			t.Error(err)
		}
	})
	if out, err := exec.CommandContext(t.Context(), "tar", "-C", root, "--numeric-owner", "-xpf", tar).CombinedOutput(); err != nil {
		t.Fatalf("unpack %s: %v\n%s", tar, err, out)
	}
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	return &bare{Host: host, t: t, root: root}
}

// inside is a command line that runs args in the bare system. It execs all the
// way, so that the process that is started is the one that is signalled.
func (b *bare) inside(args ...string) []string {
	return append([]string{
		"unshare", "--mount", "sh", "-c",
		`mount -t proc proc "$0/proc" && exec chroot "$0" "$@"`, b.root,
	}, args...)
}

// run runs a program in the bare system; it must succeed.
func (b *bare) run(args ...string) string {
	b.t.Helper()
	args = b.inside(args...)
	return b.Run(args[0], args[1:]...)
}

// try is run for a program that may fail.
func (b *bare) try(args ...string) (string, error) {
	args = b.inside(args...)
	return b.Try(args[0], args[1:]...)
}

func (b *bare) path(name string) string { return filepath.Join(b.root, name) }

// notified is systemd's side of sd_notify(3): it waits until the service says
// that it is ready.
func (b *bare) notified(socket *net.UnixConn, service *netnstest.Process) {
	b.t.Helper()
	if err := socket.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		b.t.Fatal(err)
	}
	message := make([]byte, 4096)
	for {
		n, err := socket.Read(message)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			service.Signal(os.Kill)
			lines, _ := service.Rest()
			b.t.Fatalf("the service did not tell that it is ready; it said:\n%s", strings.Join(lines, "\n"))
		}
		if err != nil {
			b.t.Fatal(err)
		}
		if strings.Contains(string(message[:n]), "READY=1") {
			return
		}
	}
}

// script runs one of this folder's scripts and gives the line it prints.
func script(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, complaint.String())
	}
	return strings.TrimSpace(string(out))
}
