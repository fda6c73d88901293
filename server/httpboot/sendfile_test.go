package httpboot

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// withHeaders is what package http sends of a file together with the headers.
const withHeaders = 512

// An image on disk goes from the page cache to the wire: the kernel sends all of
// it but the beginning, and none comes through this process (sendfile(2)).
func TestTheKernelSendsImages(t *testing.T) {
	s, _ := door(t)
	base, _ := serving(t, s)
	calls := traced(t, "sendfile,splice", func() {
		got, err := http.Get(base + "/boot/images/debian-12") //nolint:noctx // bounded by the server
		if err != nil {
			t.Fatal(err)
		}
		if n := len(bodyOf(t, got)); n != imageBytes {
			t.Fatalf("the body has %d bytes, want %d", n, imageBytes)
		}
	})
	sent := 0
	for _, m := range regexp.MustCompile(`sendfile.*= (\d+)`).FindAllStringSubmatch(calls, -1) {
		n, _ := strconv.Atoi(m[1])
		sent += n
	}
	if want := imageBytes - withHeaders; sent < want {
		t.Errorf("the kernel sent %d bytes by itself, want %d; strace saw:\n%s", sent, want, calls)
	}
}

// traced watches the system calls of this process while f runs.
func traced(t *testing.T, calls string, f func()) string {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("strace is not installed: make deps")
	}
	log := filepath.Join(t.TempDir(), "calls")
	cmd := exec.CommandContext(t.Context(), "strace", "-f", "-e", "trace="+calls, "-o", log, "-p", fmt.Sprint(os.Getpid()))
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(said)
	for lines.Scan() && !strings.Contains(lines.Text(), "attached") { //nolint:revive // until it has us
	}
	attached := lines.Text()
	f()
	_ = cmd.Process.Signal(syscall.SIGINT) // it lets go, and ends
	for lines.Scan() {                     //nolint:revive // what it says must go somewhere
	}
	_ = cmd.Wait()
	text, err := os.ReadFile(log)
	if err != nil || !strings.Contains(attached, "attached") {
		t.Fatalf("strace did not attach: %v: %s", err, attached)
	}
	return string(text)
}
