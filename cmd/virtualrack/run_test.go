package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asCommand makes this test binary the command itself.
const asCommand = "FIRSTLIGHT_VIRTUALRACK_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(start(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// buildAppliance builds the real one once for all tests.
func buildAppliance(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "firstlight")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "firstlight/cmd/firstlight").CombinedOutput(); err != nil {
		t.Fatalf("build the appliance: %v\n%s", err, out)
	}
	return program
}

// running is a virtualrack that was started by a test.
type running struct {
	cmd   *exec.Cmd
	lines chan string
	dir   string
}

func command(t *testing.T, appliance, dir string, more ...string) *exec.Cmd {
	t.Helper()
	args := append([]string{"run", "--dir", dir, "--appliance", appliance, "--images", "", "--machines", "0", "--light", "3"}, more...)
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	return cmd
}

func run(t *testing.T, appliance, dir string) *running {
	t.Helper()
	r := &running{cmd: command(t, appliance, dir), lines: make(chan string, 100), dir: dir}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.cmd.Stderr = r.cmd.Stdout
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(r.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			r.lines <- s.Text()
		}
	}()
	return r
}

// line waits for a line of its output and gives what the pattern's group took.
func (r *running) line(t *testing.T, pattern string) string {
	t.Helper()
	bound := time.After(time.Minute)
	var seen []string
	for p := regexp.MustCompile(pattern); ; {
		select {
		case l, ok := <-r.lines:
			if m := p.FindStringSubmatch(l); m != nil {
				return m[len(m)-1]
			}
			if seen = append(seen, l); !ok {
				t.Fatalf("it ended without a line like %q and said:\n%s", pattern, strings.Join(seen, "\n"))
			}
		case <-bound:
			t.Fatalf("no line like %q after a minute:\n%s", pattern, strings.Join(seen, "\n"))
		}
	}
}

// end sends a signal, and gives the exit code once it and all below it are gone.
func (r *running) end(t *testing.T, s syscall.Signal) int {
	t.Helper()
	below := descendants(r.cmd.Process.Pid)
	if len(below) < 2 {
		t.Fatalf("below it run %v, want the rack and its appliance", below)
	}
	if err := r.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	for range r.lines { // until its output ends
	}
	_ = r.cmd.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for _, pid := range below {
		for syscall.Kill(pid, 0) == nil {
			select {
			case <-tick.C:
			case <-ctx.Done():
				t.Fatalf("process %d outlives it", pid)
			}
		}
	}
	return r.cmd.ProcessState.ExitCode()
}

// descendants lists the processes below pid, by the kernel's own word.
func descendants(pid int) (all []int) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		b, _ := os.ReadFile(list)
		for word := range bytes.FieldsSeq(b) {
			child, _ := strconv.Atoi(string(word))
			all = append(append(all, child), descendants(child)...)
		}
	}
	return all
}

