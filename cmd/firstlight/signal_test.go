package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestASecondSignalEndsAtOnce holds an orderly end up with a request that is
// never finished, and loses patience.
func TestASecondSignalEndsAtOnce(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "state", "firstlight.sock")
	cable(t, "second0", "second1", "10.82.0.1/24")
	path := filepath.Join(dir, "firstlight.yaml")
	text := fmt.Sprintf(configuration, filepath.Dir(socket), "second0", "10.82.0.1", "8440", "10.82.0", "")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "serve", "--config", path)
	cmd.Args[0], cmd.Stderr = "firstlight", os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill() })

	held := dial(t, socket)
	if _, err := io.WriteString(held, "POST /api/v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	// Somebody reads the body: a connection that nobody took yet would end at once.
	reading := make([]byte, len("HTTP/1.1 100"))
	_ = held.SetReadDeadline(time.Now().Add(signalPatience))
	if _, err := io.ReadFull(held, reading); err != nil || string(reading) != "HTTP/1.1 100" {
		t.Fatalf("the appliance says %q: %v", reading, err)
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	gone(t, socket)
	var exit *exec.ExitError
	if err := insist(cmd.Process, ended); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("Wait() = %v, want an end by the second signal", err)
	}
}

// cable lays a pair of interfaces until the test ends.
func cable(t *testing.T, near, far, address string) {
	t.Helper()
	if err := lay(near, far, address); err != nil {
		t.Skipf("SKIPPED: no interface can be made here (%v); nothing was tested", err)
	}
	t.Cleanup(func() { _ = exec.Command("ip", "link", "delete", near).Run() })
}

// insist sends the signal until it works: the first one may still be about to
// give the default back.
func insist(p *os.Process, ended <-chan error) error {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		_ = p.Signal(syscall.SIGTERM)
		select {
		case err := <-ended:
			return err
		case <-again.C:
		}
	}
}

const signalPatience = 20 * time.Second

// dial waits until somebody listens.
func dial(t *testing.T, socket string) net.Conn {
	t.Helper()
	for end := time.Now().Add(signalPatience); time.Now().Before(end); {
		if c, err := net.Dial("unix", socket); err == nil {
			t.Cleanup(func() { _ = c.Close() })
			return c
		}
	}
	t.Fatalf("nobody listens on %s", socket)
	return nil
}

// gone waits until nobody listens any more.
func gone(t *testing.T, socket string) {
	t.Helper()
	for end := time.Now().Add(signalPatience); time.Now().Before(end); {
		c, err := net.Dial("unix", socket)
		if err != nil {
			return
		}
		_ = c.Close()
	}
	t.Fatalf("%s is still listened on", socket)
}