func TestCtrlCStopsEverythingAndLeavesTheLogs(t *testing.T) {
	appliance, dir := buildAppliance(t), filepath.Join(shortDir(t), ".run")
	r := run(t, appliance, dir)
	page := r.line(t, `answers at (https://127\.0\.0\.1:\d+/)`)
	r.line(t, "3 machines powered on by their BMCs")
	reachable(t, page)
	if out, err := command(t, appliance, dir).CombinedOutput(); err == nil || !strings.Contains(string(out), "a rack runs already") {
		t.Errorf("a second rack in the same folder: %v, said %q; want it refused", err, out)
	}
	if code := r.end(t, syscall.SIGINT); code != 0 {
		t.Errorf("it ended with code %d after Ctrl-C, want 0", code)
	}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && !strings.HasSuffix(path, ".log") {
			t.Errorf("%s is left behind", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestARackThatWasKilledIsNotInTheWayOfTheNext(t *testing.T) {
	appliance, dir := buildAppliance(t), filepath.Join(shortDir(t), ".run")
	r := run(t, appliance, dir)
	r.line(t, "3 machines powered on by their BMCs")
	r.end(t, syscall.SIGKILL)
	if _, err := os.Stat(filepath.Join(dir, "client.json")); err != nil {
		t.Fatalf("the killed rack left no client.json (%v): this test proves nothing", err)
	}
	r = run(t, appliance, dir)
	reachable(t, r.line(t, `answers at (https://127\.0\.0\.1:\d+/)`))
	r.line(t, "3 machines powered on by their BMCs")
	if code := r.end(t, syscall.SIGTERM); code != 0 {
		t.Errorf("it ended with code %d after SIGTERM, want 0", code)
	}
}

func TestUsageIsExplained(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	text, ng, zip := file("text", "no capture"), file("ng", "\n\r\r\n, and more"), file("zip", "PK\x03\x04")
	short := file("short", "\xd4\xc3\xb2\xa1"+strings.Repeat("\x00", 25))
	for _, test := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"unknown firmware", []string{"run", "--firmware", "coreboot"}, 2, `firmware "coreboot": want bios, uefi, http (UEFI HTTP boot), arm64`},
		{"no machines", []string{"run", "--machines", "0", "--light", "0"}, 2, "want at least one machine"},
		{"a storm of nobody", []string{"storm", "--machines", "0"}, 2, "--machines 0: want 1 to"},
		{"a storm through a link that nobody named", []string{"storm", "--against", "192.0.2.1", "--behind", "10.99.0.0/16"}, 2, "--against 192.0.2.1: "},
		{"a storm on machines that are nowhere", []string{"storm", "--against", "127.0.0.1"}, 2, "--behind: want a network"},
		{"a storm that takes addresses away", []string{"storm", "--against", "10.0.0.1", "--behind", "127.0.0.0/8"}, 2, "--behind 127.0.0.0/8: this host has the address 127.0.0.1/8"},
		{"a link without an appliance", []string{"storm", "--interface", "eth1"}, 2, "they belong to --against"},
		{"a capture that is none", []string{"replay", text}, 1, "read " + text + ": it begins with \"no c\": this is no pcap file: want the bundle of a machine (firstlight boot bundle"},
		{"an empty capture", []string{"replay", os.DevNull}, 1, "read " + os.DevNull + ": it is empty: this is no pcap file: want the bundle of a machine"},
		{"a capture of Wireshark's", []string{"replay", ng}, 1, "read " + ng + ": the capture is pcapng, as Wireshark saves it: convert it with editcap -F pcap"},
		{"a capture that is cut off", []string{"replay", short}, 1, "read " + short + ": it is cut off after 0 whole packets"},
		{"a bundle that is cut off", []string{"replay", zip}, 1, "read " + zip + ": its 4 bytes begin as a zip does and do not end as one: it is cut short"},
		{"no capture", []string{"replay", "/nowhere"}, 1, "open /nowhere: no such file or directory: want the bundle of a machine"},
		{"a fault that there is not", []string{"run", "--fault", "gremlins"}, 2, "want one of dead, disk-first"},
		{"more faults than machines", []string{"run", "--light", "1", "--fault", "dead,stops"}, 2, "2 faults for 1 light machines"},
		{"an unknown flag", []string{"run", "--machine", "3"}, 2, "virtualrack --help shows what there is"},
		{"no such appliance", []string{"run", "--appliance", "/nowhere", "--dir", filepath.Join(t.TempDir(), "r")}, 1, "make build"},
		{"an address of somebody else", []string{"run", "--listen", "192.0.2.1:1", "--dir", filepath.Join(t.TempDir(), "r")}, 1, "--listen 192.0.2.1:1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "/proc/self/exe", test.args...)
			cmd.Env = append(os.Environ(), asCommand+"=1")
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != test.code || !strings.Contains(string(out), test.want) {
				t.Errorf("virtualrack %v ended with code %d and said %q; want code %d and %q", test.args, code, out, test.code, test.want)
			}
		})
	}
}

// reachable looks at the pages from this host, which is not the rack's network.
func reachable(t *testing.T, page string) {
	t.Helper()
	web := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // the CA is a minute old
	resp, err := web.Get(page + "login")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("Firstlight")) {
		t.Errorf("GET %s = %s, %v; want a page", page, resp.Status, err)
	}
}

// shortDir is a folder in which a socket's path is short enough.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "vr")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
